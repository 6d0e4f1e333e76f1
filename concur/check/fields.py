"""Hooks for attributes: of objects, of classes, of modules."""

import types
from typing import Any

from concur.check import engine as runs
from concur.check import visibility
from concur.check.calls import SPECIAL_FUNCTIONS, bound_method, callee
from concur.check.engine import Engine
from concur.check.foreign import call_foreign
from concur.check.ops import FIELDS, READ, WRITE
from concur.check.touch import Site, in_dataclasses, note_fields, same, seen
from concur.check.variables import read_name, rebind
from concur.check.visibility import announces

_modes: dict[tuple[type, str], int] = {}
_stored_by_foreign_code: dict[tuple[type, str], bool] = {}
_MISSING = object()


def new_run() -> None:
    """Forget the classes of the last run."""
    _modes.clear()
    _stored_by_foreign_code.clear()


def _mode(run: Engine | None, cls: type, name: str) -> int:
    mode = _modes.get((cls, name))
    if mode is None:
        knowledge = _NO_KNOWLEDGE if run is None else run.knowledge
        mode = visibility.classify(cls, name, knowledge)
        if run is not None:
            if isinstance(getattr(cls, "__del__", None), types.FunctionType):
                run.give_up(
                    f"class {cls.__qualname__} has __del__(), which runs at moments that are not controlled"
                )
            _modes[cls, name] = mode
    return mode


class _Nothing:
    fields: frozenset[Any] = frozenset()
    conflated: frozenset[Any] = frozenset()
    dictionaries: frozenset[Any] = frozenset()


_NO_KNOWLEDGE: Any = _Nothing()


def load_attr(thing: Any, name: str, site: Site) -> Any:
    """``thing.name``"""
    run = runs.active
    cls = type(thing)
    mode = _modes.get((cls, name))
    if mode is None:
        mode = _mode(run, cls, name)
    if mode == visibility.INVISIBLE:
        return getattr(thing, name)
    if mode == visibility.METHOD:
        return bound_method(thing, name, site)
    if run is None or run.alone:
        if mode == visibility.DICTIONARY:
            note_fields(thing)
        return getattr(thing, name)
    if mode == visibility.CONSTANT:
        if not run.full:
            return getattr(thing, name)
        run.minor = True
        mode = visibility.FIELD
    if mode == visibility.FIELD:
        run.step((READ, (id(thing), name), thing, site, None))
        if run.recording:
            return seen(run, getattr(thing, name))
        return getattr(thing, name)
    return _load_special(run, mode, thing, name, site)


def method(thing: Any, name: str, site: Site) -> Any:
    """``thing.name`` where it is called at once."""
    return callee(load_attr(thing, name, site), site)


def _load_special(run: Engine, mode: int, thing: Any, name: str, site: Site) -> Any:
    if mode == visibility.SHARED_NAME:
        run.step((READ, name, thing, site, None))
        return seen(run, getattr(thing, name))
    if mode == visibility.WHOLE:
        run.step((READ, (id(thing.__dict__), "[]"), thing, site, None))
        return seen(run, getattr(thing, name))
    if mode == visibility.CLASS:
        return _load_from_class(run, thing, name, site)
    if mode == visibility.MODULE:
        namespace = thing.__dict__
        if visibility.MARK not in namespace:
            if f"{thing.__name__}:{name}" in run.knowledge.names:  # a function of that module binds it
                run.step((READ, f"{thing.__name__}:{name}", None, site, None))
        elif name in namespace.get("__concur_names__", ()):
            read_name(f"{thing.__file__}:{name}", site)
        return getattr(thing, name)
    if mode == visibility.DICTIONARY:
        key = visibility.class_key(type(thing))
        if isinstance(thing, type) or key not in run.knowledge.dictionaries:
            if isinstance(thing, type):
                run.give_up(
                    f"{site[0]}:{site[1]} reaches the fields of a class through __dict__; name them instead"
                )
            run.knowledge.learn(run.knowledge.dictionaries, key)
        return thing.__dict__
    if mode == visibility.FOREIGN:
        return call_foreign(run, getattr, (thing, name), {}, site, f"attribute '{name}'")
    return getattr(thing, name)


