"""What rewritten code calls instead of touching shared state directly.

Each hook announces an access to the active run and then performs it. Without
an active run, and while the main thread is alone, it only performs it.
"""

import contextlib
import functools
import operator
import types
from collections.abc import Callable, Iterator
from typing import Any

from concur.check import contents, engine as runs, visibility
from concur.check.contents import EXACT_CONTAINERS, SCALARS, containers_in, is_container, owner_of
from concur.check.engine import Engine
from concur.check.foreign import call_foreign, global_effect
from concur.check.ops import READ, WRITE
from concur.check.visibility import announces
from concur.errors import UsageError

Site = tuple[str, int]

_modes: dict[tuple[type, str], int] = {}
_views: dict[int, tuple[Any, Any]] = {}  # id of a view -> the view and its dictionary


def new_run() -> None:
    """Forget what belongs to the classes and objects of the last run."""
    _modes.clear()
    _views.clear()


def _place(thing: Any) -> Any:
    """The location of the content of a container."""
    view = _views.get(id(thing))
    return (id(owner_of(thing) if view is None else view[1]), "[]")


def _touch(run: Engine, kind: int, thing: Any, site: Site | None, also: list[Any] | None = None) -> None:
    """Announce an access to the content of `thing`, which reads the content of `also` too."""
    more = tuple((_place(other), READ) for other in also if other is not thing) if also else None
    run.step((kind, _place(thing), thing, site, more or None))


def _touch_all(run: Engine, things: list[Any], site: Site | None) -> None:
    """Announce one read of the content of everything in the list, if it is not empty."""
    if things:
        _touch(run, READ, things[0], site, things[1:])


def _seen(run: Engine, value: Any) -> Any:
    if run.recording:
        run.recorder.value(run, value)
    return value


# Attributes


def _mode(run: Engine | None, cls: type, name: str) -> int:
    mode = _modes.get((cls, name))
    if mode is None:
        knowledge = _NO_KNOWLEDGE if run is None else run.knowledge
        mode = visibility.classify(cls, name, knowledge)
        if run is not None:
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
        return _method(thing, name, site)
    if run is None or run.alone:
        return getattr(thing, name)
    if mode == visibility.CONSTANT:
        if not run.full:
            return getattr(thing, name)
        run.minor = True
        mode = visibility.FIELD
    if mode == visibility.FIELD:
        run.step((READ, (id(thing), name), thing, site, None))
        if run.recording:
            return _seen(run, getattr(thing, name))
        return getattr(thing, name)
    return _load_special(run, mode, thing, name, site)


def method(thing: Any, name: str, site: Site) -> Any:
    """``thing.name`` where it is called at once."""
    return callee(load_attr(thing, name, site), site)


def _load_special(run: Engine, mode: int, thing: Any, name: str, site: Site) -> Any:
    if mode == visibility.SHARED_NAME:
        run.step((READ, name, thing, site, None))
        return _seen(run, getattr(thing, name))
    if mode == visibility.WHOLE:
        run.step((READ, (id(thing.__dict__), "[]"), thing, site, None))
        return _seen(run, getattr(thing, name))
    if mode == visibility.CLASS:
        return _load_from_class(run, thing, name, site)
    if mode == visibility.MODULE:
        namespace = thing.__dict__
        if visibility.MARK in namespace and name in namespace.get("__concur_names__", ()):
            read_name(f"{thing.__file__}:{name}", site)
        return getattr(thing, name)
    if mode == visibility.DICTIONARY:
        key = visibility.class_key(type(thing))
        if isinstance(thing, type) or key not in run.knowledge.dictionaries:
            if isinstance(thing, type):
                run.give_up(f"{site[0]}:{site[1]} reaches the fields of a class through __dict__; name them instead")
            run.knowledge.learn(run.knowledge.dictionaries, key)
        return thing.__dict__
    if mode == visibility.FOREIGN:
        return call_foreign(run, getattr, (thing, name), {}, site, f"attribute '{name}'")
    return getattr(thing, name)


def _load_from_class(run: Engine, cls: type, name: str, site: Site) -> Any:
    if name in run.knowledge.conflated:
        run.step((READ, name, cls, site, None))
        return _seen(run, getattr(cls, name))
    return getattr(cls, name)


