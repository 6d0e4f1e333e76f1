"""Items and slices of buffers: load and store them word by word.

What is stored is stored in a blank buffer of the same shape first: what Python has against it, it says
there, before anything is announced or changed, and in its own words.
"""

import array
from typing import Any

from concur.check import buffers
from concur.check.buffers import Layout, Piece, Plan, Site, begin, blank, layout_of, note, steps_of
from concur.check.engine import Engine
from concur.check.ops import READ, WRITE

_BYTES = (bytes, bytearray, memoryview, array.array)


def load(run: Engine, thing: Any, key: Any, site: Site) -> Any:
    """``thing[key]`` of a buffer."""
    looks = type(thing) is memoryview and type(key) is slice  # a view of a view: no content is read

    def make() -> Plan:
        layout = layout_of(thing)
        if looks:
            return Plan(READ, ())
        if layout is None or not _is_plain(key):
            return Plan(READ, None)
        return Plan(READ, steps_of(intervals(layout, key)))

    plan = begin(run, thing, site, make)
    if plan.steps is None or len(plan.steps) < 2:
        value = thing[key]
        if run.recording and plan.steps:
            pieces = plan.steps[0][1]
            note(run, "read", thing, pieces[0][0], pieces[-1][1], value)
        return value
    filled = blank(thing, len(thing))
    image = buffers.fetch(run, thing, plan.steps, len(filled) * _itemsize(filled), site)
    _fill(filled, image)
    return filled[key]


def store(run: Engine, value: Any, thing: Any, key: Any, site: Site) -> None:
    """``thing[key] = value`` of a buffer."""
    if type(key) is slice:
        value = _content(run, value, site)
        if type(thing) is bytearray and not isinstance(value, _BYTES):
            content = bytearray()
            content[:] = value  # an iterable of numbers, which can be gone through only once
            value = content

    def make() -> Plan:
        layout = layout_of(thing)
        if layout is None or not _is_plain(key):
            return Plan(WRITE, None)
        places = intervals(layout, key)
        if type(thing) is memoryview and (thing.readonly or (not places and type(key) is not slice)):
            return Plan(READ, ())  # Python refuses it
        steps = steps_of(places)
        if type(key) is not slice and len(steps) < 2:
            return Plan(WRITE if steps else READ, steps)
        image = blank(thing, layout.count)
        try:
            image[key] = value
        except Exception:
            return Plan(READ, ())  # Python refuses it
        if len(image) != layout.count:
            return Plan(WRITE, None)
        return Plan(WRITE if steps else READ, steps, image)

    plan = begin(run, thing, site, make)
    if plan.steps and plan.image is not None:
        buffers.put(run, thing, plan.steps, bytes(plan.image), site)
        return
    thing[key] = value
    if run.recording and plan.steps:
        pieces = plan.steps[0][1]
        note(run, "write", thing, pieces[0][0], pieces[-1][1], value)


def _content(run: Engine, value: Any, site: Site) -> Any:
    """What is about to be stored in a slice: that of another buffer is loaded first, word by word."""
    if not buffers.by_words(value):
        return value
    layout = layout_of(value)
    if layout is None:
        return value
    if not (filled := blank(value, layout.count)):
        return value
    image = load_bytes(run, value, site)
    if image is None or len(image) != len(filled) * _itemsize(filled):
        return value
    _fill(filled, image)
    return filled


def load_bytes(
    run: Engine, thing: Any, site: Site | None, start: int = 0, size: int | None = None
) -> bytes | None:
    """The bytes of a buffer, or some of them, loaded word by word; None if they cannot be told apart."""

    def make() -> Plan:
        layout = layout_of(thing)
        if layout is None:
            return Plan(READ, None)
        length = layout.count * layout.itemsize
        end = length if size is None else min(start + size, length)
        if layout.contiguous:
            places = [(layout.start + start, layout.start + end, 0)] if start < end else []
        elif size is None:
            places = intervals(layout, slice(None))
        else:
            return Plan(READ, None)
        return Plan(READ, steps_of(places))

    plan = begin(run, thing, site, make)
    if plan.steps is None:
        return None
    count = sum(high - low for _, pieces in plan.steps for low, high, _ in pieces)
    return bytes(buffers.fetch(run, thing, plan.steps, count, site))


def intervals(layout: Layout, key: Any) -> list[Piece]:
    """The bytes that a key stands for; none if it is out of range."""
    size, count = layout.itemsize, layout.count
    if type(key) is slice:
        chosen = range(*key.indices(count))
        if not chosen:
            return []
        if layout.contiguous and abs(chosen.step) == 1:
            low, high = min(chosen), max(chosen) + 1
            return [(layout.start + low * size, layout.start + high * size, low * size)]
    else:
        index = key + count if key < 0 else key
        if not 0 <= index < count:
            return []
        chosen = range(index, index + 1)
    starts = [(layout.start + index * layout.stride, index * size) for index in chosen]
    return [(start, start + size, at) for start, at in starts]


def _is_plain(key: Any) -> bool:
    """Whether a key is a number or a slice of numbers: others run code, or Python refuses them."""
    if type(key) is slice:
        parts = (key.start, key.stop, key.step)
        return all(part is None or isinstance(part, int) for part in parts) and key.step != 0
    return isinstance(key, int)


def _itemsize(thing: Any) -> int:
    return 1 if type(thing) is bytearray else int(thing.itemsize)


def _fill(filled: Any, image: bytes | bytearray) -> None:
    memory = buffers.memory_of(filled)
    memory[:] = image[: len(memory)]
