"""Functions that copy bytes from and to buffers, word by word: `struct`, `bytes()`, `tobytes()`, `int.from_bytes()`.

Every other function written in C that is given a buffer takes it as a whole, in one step.
"""

import array
import functools
import operator
import struct
from collections.abc import Callable, Iterator
from typing import Any

from concur.check import buffers
from concur.check import engine as runs
from concur.check.buffer_items import load_bytes
from concur.check.buffers import Plan, Site, begin, by_words, layout_of, steps_of, touch_size
from concur.check.calls import SPECIAL_FUNCTIONS, SPECIAL_METHODS
from concur.check.contents import containers_in
from concur.check.engine import Engine
from concur.check.ops import READ, WRITE
from concur.check.touch import touch_all


def _watched(thing: Any) -> Engine | None:
    """The run to announce to, if the thing is a buffer and threads live."""
    run = runs.active
    return run if run is not None and not run.alone and by_words(thing) else None


def _copied(site: Site, thing: Any) -> Any:
    """The bytes of a buffer, loaded word by word; what is no buffer, or has no such bytes, is itself."""
    run = _watched(thing)
    if run is None:
        if runs.active is not None and not runs.active.alone:
            touch_all(runs.active, containers_in((thing,)), site)
        return thing
    content = load_bytes(run, thing, site)
    return thing if content is None else content


# struct


def _pack_into(site: Site, form: Any, /, *args: Any) -> None:
    run = _watched(args[0]) if len(args) > 1 else None
    if run is None:
        _announce_others(site, args)
        form.pack_into(*args)
        return
    thing, offset, values = args[0], args[1], args[2:]

    def make() -> Plan:
        layout = layout_of(thing)
        if layout is None or not layout.contiguous or not hasattr(type(offset), "__index__"):
            return Plan(WRITE, None)
        if type(thing) is memoryview and thing.readonly:
            return Plan(READ, ())  # Python refuses it
        length = layout.count * layout.itemsize
        image = bytearray(length)
        try:
            form.pack_into(image, offset, *values)
        except Exception:
            return Plan(READ, ())  # Python refuses it
        start = operator.index(offset) + (length if operator.index(offset) < 0 else 0)
        low = layout.start + start
        return Plan(WRITE, steps_of([(low, low + form.size, start)] if form.size else []), image)

    plan = begin(run, thing, site, make)
    if plan.steps:
        buffers.put(run, thing, plan.steps, plan.image, site)
    else:
        form.pack_into(*args)


def _unpack_from(site: Site, form: Any, /, buffer: Any, offset: int = 0) -> Any:
    run = _watched(buffer)
    layout = layout_of(buffer) if run is not None else None
    if run is None or layout is None or not layout.contiguous:
        _announce_others(site, (buffer,))
        return form.unpack_from(buffer, offset)
    length = layout.count * layout.itemsize
    start = operator.index(offset) + (length if operator.index(offset) < 0 else 0)
    if start < 0 or start + form.size > length:
        touch_size(run, buffer, site)
        return form.unpack_from(buffer, offset)
    content = load_bytes(run, buffer, site, start, form.size)
    if content is None or len(content) < form.size:  # it is smaller by now
        return form.unpack_from(buffer, offset)
    return form.unpack(content)


def _unpack(site: Site, form: Any, /, buffer: Any) -> Any:
    return form.unpack(_copied(site, buffer))


def _iter_unpack(site: Site, form: Any, /, buffer: Any) -> Any:
    run = _watched(buffer)
    if run is None:
        return form.iter_unpack(buffer)
    form.iter_unpack(buffer)  # what Python has against it
    size = memoryview(buffer).nbytes

    def records() -> Iterator[Any]:
        for offset in range(0, size, form.size):
            yield _unpack_from(site, form, buffer, offset)

    return records()


def _announce_others(site: Site, args: tuple[Any, ...]) -> None:
    """One step for what is given in place of a buffer."""
    run = runs.active
    if run is not None and not run.alone:
        for thing in containers_in(args):
            places = buffers.whole(thing, WRITE)
            run.step((WRITE, places[0][0], buffers.exporter(thing), site, None))


def _with_format(function: Any, method: Callable[..., Any]) -> Callable[..., Any]:
    """`struct.pack_into(format, ...)` is `Struct(format).pack_into(...)`."""

    def call(site: Site, /, *args: Any, **kwargs: Any) -> Any:
        if len(args) < 2:
            return function(*args, **kwargs)
        return method(site, struct.Struct(args[0]), *args[1:], **kwargs)

    return call


_STRUCT = {
    "pack_into": _pack_into,
    "unpack_from": _unpack_from,
    "unpack": _unpack,
    "iter_unpack": _iter_unpack,
}
for _name, _method in _STRUCT.items():
    SPECIAL_METHODS[struct.Struct, _name] = _method
    SPECIAL_FUNCTIONS[getattr(struct, _name)] = _with_format(getattr(struct, _name), _method)


# Copies


def _make(cls: Any, site: Site, /, *args: Any, **kwargs: Any) -> Any:
    return cls(*(_copied(site, argument) for argument in args), **kwargs)


def _from_bytes(site: Site, /, *args: Any, **kwargs: Any) -> int:
    if args:
        args = (_copied(site, args[0]), *args[1:])
    return int.from_bytes(*args, **kwargs)


def _tobytes(site: Site, thing: Any, /, *args: Any, **kwargs: Any) -> Any:
    run = _watched(thing)
    if run is not None and not args and not kwargs:
        content = load_bytes(run, thing, site)
        if content is not None:
            return content
    elif run is not None:
        touch_all(run, [thing], site)
    return thing.tobytes(*args, **kwargs)


def _looks(name: str) -> Callable[..., Any]:
    """A method of a view that reads no content, only that the view is still valid."""

    def call(site: Site, thing: Any, /, *args: Any, **kwargs: Any) -> Any:
        run = _watched(thing)
        if run is not None:
            touch_size(run, thing, site)
        return getattr(thing, name)(*args, **kwargs)

    return call


def _size(function: Any, site: Site, /, *args: Any, **kwargs: Any) -> Any:
    """`len(thing)` and `memoryview(thing)`: no content is read."""
    if len(args) == 1 and not kwargs:
        run = runs.active
        if run is not None and not run.alone:
            if buffers.is_buffer(args[0]):
                touch_size(run, args[0], site)
            else:
                touch_all(run, containers_in(args), site)
    return function(*args, **kwargs)


SPECIAL_FUNCTIONS.update(
    {
        bytes: functools.partial(_make, bytes),
        bytearray: functools.partial(_make, bytearray),
        memoryview: functools.partial(_size, memoryview),
        int.from_bytes: _from_bytes,
    }
)
SPECIAL_METHODS.update(
    {
        (memoryview, "tobytes"): _tobytes,
        (array.array, "tobytes"): _tobytes,
        (memoryview, "cast"): _looks("cast"),
        (memoryview, "toreadonly"): _looks("toreadonly"),
    }
)