def store_attr(value: Any, thing: Any, name: str, site: Site) -> None:
    """``thing.name = value``"""
    run = runs.active
    if run is not None and not run.alone:
        _announce_store(run, thing, name, site)
        if run.recording:
            _seen(run, value)
    setattr(thing, name, value)


def delete_attr(thing: Any, name: str, site: Site) -> None:
    """``del thing.name``"""
    run = runs.active
    if run is not None and not run.alone:
        _announce_store(run, thing, name, site)
    delattr(thing, name)


def _announce_store(run: Engine, thing: Any, name: str, site: Site) -> None:
    cls = type(thing)
    if type(getattr(cls, "__setattr__", None)) is types.FunctionType and announces(cls.__setattr__):
        return
    announce_field_write(run, thing, name, site)


def announce_field_write(run: Engine, thing: Any, name: str, site: Site) -> None:
    """Announce that a field of an object, a class or a module is about to change."""
    cls = type(thing)
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
        write_name(None, f"{thing.__file__}:{name}", site)
        return
    elif mode in (visibility.THREAD_LOCAL, visibility.DICTIONARY):
        return
    elif mode == visibility.INVISIBLE:
        value = getattr(cls, name, None)
        if isinstance(value, types.FunctionType) and not (name.startswith("__") and name.endswith("__")):
            knowledge.learn(knowledge.conflated, name)  # hides a method of the class
            place = name
        else:
            return  # a property or a descriptor: what it does announces itself
    run.step((WRITE, place, thing, site, None))


# Calls


def callee(function: Any, site: Site) -> Any:
    """What to call instead of `function`, so that what it touches is announced."""
    kind = type(function)
    if kind is types.FunctionType:
        return function if visibility.MARK in function.__globals__ else _Foreign(function, site)
    if kind is types.MethodType:
        inner = function.__func__
        if type(inner) is types.FunctionType and visibility.MARK not in inner.__globals__:
            return _Foreign(function, site)
        return function
    if kind is _Announced or kind is _Foreign:
        return function
    if isinstance(function, type):
        return _class_callee(function, site)
    if kind in _C_CALLABLES:
        return _c_callee(function, site)
    if kind is functools.partial:
        inner = callee(function.func, site)
        return function if inner is function.func else functools.partial(inner, *function.args, **function.keywords)
    call = getattr(kind, "__call__", None)
    if isinstance(call, types.FunctionType) and announces(call):
        return function
    return _Foreign(function, site)


_C_CALLABLES = (
    types.BuiltinFunctionType,
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
    types.MethodWrapperType,
    types.ClassMethodDescriptorType,
)


_CALLABLE_ARGUMENTS = (*_C_CALLABLES, types.FunctionType, types.MethodType)


class _Foreign:
    """A callable in Python that was not rewritten."""

    __slots__ = ("function", "site")

    def __init__(self, function: Any, site: Site) -> None:
        self.function = function
        self.site = site

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        run = runs.active
        if run is None or run.alone:
            return self.function(*args, **kwargs)
        name = getattr(self.function, "__qualname__", type(self.function).__qualname__)
        return call_foreign(run, self.function, args, kwargs, self.site, f"{name}()")


class _Announced:
    """A callable written in C, or a method of a container; the call is one atomic step."""

    __slots__ = ("__name__", "function", "mode", "owner", "site", "storing")

    def __init__(self, function: Any, owner: Any, mode: int, storing: bool, site: Site | None) -> None:
        self.function = function
        self.owner = owner
        self.mode = mode
        self.storing = storing
        self.site = site
        self.__name__ = getattr(function, "__name__", "")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        run = runs.active
        if run is None or run.alone:
            result = self.function(*args, **kwargs)
            if type(result) in contents.VIEW_TYPES:
                _views[id(result)] = (result, self.owner)
            return result
        if "key" in kwargs:
            kwargs["key"] = _argument(kwargs["key"], self.site)
        elif self.__name__ == "reduce":
            args = (_argument(args[0], self.site), *args[1:])
        also: list[Any] = []
        if not self.storing:
            also = containers_in(args if not kwargs else (*args, *kwargs.values()))
        if self.owner is not None:
            if not self.storing and self.mode == READ and is_container(self.owner):
                also += containers_in((self.owner,))
            _touch(run, self.mode, self.owner, self.site, also)
        elif also:
            if self.mode == WRITE:
                more = tuple((_place(thing), WRITE) for thing in also[1:])
                run.step((WRITE, _place(also[0]), also[0], self.site, more or None))
            else:
                _touch_all(run, also, self.site)
        result = self.function(*args, **kwargs)
        if type(result) in contents.VIEW_TYPES:
            _views[id(result)] = (result, self.owner)
        if run.recording and (self.owner is not None or also):
            run.recorder.value(run, result, self.owner, self.__name__, args)
        return result


