"""What the program calls an object: the variable, field or `name=` by which it is reached."""

import types
from typing import Any

_DEPTH = 12


def name_of(thing: Any, frame: types.FrameType | None) -> str | None:
    """The name of an object in the frames around, from the inside out; None if it has none there."""
    depth = 0
    while frame is not None and depth < _DEPTH:
        depth += 1
        found = _in_frame(thing, frame)
        if found is not None:
            return found
        frame = frame.f_back
    return None


def _in_frame(thing: Any, frame: types.FrameType) -> str | None:
    names = frame.f_locals
    if "_cc_name" in frame.f_globals.get("__dict__", ()) or not frame.f_globals.get("__concur__"):
        return None
    if frame.f_globals.get("__name__", "").startswith("concur.check"):
        return None
    owner = names.get("self")
    if owner is not None:
        for field, value in getattr(owner, "__dict__", {}).items():
            if value is thing:
                return _of_field(owner, field, frame)
            if isinstance(value, (list, tuple)) and any(element is thing for element in value):
                return f"{field}[{next(i for i, element in enumerate(value) if element is thing)}]"
    found = _among(thing, names)
    if found is not None:
        return found
    return _among(thing, {name: value for name, value in frame.f_globals.items() if not name.startswith("_")})


def _of_field(owner: Any, field: str, frame: types.FrameType) -> str:
    """A private field of a library object is called as that object is."""
    if type(owner).__module__.startswith(("concur.sync", "threading", "queue")):
        name = vars(owner).get("name") or vars(owner).get("_name")
        if isinstance(name, str):
            return name
        outer = name_of(owner, frame.f_back)
        if outer is not None:
            return outer if field in ("_lock", "lock", "_cond", "mutex") else f"{outer}.{field.lstrip('_')}"
    return field.lstrip("_") if field.startswith("_") else field


def _among(thing: Any, names: dict[str, Any]) -> str | None:
    for name, value in names.items():
        if value is thing and not name.startswith("_cc_") and name != "self":
            return name
    for name, value in names.items():
        if type(value) in (list, tuple) and not name.startswith("_cc_"):
            for index, element in enumerate(value):
                if element is thing:
                    return f"{name}[{index}]"
        elif type(value) is dict and name != "__builtins__":
            for key, element in value.items():
                if element is thing and isinstance(key, (str, int)):
                    return f"{name}[{key!r}]"
    return None
