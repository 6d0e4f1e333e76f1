"""Buffers, word by word: `bytearray`, `array`, and `memoryview` of whatever they look into.

A *word* is eight aligned bytes of the object that owns the memory, its exporter: what a machine writes at
once. So a record that fits in a word is never seen half written, and a longer one can be: a slice store is
one step for each word, in the order of addresses, and a slice load likewise. Under the GIL the slice of one
`bytearray` is copied in one go; between processes that share memory it is not, and that is what is modelled.

Every access to a word reads the location ``"[]"`` as well, which stands for the size of the buffer and for
its being there at all. Whatever may change that (`append`, `release`, a slice store of another length)
writes ``"[]"``, and so conflicts with every word. What looks at the whole content reads every word; beyond
`_MOST` words it is taken to write ``"[]"``, which is coarse and conflicts with all that it should.

A step keeps the exporter, never a view. Not seen: what happens inside a word (`struct` in its portable
formats, such as ``"<Q"``, writes byte after byte), and that two objects share memory by other means than a
view or a map (two `ctypes` objects).

The plan of an operation depends on the size of the buffer, which may be another one when the thread is
picked. Then it is planned and announced again.
"""

import array
import ctypes
import dataclasses
import functools
import mmap
from collections.abc import Callable
from typing import Any

from concur.check.contents import owner_of
from concur.check.engine import Engine
from concur.check.ops import READ, WRITE

Site = tuple[str, int]
Place = tuple[int, str]
Piece = tuple[int, int, int]  # bytes from, to, in the exporter; where they are in the image
Steps = tuple[tuple[int, tuple[Piece, ...]], ...]  # word -> what of it is touched

WORD = 8
_MOST = 64  # words that one operation on the whole content names
_KINDS = (bytearray, array.array, memoryview, mmap.mmap)
_EXACT = frozenset((bytearray, array.array, memoryview))


def is_buffer(thing: Any) -> bool:
    """Whether the content of the thing is made of words."""
    return isinstance(thing, _KINDS)


def by_words(thing: Any) -> bool:
    """Whether the items of the thing are loaded and stored word by word; those of a subclass are not."""
    return type(thing) in _EXACT


def exporter(thing: Any) -> Any:
    """The object that owns the memory. A step keeps it, not the view: a view that lives forbids resizing."""
    if type(thing) is not memoryview:
        return thing
    try:
        return thing if thing.obj is None else thing.obj
    except ValueError:  # it was released
        return thing


# Where things lie


@dataclasses.dataclass(slots=True)
class Layout:
    """Where the elements of a one-dimensional buffer lie in the memory of its exporter."""

    owner: Any
    start: int  # of the first element
    count: int
    itemsize: int
    stride: int

    @property
    def contiguous(self) -> bool:
        return self.stride == self.itemsize or self.count <= 1


class _Buffer(ctypes.Structure):
    """CPython's Py_buffer: the only way to learn where a view lies, that works for read-only ones too."""

    _fields_ = (
        ("buf", ctypes.c_void_p),
        ("obj", ctypes.c_void_p),
        ("len", ctypes.c_ssize_t),
        ("itemsize", ctypes.c_ssize_t),
        ("readonly", ctypes.c_int),
        ("ndim", ctypes.c_int),
        ("format", ctypes.c_void_p),
        ("shape", ctypes.c_void_p),
        ("strides", ctypes.c_void_p),
        ("suboffsets", ctypes.c_void_p),
        ("internal", ctypes.c_void_p),
    )


_FULL_READ_ONLY = 0x011C  # PyBUF_FULL_RO


def _address(thing: Any) -> int:
    buffer = _Buffer()
    ctypes.pythonapi.PyObject_GetBuffer(ctypes.py_object(thing), ctypes.byref(buffer), _FULL_READ_ONLY)
    try:
        return buffer.buf or 0
    finally:
        ctypes.pythonapi.PyBuffer_Release(ctypes.byref(buffer))


def layout_of(thing: Any) -> Layout | None:
    """Where the elements of a buffer lie; None if that cannot be said, and it counts as a whole."""
    kind = type(thing)
    try:
        if kind is bytearray:
            return Layout(thing, 0, len(thing), 1, 1)
        if kind is array.array:
            memory_of(thing).release()
            return Layout(thing, 0, len(thing), thing.itemsize, thing.itemsize)
        if kind is memoryview and thing.ndim == 1 and not thing.suboffsets and thing.obj is not None:
            memory_of(thing.obj).release()
            blank(thing, 0)
            start = _address(thing) - _address(thing.obj) if len(thing) else 0
            return Layout(thing.obj, start, len(thing), thing.itemsize, thing.strides[0])
    except (ValueError, TypeError, BufferError):  # released, or of a format that has no bytes
        pass
    return None


def memory_of(owner: Any) -> memoryview:
    """The memory of an exporter, as bytes."""
    return memoryview(owner).cast("B")


def blank(thing: Any, count: int) -> Any:
    """A buffer of the same type, with so many elements, all zero."""
    if type(thing) is bytearray:
        return bytearray(count)
    image = bytearray(count * thing.itemsize)
    if type(thing) is memoryview:
        return memoryview(image).cast(thing.format)  # type: ignore[call-overload]  # its own format
    return array.array(thing.typecode, bytes(image))


# Locations


@functools.cache
def word_name(word: int) -> str:
    """The name of the location of a word."""
    return f"[{word * WORD}:{word * WORD + WORD}]"