def _method(thing: Any, name: str, site: Site) -> Any:
    """A bound method written in C, of something that has content."""
    bound = getattr(thing, name)
    if type(bound) not in _C_CALLABLES:  # the object has a field of that name
        return bound
    if isinstance(thing, type) or not _has_content(thing):
        return bound
    return _Announced(bound, thing, contents.mode_of_method(name), name in contents.STORING_METHODS, site)


def _has_content(thing: Any) -> bool:
    cls = type(thing)
    return cls not in SCALARS and not isinstance(thing, (tuple, frozenset, str, bytes, int, float, BaseException))


_FIELD_FUNCTIONS: dict[Any, Callable[..., Any]] = {}
_DUNDER_FIELD_METHODS = {"__getattribute__": "getattr", "__setattr__": "setattr", "__delattr__": "delattr"}


def _c_callee(function: Any, site: Site) -> Any:
    special = _FIELD_FUNCTIONS.get(function) if type(function) is types.BuiltinFunctionType else None
    if special is not None:
        return functools.partial(special, site)
    if type(function) is types.BuiltinFunctionType and function.__self__ is not None:
        owner = function.__self__
        if type(owner) is types.ModuleType:
            effect = global_effect(function)
            if effect is not None:
                return _Foreign(function, site)
            if function in contents.HARMLESS:
                return function
            if function is next:
                return functools.partial(_next, site)
            mode = READ if function in contents.READING_FUNCTIONS or owner.__name__ in _PURE_MODULES else WRITE
            return _Announced(function, None, mode, False, site)
        if isinstance(owner, type) or not _has_content(owner):  # str.join, dict.fromkeys
            return _Announced(function, None, READ, False, site)
        return _Announced(function, owner, contents.mode_of_method(function.__name__), function.__name__ in contents.STORING_METHODS, site)
    name = getattr(function, "__name__", "")
    if name in _DUNDER_FIELD_METHODS:
        return functools.partial(_dunder_field, function, site)
    if type(function) is types.MethodWrapperType:
        owner = function.__self__
        if _has_content(owner) and is_container(owner):
            return _Announced(function, owner, contents.mode_of_method(name), name in contents.STORING_METHODS, site)
        return _Announced(function, None, READ, False, site)
    # an unbound method, list.append: the first argument is the owner
    return functools.partial(_unbound, function, site)


_PURE_MODULES = frozenset(("math", "_operator", "_json", "builtins", "time", "cmath", "_functools"))


def _unbound(function: Any, site: Site, /, *args: Any, **kwargs: Any) -> Any:
    if args and is_container(args[0]):
        name = function.__name__
        bound = functools.partial(function, args[0])
        return _Announced(bound, args[0], contents.mode_of_method(name), name in contents.STORING_METHODS, site)(*args[1:], **kwargs)
    return _Announced(function, None, READ, False, site)(*args, **kwargs)


def _dunder_field(function: Any, site: Site, /, *args: Any) -> Any:
    """``object.__setattr__(thing, name, value)`` and its relatives, bound or not."""
    run = runs.active
    if run is not None and not run.alone:
        thing, name = (function.__self__, args[0]) if type(function) is types.MethodWrapperType else (args[0], args[1])
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
    run = runs.active
    if run is not None and not run.alone and not args:
        run.give_up(f"{site[0]}:{site[1]} calls vars(): what is reached through it cannot be seen")
    return load_attr(args[0], "__dict__", site)