def _load_from_class(run: Engine, cls: type, name: str, site: Site) -> Any:
    if name in run.knowledge.conflated:
        run.step((READ, name, cls, site, None))
        return seen(run, getattr(cls, name))
    return getattr(cls, name)


def store_attr(value: Any, thing: Any, name: str, site: Site) -> None:
    """``thing.name = value``"""
    run = runs.active
    if run is not None and not run.alone:
        cls = type(thing)
        foreign = _stored_by_foreign_code.get((cls, name))
        if foreign is None:
            foreign = _stored_by_foreign_code[cls, name] = _is_stored_by_foreign_code(
                run, cls, name, "__setattr__"
            )
        if foreign:
            call_foreign(run, setattr, (thing, name, value), {}, site, f"assigning attribute '{name}'")
            return
        if _announce_store(run, thing, name, site) and same(_field(thing, name), value):
            run.unchanged()
        if run.recording:
            seen(run, value)
    elif name == "__dict__":
        visibility.note_replaced(type(thing))
        _modes.clear()
    setattr(thing, name, value)


def _field(thing: Any, name: str) -> Any:
    """The value that a field is about to lose."""
    if isinstance(thing, (type, types.ModuleType)):
        return thing.__dict__.get(name, _MISSING)
    try:
        return object.__getattribute__(thing, name)
    except AttributeError:
        return _MISSING


def pattern_value(thing: Any, names: tuple[str, ...], site: Site) -> bool:
    """What a case is about to read: ``thing.a.b``, as far as it is made of fields; a property announces itself."""
    run = runs.active
    if run is not None and not run.alone:
        for name in names:
            if _mode(run, type(thing), name) in (visibility.INVISIBLE, visibility.METHOD):
                break
            try:
                thing = load_attr(thing, name, site)
            except AttributeError:
                break
    return True


def delete_attr(thing: Any, name: str, site: Site) -> None:
    """``del thing.name``"""
    run = runs.active
    if run is not None and not run.alone:
        if _is_stored_by_foreign_code(run, type(thing), name, "__delattr__"):
            call_foreign(run, delattr, (thing, name), {}, site, f"deleting attribute '{name}'")
            return
        _announce_store(run, thing, name, site, going=True)
    delattr(thing, name)


def _announce_store(run: Engine, thing: Any, name: str, site: Site, *, going: bool = False) -> bool:
    cls = type(thing)
    if type(getattr(cls, "__setattr__", None)) is types.FunctionType and announces(cls.__setattr__):
        return False
    return announce_field_write(run, thing, name, site, going=going)


def _is_stored_by_foreign_code(run: Engine, cls: type, name: str, method: str) -> bool:
    if _mode(run, cls, name) == visibility.FOREIGN:
        return True
    if visibility.is_foreign_method(cls, method):
        return True
    value = getattr(cls, name, None)
    setter = getattr(value, "fset" if method == "__setattr__" else "fdel", None)
    return isinstance(value, property) and isinstance(setter, types.FunctionType) and not announces(setter)


