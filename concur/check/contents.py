"""What code written in C does to the content of the objects it is given.

CPython runs a method of a built-in container as one step, as far as other
threads can see. So each such call is one atomic access to that container:
a read if the method is listed here as one, else a write. An argument that a
method looks into is read in the same step.
"""

import array
import collections
import contextlib
import datetime
import decimal
import fractions
import gc
import itertools
import mmap
import pathlib
import re
import types
from collections.abc import Iterable
from typing import Any

from concur.check.ops import READ, WRITE

CONTAINERS = (list, dict, set, collections.deque, bytearray, array.array, mmap.mmap)
EXACT_CONTAINERS = frozenset(
    (
        *CONTAINERS,
        *(collections.OrderedDict, collections.defaultdict, collections.Counter),
        *(memoryview, types.MappingProxyType),
    )
)
_VIEWED: tuple[Any, ...] = ({}, collections.OrderedDict())
VIEW_TYPES = frozenset(
    type(view) for thing in _VIEWED for view in (thing.keys(), thing.values(), thing.items())
)

SCALARS = frozenset(
    (
        int, float, complex, bool, str, bytes, type(None), range, slice, type(Ellipsis), type(NotImplemented),
        types.FunctionType, types.BuiltinFunctionType, types.MethodType, types.ModuleType, type, types.CodeType,
        types.MethodDescriptorType, types.WrapperDescriptorType, types.MethodWrapperType, types.GenericAlias,
        re.Pattern, re.Match, datetime.date, datetime.datetime, datetime.time, datetime.timedelta, datetime.timezone,
        decimal.Decimal, fractions.Fraction, pathlib.PosixPath, pathlib.PurePosixPath, types.GetSetDescriptorType,
        property, classmethod, staticmethod, object, types.CoroutineType,
    )
)  # fmt: skip

READING_METHODS = frozenset(
    """
    get keys values items index count copy find rfind startswith endswith decode hex isalnum isalpha isdigit
    __len__ __contains__ __iter__ __getitem__ __reversed__ __eq__ __ne__ __lt__ __le__ __gt__ __ge__ __repr__ __str__
    __add__ __mul__ __or__ __and__ __sub__ __xor__ __format__ __hash__ __sizeof__ __bool__
    union intersection difference symmetric_difference issubset issuperset isdisjoint most_common elements
    join split strip partition tolist tobytes tounicode buffer_info translate replace rfind rindex rsplit splitlines
    lower upper title swapcase capitalize center ljust rjust zfill expandtabs lstrip rstrip rpartition removeprefix
    removesuffix isascii isdecimal islower isupper isspace istitle
    __reduce__ __reduce_ex__ __copy__ fromkeys
    """.split()
)

# Methods that store their arguments, or use them as keys, without looking into them.
STORING_METHODS = frozenset(
    """
    append appendleft add discard insert setdefault get pop popleft popitem clear copy keys values items put rotate
    reverse __setitem__ __getitem__ __delitem__ __contains__ __len__ __iter__ move_to_end
    """.split()
)

# Built-in functions that touch no content, whatever they are given.
HARMLESS = frozenset((isinstance, issubclass, callable, id, chr, ord, round, abs, divmod, pow, bin, hex, oct))

# Built-in functions that only read what they are given; others are taken to write.
READING_FUNCTIONS = frozenset(
    (
        len,
        sum,
        sorted,
        min,
        max,
        any,
        all,
        repr,
        ascii,
        format,
        print,
        hash,
        iter,
        reversed,
        next,
        getattr,
        hasattr,
    )
)

# Types that iterate lazily over what they are given: each later step is a read of its own.
LAZY_TYPES = frozenset(
    (
        *(enumerate, zip, map, filter, reversed),
        *(getattr(itertools, name) for name in dir(itertools) if isinstance(getattr(itertools, name), type)),
    )
)

_DEPTH = 10_000  # how many nested objects are followed


_containers: dict[type, bool] = {}


def new_run() -> None:
    """Forget the classes of the last run."""
    _containers.clear()


def is_container(thing: object) -> bool:
    """Whether the content of the thing is a location."""
    cls = type(thing)
    known = _containers.get(cls)
    if known is None:
        known = _containers[cls] = (
            cls in EXACT_CONTAINERS
            or issubclass(cls, CONTAINERS)
            or cls in VIEW_TYPES
            # Items that code in C stores, as in arrays of ctypes and NumPy.
            or type(getattr(cls, "__setitem__", None)) is types.WrapperDescriptorType
        )
    return known