def _next(site: Site, /, iterator: Any, *default: Any) -> Any:
    run = runs.active
    if run is not None and not run.alone:
        _announce_iterator(run, iterator, site)
    return next(iterator, *default)


def _iter(site: Site, /, thing: Any, *sentinel: Any) -> Any:
    if sentinel:
        return iter(callee(thing, site), *sentinel)
    return SharedIterator(thing, site) if is_container(thing) else iter(thing)


_FIELD_FUNCTIONS.update({getattr: _getattr, hasattr: _hasattr, setattr: _setattr, delattr: _delattr, vars: _vars, iter: _iter})


def _class_callee(cls: Any, site: Site) -> Any:
    if cls.__flags__ & _HEAP_TYPE and cls not in EXACT_CONTAINERS:
        for name in ("__new__", "__init__"):
            maker = getattr(cls, name)
            if type(maker) is types.FunctionType and not announces(maker) and not _generated(cls, maker):
                return _Foreign(cls, site)
        return cls
    if cls in _PLAIN_CLASSES:
        return cls
    if cls in contents.LAZY_TYPES:
        return functools.partial(_lazy, cls, site)
    return _Announced(cls, None, READ, False, site)


def _generated(cls: Any, maker: Any) -> bool:
    """Whether a method was generated for a class of a rewritten module, as dataclasses do."""
    return maker.__module__ == cls.__module__


_HEAP_TYPE = 1 << 9
_PLAIN_CLASSES = frozenset((object, type, super, property, classmethod, staticmethod, slice, range, int, float, complex))


def _lazy(cls: Any, site: Site, /, *args: Any, **kwargs: Any) -> Any:
    if cls is reversed and is_container(args[0]):
        return SharedIterator(args[0], site, reversed(args[0]))
    wrapped = [SharedIterator(a, site) if is_container(a) else _argument(a, site) for a in args]
    return cls(*wrapped, **kwargs)


def _argument(thing: Any, site: Site | None) -> Any:
    """An argument that C code is going to call."""
    return callee(thing, site or ("", 0)) if type(thing) in _CALLABLE_ARGUMENTS else thing


# Iteration


class SharedIterator:
    """An iterator over a container: each step reads the container and moves the iterator."""

    __slots__ = ("container", "inner", "site")

    def __init__(self, container: Any, site: Site, inner: Any = None) -> None:
        self.container = container
        self.site = site
        self.inner = iter(container) if inner is None else inner

    def __iter__(self) -> "SharedIterator":
        return self

    def __length_hint__(self) -> int:
        return operator.length_hint(self.inner)

    def __next__(self) -> Any:
        run = runs.active
        if run is not None and not run.alone:
            run.step((WRITE, (id(self), "next"), self, self.site, ((_place(self.container), READ),)))
        return next(self.inner)


def _private(run: Engine, container: Any, site: Site) -> Iterator[Any]:
    inner = iter(container)
    place = _place(container)
    while True:
        if runs.active is not None and not run.alone:
            run.step((READ, place, container, site, None))
        try:
            element = next(inner)
        except StopIteration:
            return
        yield _seen(run, element) if run.recording else element


def iterate(thing: Any, site: Site, *, delegate: bool = False) -> Any:
    """``for ... in thing``: each step over a shared container is a read of it."""
    run = runs.active
    if run is None:
        return thing
    kind = type(thing)
    if kind in SCALARS or kind is tuple or kind is SharedIterator:
        return thing
    if is_container(thing):
        if type(kind.__iter__) is types.FunctionType:  # a subclass with an iteration of its own
            return thing
        return _private(run, thing, site)
    if delegate:
        return thing
    if kind is types.GeneratorType or (hasattr(thing, "__next__") and not kind.__flags__ & _HEAP_TYPE):
        return _stepwise(run, thing, site)
    return thing


def _stepwise(run: Engine, iterator: Any, site: Site) -> Iterator[Any]:
    while True:
        if runs.active is not None and not run.alone:
            _announce_iterator(run, iterator, site)
        try:
            element = next(iterator)
        except StopIteration:
            return
        yield element