def announce_field_write(run: Engine, thing: Any, name: str, site: Site, *, going: bool = False) -> bool:
    """Announce that a field of an object, a class or a module is about to change.

    Returns:
        Whether that was a step: not if what the store does announces itself, or no other thread can see it.
    """
    cls = type(thing)
    if name in _UNSEEN or (
        issubclass(cls, type)
        and name[:2] == name[-2:] == "__"
        and name not in _LABELS
        and not in_dataclasses(site)
    ):
        run.give_up(f"{site[0]}:{site[1]} assigns {name} while threads run: what reads it cannot be seen")
    mode = _mode(run, cls, name)
    place: Any = (id(thing), name)
    knowledge = run.knowledge
    if mode in (visibility.CLASS, visibility.SHARED_NAME):
        if name not in knowledge.conflated:
            knowledge.learn(knowledge.conflated, name)
        place = name
    elif mode == visibility.CONSTANT:
        knowledge.learn(knowledge.fields, (visibility.class_key(cls), name))
    elif mode == visibility.WHOLE:
        place = (id(thing.__dict__), "[]")
    elif mode == visibility.MODULE:
        if name not in thing.__dict__.get("__concur_names__", ()):
            run.give_up(
                f"{site[0]}:{site[1]} assigns {thing.__name__}.{name} while threads run, and nothing in that module"
                f" declares it; write 'global {name}' in a function of that module and assign it there"
            )
        rebind(f"{thing.__file__}:{name}", site)
        return False
    elif mode in (visibility.THREAD_LOCAL, visibility.DICTIONARY):
        run.current.changes += 1
        return False
    elif mode == visibility.INVISIBLE:
        value = getattr(cls, name, None)
        if isinstance(value, types.FunctionType) and not (name.startswith("__") and name.endswith("__")):
            knowledge.learn(knowledge.conflated, name)  # hides a method of the class
            place = name
        else:
            return False  # a property or a descriptor: what it does announces itself
    more = None
    watched = knowledge.watched and visibility.class_key(cls) in knowledge.watched
    if watched and (going or _field(thing, name) is _MISSING):
        more = (((id(thing), FIELDS), WRITE),)
    run.step((WRITE, place, thing, site, more))
    return True


# Python reads these when it finds methods, calls functions or makes objects, and nothing announces that.
_UNSEEN = frozenset(
    ("__class__", "__dict__", "__defaults__", "__kwdefaults__", "__code__", "__bases__", "cell_contents")
)


_LABELS = frozenset(("__name__", "__qualname__", "__doc__", "__module__", "__annotations__"))


# What built-in functions do to attributes


def _dunder_field(function: Any, site: Site, /, *args: Any) -> Any:
    """``object.__setattr__(thing, name, value)`` and its relatives, bound or not."""
    run = runs.active
    if run is not None and not run.alone:
        thing, name = (
            (function.__self__, args[0]) if type(function) is types.MethodWrapperType else (args[0], args[1])
        )
        if function.__name__ == "__getattribute__":
            place_mode = _mode(run, type(thing), name)
            if place_mode == visibility.CONSTANT and not run.full:
                return function(*args)
            if place_mode in (visibility.CONSTANT, visibility.FIELD):
                run.minor = place_mode == visibility.CONSTANT
                run.step((READ, (id(thing), name), thing, site, None))
            elif place_mode not in (visibility.INVISIBLE, visibility.METHOD):
                _load_special(run, place_mode, thing, name, site)
        else:
            announce_field_write(run, thing, name, site)
    return function(*args)


def _getattr(site: Site, /, thing: Any, name: str, *default: Any) -> Any:
    try:
        return load_attr(thing, name, site)
    except AttributeError:
        if default:
            return default[0]
        raise


def _hasattr(site: Site, /, thing: Any, name: str) -> bool:
    try:
        load_attr(thing, name, site)
    except AttributeError:
        return False
    return True


def _setattr(site: Site, /, thing: Any, name: str, value: Any) -> None:
    store_attr(value, thing, name, site)


def _delattr(site: Site, /, thing: Any, name: str) -> None:
    delete_attr(thing, name, site)


def _vars(site: Site, /, *args: Any) -> Any:
    return load_attr(args[0], "__dict__", site)


SPECIAL_FUNCTIONS.update(
    {
        getattr: _getattr,
        hasattr: _hasattr,
        setattr: _setattr,
        delattr: _delattr,
        vars: _vars,
        "dunder": _dunder_field,
    }
)
