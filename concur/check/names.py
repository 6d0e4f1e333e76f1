"""What the program calls an object: the variables and fields by which it is reached.

The scenario's own variables are searched first, since they name an object
once, where a parameter such as ``first`` may mean another object in each thread.
"""

import contextlib
import types
from collections import deque
from collections.abc import Sequence
from typing import Any

from concur.check.contents import fields_of
from concur.check.frames import variables_of

_MOST_OBJECTS = 500
_DEPTH = 4
_SEQUENCES: tuple[Any, ...] = (list, tuple, deque)
_LIBRARY = ("concur.", "concurrent.", "threading", "queue", "contextlib", "asyncio")


def name_of(thing: Any, frames: Sequence[types.FrameType]) -> str | None:
    """The shortest path to an object from the variables of the first frame, else module, that knows it."""
    for frame in frames:
        roots = {name: value for name, value in variables_of(frame).items() if not name.startswith("_")}
        if is_of_library(roots.get("self")):
            continue  # the insides of a library object: it is named by who uses it
        found = _search(thing, roots)
        if found is not None:
            return found
    for names in {id(frame.f_globals): frame.f_globals for frame in frames}.values():
        found = _search(thing, {name: value for name, value in names.items() if not name.startswith("_")})
        if found is not None:
            return found
    return None


def is_of_library(thing: Any) -> bool:
    """Whether an object belongs to concur or to the standard library, and its parts to it."""
    return type(thing).__module__.startswith(_LIBRARY)


def _search(thing: Any, roots: dict[str, Any]) -> str | None:
    todo = deque((name, value, 0) for name, value in roots.items())
    seen: set[int] = set()
    while todo and len(seen) < _MOST_OBJECTS:
        path, value, depth = todo.popleft()
        if value is thing:
            return path
        if (
            id(value) in seen
            or depth == _DEPTH
            or issubclass(type(value), (type, types.ModuleType, types.FunctionType))
        ):
            continue
        seen.add(id(value))
        todo += [(name, inner, depth + 1) for name, inner in _inside(path, value)]
    return None


def _inside(path: str, value: Any) -> list[tuple[str, Any]]:
    if type(value).__module__.startswith("concur.check") or getattr(type(value), "_cc_opaque", False):
        return []  # such as an event loop, which knows everything
    # isinstance would ask the object for its __class__, and its own methods may take steps.
    for kind in _SEQUENCES:
        if issubclass(type(value), kind):
            return [(f"{path}[{index}]", element) for index, element in enumerate(kind.__iter__(value))]
    if issubclass(type(value), dict):
        return [(f"{path}[{key!r}]", it) for key, it in dict.items(value) if type(key) in (str, int)]
    fields = dict(fields_of(value))
    for cls in type(value).__mro__:
        for slot in cls.__dict__.get("__slots__", ()):
            with contextlib.suppress(AttributeError, TypeError):
                fields[slot] = object.__getattribute__(value, slot)
    own = path == "self"
    if is_of_library(value):  # the parts of a library object go by its own name
        given = fields.get("name") or fields.get("_name")
        path = given if isinstance(given, str) else path
        return [
            (path if field.startswith("_") else f"{path}.{field}", inner)
            for field, inner in fields.items()
            if field != "op"  # of a thread: the operation that it has announced
        ]
    return [(field.lstrip("_") if own else f"{path}.{field}", inner) for field, inner in fields.items()]