def _announce_iterator(run: Engine, iterator: Any, site: Site) -> None:
    """Moving an iterator changes it; a generator may be moved by one thread only."""
    kind = type(iterator)
    if kind is types.GeneratorType:
        user = run.generators.setdefault(id(iterator), run.current.tid)
        run.kept.append(iterator)
        if user != run.current.tid:
            other = run.threads[user].name
            run.give_up(
                f"{site[0]}:{site[1]}: generator '{iterator.__name__}' is used by threads '{other}' and"
                f" '{run.current.name}'; generators are not safe between threads"
            )
    elif kind is not SharedIterator and not kind.__flags__ & _HEAP_TYPE:
        run.step((WRITE, (id(iterator), "next"), iterator, site, None))


def unpack(thing: Any, site: Site) -> Any:
    """What is about to be taken apart in one step: ``a, b = thing``, ``f(*thing)``, ``{**thing}``."""
    run = runs.active
    if run is not None and not run.alone and type(thing) not in SCALARS and is_container(thing):
        _touch(run, READ, thing, site)
    return thing


# Content


def load_item(thing: Any, key: Any, site: Site) -> Any:
    """``thing[key]``"""
    run = runs.active
    if run is not None and not run.alone and type(thing) not in SCALARS and is_container(thing):
        kind = WRITE if isinstance(thing, dict) and hasattr(type(thing), "__missing__") else READ
        _touch(run, kind, thing, site)
        if run.recording:
            return _seen(run, thing[key])
    return thing[key]


def store_item(value: Any, thing: Any, key: Any, site: Site) -> None:
    """``thing[key] = value``"""
    run = runs.active
    if run is not None and not run.alone and is_container(thing):
        _touch(run, WRITE, thing, site, containers_in((value,)) if type(key) is slice else None)
        if run.recording:
            _seen(run, value)
    thing[key] = value


def delete_item(thing: Any, key: Any, site: Site) -> None:
    """``del thing[key]``"""
    run = runs.active
    if run is not None and not run.alone and is_container(thing):
        _touch(run, WRITE, thing, site)
    del thing[key]


def look_into(thing: Any, site: Site) -> Any:
    """What is about to be formatted: its content is read, and that of what it contains."""
    run = runs.active
    if run is not None and not run.alone and type(thing) not in SCALARS:
        _touch_all(run, containers_in((thing,)), site)
    return thing


def truth(thing: Any, site: Site) -> Any:
    """What is about to be tested for truth."""
    run = runs.active
    if run is not None and not run.alone and type(thing) not in SCALARS and is_container(thing):
        _touch(run, READ, thing, site)
        if run.recording:
            _seen(run, bool(thing))
    return thing


def matched(thing: Any, site: Site) -> Any:
    """The subject of a match statement: its patterns look into containers and fields."""
    run = runs.active
    if run is not None and not run.alone and type(thing) not in SCALARS:
        return call_foreign(run, lambda subject: subject, (thing,), {}, site, "a match statement", changes=False)
    return thing


_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "is": operator.is_, "is not": operator.is_not,
    "in": lambda a, b: a in b, "not in": lambda a, b: a not in b,
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "//": operator.floordiv,
    "%": operator.mod, "**": operator.pow, "@": operator.matmul, "&": operator.and_, "|": operator.or_,
    "^": operator.xor, "<<": operator.lshift, ">>": operator.rshift,
    "+=": operator.iadd, "-=": operator.isub, "*=": operator.imul, "/=": operator.itruediv,
    "//=": operator.ifloordiv, "%=": operator.imod, "**=": operator.ipow, "@=": operator.imatmul,
    "&=": operator.iand, "|=": operator.ior, "^=": operator.ixor, "<<=": operator.ilshift, ">>=": operator.irshift,
}  # fmt: skip


def binary(left: Any, right: Any, sign: str, site: Site) -> Any:
    """``left sign right``, for operators and comparisons."""
    if type(left) in SCALARS and type(right) in SCALARS:
        return _OPERATORS[sign](left, right)
    run = runs.active
    if run is not None and not run.alone:
        _touch_all(run, containers_in((left, right)), site)
        if run.recording:
            return _seen(run, _OPERATORS[sign](left, right))
    return _OPERATORS[sign](left, right)