def owner_of(thing: Any) -> Any:
    """The object whose content is meant: a memoryview looks into a buffer.

    All maps of files are one: two of them may be the same memory, and a map does not say of what.
    """
    if type(thing) is memoryview:
        try:
            thing = thing if thing.obj is None else thing.obj
        except ValueError:  # it was released
            return thing
    if type(thing) is types.MappingProxyType:
        return gc.get_referents(thing)[0]
    while type(thing).__module__ == "numpy" and getattr(thing, "base", None) is not None:
        thing = thing.base  # a view of another array
    return mmap.mmap if isinstance(thing, mmap.mmap) else thing


_ITERABLES: tuple[Any, ...] = (list, tuple, set, frozenset, collections.deque)


def elements(thing: Any) -> Iterable[Any]:
    """What lies inside a built-in container, one level down."""
    if isinstance(thing, dict):
        return [*dict.keys(thing), *dict.values(thing)]
    if isinstance(thing, types.SimpleNamespace):
        return (thing.__dict__,)
    if type(thing) is types.MappingProxyType:
        return (owner_of(thing),)
    for base in _ITERABLES:
        if isinstance(thing, base):
            return list(base.__iter__(thing))
    return ()


def containers_in(roots: Iterable[Any], others: list[Any] | None = None) -> list[Any]:
    """Every container that can be reached from the roots through built-in containers.

    Args:
        others: takes the objects that are reached and are no containers.
    """
    found: list[Any] = []
    seen: set[int] = set()
    todo = [thing for thing in roots if type(thing) not in SCALARS]
    while todo and len(seen) < _DEPTH:
        thing = todo.pop()
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        if is_container(thing):
            found.append(thing)
        elif not isinstance(thing, (tuple, frozenset, types.SimpleNamespace)):
            if others is not None:
                others.append(thing)
            continue
        todo += [element for element in elements(thing) if type(element) not in SCALARS]
    return found


_IN_BETWEEN = (tuple, type(iter(())))


def moved_with(iterator: Any) -> list[Any]:
    """The iterators written in C that code in C moves when it moves this one, as ``zip`` does; itself first."""
    found: list[Any] = []
    seen: set[int] = set()
    todo = [iterator]
    while todo:
        thing = todo.pop()
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        kind = type(thing)
        if is_c_iterator(kind):
            found.append(thing)
        if (
            kind in LAZY_TYPES
            or kind.__module__ == "itertools"
            or (kind in _IN_BETWEEN and thing is not iterator)
        ):
            todo += gc.get_referents(thing)
    return found


def is_c_iterator(kind: type) -> bool:
    """Whether it is a type of iterators written in C: moving one changes it, and only the hooks say so."""
    return (
        kind is not types.GeneratorType
        and type(getattr(kind, "__next__", None)) is types.WrapperDescriptorType
    )


def is_made_in_c(cls: type) -> bool:
    """Whether a class is written in C, and may keep what no field shows; a class statement makes no methods in C."""
    return not cls.__flags__ & 1 << 9 or any(
        isinstance(method, _IN_C) and method.__objclass__ is cls for method in vars(cls).values()
    )


_IN_C = (types.MethodDescriptorType, types.WrapperDescriptorType)


def fields_of(thing: Any) -> dict[str, Any]:
    """The fields of an object, found without running any code of its class."""
    try:
        fields = object.__getattribute__(thing, "__dict__")
    except (AttributeError, TypeError):
        fields = {}
    if not isinstance(fields, dict):
        fields = {}
    slots: dict[str, Any] = {}
    for cls in type(thing).__mro__:
        if "__slots__" in cls.__dict__:
            for name, slot in cls.__dict__.items():
                if type(slot) is types.MemberDescriptorType:
                    with contextlib.suppress(AttributeError):
                        slots[name] = slot.__get__(thing)
    return {**slots, **fields} if slots else fields


def objects_in(roots: Iterable[Any]) -> list[Any]:
    """Every container and every object with fields that can be reached from the roots."""
    found: list[Any] = []
    seen: set[int] = set()
    todo = list(roots)
    while todo and len(seen) < _DEPTH:
        thing = todo.pop()
        if type(thing) in SCALARS or isinstance(thing, type) or id(thing) in seen:
            continue
        seen.add(id(thing))
        found.append(thing)
        todo += elements(thing)
        todo += fields_of(thing).values()
    return found


def mode_of_method(name: str) -> int:
    """READ or WRITE, for a method of a built-in container."""
    return READ if name in READING_METHODS else WRITE