def whole(thing: Any, mode: int) -> tuple[tuple[Place, int], ...]:
    """What an operation on the whole content touches."""
    key = id(owner_of(thing))
    if mode != READ or not is_buffer(thing):
        return (((key, "[]"), mode),)
    if exporter(thing) is thing and type(thing) is memoryview:  # it was released: nothing is left to read
        return (((key, "[]"), READ),)
    extent = _extent(thing)
    if extent is None or len(extent) > _MOST:
        return (((key, "[]"), WRITE),)
    return (((key, "[]"), READ), *(((key, word_name(word)), READ) for word in extent))


def _extent(thing: Any) -> range | None:
    """The words of a buffer."""
    if isinstance(thing, bytearray):
        size = bytearray.__len__(thing)
    elif isinstance(thing, array.array):
        size = array.array.__len__(thing) * thing.itemsize
    else:
        layout = layout_of(thing)
        if layout is None:
            return None
        ends = (layout.start, layout.start + (layout.count - 1) * layout.stride)
        if not layout.count:
            return range(0)
        return range(min(ends) // WORD, (max(ends) + layout.itemsize - 1) // WORD + 1)
    return range((size + WORD - 1) // WORD)


def touch_size(run: Engine, thing: Any, site: Site | None) -> None:
    """Announce that the size of a buffer is read, or that a view of it is made."""
    if run.recording:
        run.recorder.name(thing)
    run.step((READ, (id(owner_of(thing)), "[]"), exporter(thing), site, None))


def touch_word(run: Engine, mode: int, thing: Any, word: int, site: Site | None) -> None:
    """Announce an access to one word."""
    key = id(owner_of(thing))
    if run.recording:
        run.recorder.name(thing)
    run.step((mode, (key, word_name(word)), exporter(thing), site, (((key, "[]"), READ),)))


# Plans


@dataclasses.dataclass(slots=True)
class Plan:
    """The steps of one operation; without any, it only needs the size of the buffer."""

    mode: int
    steps: Steps | None  # None: one step, on the whole buffer
    image: Any = None  # what is to be stored

    def same(self, other: "Plan") -> bool:
        return self.steps == other.steps


def steps_of(intervals: list[Piece]) -> Steps:
    """Intervals of bytes, cut at the borders of words, in the order of addresses."""
    found: dict[int, list[Piece]] = {}
    for low, high, at in sorted(intervals):
        here = low
        while here < high:
            word = here // WORD
            end = min(high, (word + 1) * WORD)
            found.setdefault(word, []).append((here, end, at + here - low))
            here = end
    return tuple((word, tuple(pieces)) for word, pieces in sorted(found.items()))


def begin(run: Engine, thing: Any, site: Site | None, make: Callable[[], Plan]) -> Plan:
    """Announce the first step of a plan, which holds when the step is taken."""
    plan = make()
    while True:
        places = whole(thing, plan.mode) if plan.steps is None else ()
        taken = len(run.trace)
        if plan.steps is None:
            run.step((places[0][1], places[0][0], exporter(thing), site, places[1:] or None))
        elif plan.steps:
            touch_word(run, plan.mode, thing, plan.steps[0][0], site)
        else:
            touch_size(run, thing, site)
        if len(run.trace) == taken + 1:  # nobody else did anything
            return plan
        again = make()
        if again.same(plan) and (not places or whole(thing, plan.mode) == places):
            return again
        plan = again


def fetch(run: Engine, thing: Any, steps: Steps, size: int, site: Site | None) -> bytearray:
    """Load what was planned, and of which the first step was announced, into an image of so many bytes."""
    image = bytearray(size)
    for number, (word, pieces) in enumerate(steps):
        if number:
            touch_word(run, READ, thing, word, site)
        memory = memory_of(exporter(thing))
        for low, high, at in pieces:
            part = bytes(memory[low:high])  # shorter only if the buffer shrank in between
            image[at : at + len(part)] = part
        del memory
        _note(run, "read", thing, pieces, image)
    return image


def put(run: Engine, thing: Any, steps: Steps, image: Any, site: Site | None) -> None:
    """Store what was planned, and of which the first step was announced."""
    for number, (word, pieces) in enumerate(steps):
        if number:
            touch_word(run, WRITE, thing, word, site)
        memory = memory_of(exporter(thing))
        for low, high, at in pieces:
            end = min(high, len(memory))
            if low < end:
                memory[low:end] = image[at : at + end - low]
        del memory
        _note(run, "write", thing, pieces, image)


def _note(run: Engine, verb: str, thing: Any, pieces: tuple[Piece, ...], image: Any) -> None:
    if run.recording:
        value = b"".join(bytes(image[at : at + high - low]) for low, high, at in pieces)
        note(run, verb, thing, pieces[0][0], pieces[-1][1], value)


def note(run: Engine, verb: str, thing: Any, low: int, high: int, value: Any) -> None:
    """Tell the recorder which bytes the latest step touched, in the units of the exporter."""
    owner = exporter(thing)
    unit = owner.itemsize if isinstance(owner, array.array) else 1
    if low % unit or high % unit:
        unit = 1
    first, last = low // unit, high // unit
    where = f"[{first}]" if last - first == 1 else f"[{first}:{last}]"
    run.recorder.word(verb, f"{run.recorder.name(thing)}{where}", value)