def in_place(left: Any, right: Any, sign: str, site: Site) -> Any:
    """The new value of the target of ``left sign= right``; a container is changed in place."""
    if type(left) not in SCALARS:
        run = runs.active
        if run is not None and not run.alone:
            if is_container(left):
                _touch(run, WRITE, left, site, containers_in((right,)))
            else:
                _touch_all(run, containers_in((left, right)), site)
    return _OPERATORS[sign](left, right)


def chain(site: Site, first: Any, *links: Any) -> Any:
    """``a < b < c``: each link is a sign and a function that evaluates its right side."""
    left, result = first, True
    for sign, right_side in links:
        right = right_side()
        result = binary(left, right, sign, site)
        if not truth(result, site):
            return result
        left = right
    return result


# Variables


def read_name(place: str, site: Site) -> None:
    """A variable that several functions share is about to be read."""
    run = runs.active
    if run is None or run.alone:
        return
    if place not in run.knowledge.names:
        if not run.full:
            return
        run.minor = True
    run.step((READ, place, None, site, None))


def name_value(value: Any) -> Any:
    """The value that was just read from such a variable."""
    run = runs.active
    return value if run is None or not run.recording or run.alone else _seen(run, value)


def write_name(value: Any, place: str, site: Site) -> Any:
    """Such a variable is about to be bound to the value."""
    run = runs.active
    if run is not None and not run.alone:
        if place not in run.knowledge.names:
            run.knowledge.learn(run.knowledge.names, place)
        run.step((WRITE, place, None, site, None))
        if run.recording:
            _seen(run, value)
    return value


def bind_names(thing: Any, places: tuple[str, ...], site: Site) -> Any:
    """Iterate over `thing`, whose elements are bound to such variables by the loop."""
    for element in iterate(thing, site):
        for place in places:
            write_name(element, place, site)
        yield element


def tick(file: str, line: int) -> None:
    """A loop goes round, or a function is entered."""
    run = runs.active
    if run is None:
        loading.tick(file, line)
    else:
        run.tick(file, line)


class Loading:
    """Ends a module whose top level goes round for ever."""

    def __init__(self) -> None:
        self.ticks = 0

    def tick(self, file: str, line: int) -> None:
        self.ticks += 1
        if self.ticks > _LOAD_TICKS:
            self.ticks = 0
            raise UsageError(f"{file}:{line}: importing this file went round {_LOAD_TICKS:,} times and did not end")


class LoadingError(UsageError):
    """A file does something while it is imported that only a run may do."""


_LOAD_TICKS = 10_000_000
loading = Loading()


@contextlib.contextmanager
def unwatched() -> Iterator[None]:
    """While a module is imported in a run: nothing is announced, and no thread switches."""
    before, runs.active = runs.active, None
    try:
        yield
    finally:
        runs.active = before


def reflect(name: str, site: Site) -> None:
    """A call of globals(), locals(), eval() or exec(): what it reaches cannot be seen."""
    run = runs.active
    if run is not None and not run.alone:
        run.give_up(f"{site[0]}:{site[1]} calls {name}() while threads run: what is reached through it cannot be seen")


def failed(text: str, left: Any, sign: str, right: Any) -> str:
    """The message of a failed assertion, with its operands."""
    return f"assert {text}, where it was {left!r} {sign} {right!r}"


HOOKS: dict[str, Any] = {
    f"_cc_{name}": hook
    for name, hook in {
        "attr": load_attr, "method": method, "store": store_attr, "delete": delete_attr, "call": callee,
        "iter": iterate, "unpack": unpack, "item": load_item, "setitem": store_item, "delitem": delete_item,
        "look": look_into, "truth": truth, "match": matched, "binary": binary, "inplace": in_place, "chain": chain,
        "name": read_name, "value": name_value, "bind": write_name, "loop": bind_names, "tick": tick,
        "failed": failed, "reflect": reflect, "slice": slice,
    }.items()
}  # fmt: skip
