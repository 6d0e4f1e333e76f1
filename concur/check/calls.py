"""What is called instead of a callable, so that what it touches is announced.

A function that was rewritten announces by itself. One that is written in C
is one atomic access to the containers it is given. Python code that was not
rewritten is watched by `foreign.py`.
"""

import datetime
import functools
import operator
import re
import sys
import types
import weakref
from collections.abc import Callable
from typing import Any

from concur.check import contents, visibility
from concur.check import engine as runs
from concur.check.buffers import exporter, is_buffer, touch_size
from concur.check.contents import EXACT_CONTAINERS, SCALARS, containers_in, is_container
from concur.check.engine import Engine
from concur.check.foreign import (
    NO_WEAK_REFERENCES,
    call_foreign,
    global_effect,
    in_standard_library,
    refuse_always,
)  # fmt: skip
from concur.check.generators import CONSUMERS, advance, shared
from concur.check.implicit import announce_looks, is_strange, leaves_elements_alone, of_numbers, strange_in
from concur.check.ops import READ, WRITE
from concur.check.output import Output
from concur.check.touch import (
    Site,
    consumed,
    is_python_class,
    known_dictionaries,
    note_view,
    place_of,
    touch,
    touch_all,
)
from concur.check.variables import called_back
from concur.check.visibility import announces


def callee(function: Any, site: Site) -> Any:
    """What to call instead of `function`, so that what it touches is announced."""
    kind = type(function)
    if runs.active is None:  # what looks at its caller's frame finds it
        return function if function is not vars else functools.partial(SPECIAL_FUNCTIONS[vars], site)
    if kind is types.FunctionType:
        return function if visibility.MARK in function.__globals__ else Foreign(function, site)
    if kind is types.MethodType:
        inner = function.__func__
        if type(inner) is types.FunctionType and visibility.MARK not in inner.__globals__:
            return Foreign(function, site)
        return function
    if kind is Announced or kind is Foreign or kind is Special:
        return function
    if kind is weakref.ref and runs.active.trace and not in_standard_library(site):
        runs.active.give_up(f"{site[0]}:{site[1]} asks a weak reference, but {NO_WEAK_REFERENCES}")
    if isinstance(function, type):
        return _class_callee(function, site)
    if kind in _C_CALLABLES:
        return _c_callee(function, site)
    if kind is functools.partial:
        inner = callee(function.func, site)
        return (
            function
            if inner is function.func
            else functools.partial(inner, *function.args, **function.keywords)
        )
    call = getattr(kind, "__call__", None)  # noqa: B004  # not whether, but which
    if isinstance(call, types.FunctionType) and announces(call):
        return function
    return Foreign(function, site)


_C_CALLABLES = (
    types.BuiltinFunctionType,
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
    types.MethodWrapperType,
    types.ClassMethodDescriptorType,
)


_CALLABLE_ARGUMENTS = (
    *_C_CALLABLES, types.FunctionType, types.MethodType, functools.partial,
    operator.attrgetter, operator.itemgetter, operator.methodcaller,
)  # fmt: skip


_NAMES_FIELD = re.compile(r"\{[^{}]*\.")  # in a format: ``{0.name}``


class Foreign:
    """A callable in Python that was not rewritten."""

    __slots__ = ("function", "site")

    def __init__(self, function: Any, site: Site) -> None:
        self.function = function
        self.site = site

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        run = runs.active
        if run is None:
            return _at_home(self.function(*args, **kwargs))
        refuse_always(run, self.function, self.site)
        if run.alone:
            return _at_home(self.function(*args, **kwargs))
        name = getattr(self.function, "__qualname__", type(self.function).__qualname__)
        result = call_foreign(run, self.function, args, kwargs, self.site, f"{name}()")
        return _at_home(result)


def _at_home(result: Any) -> Any:
    """A class that was made for its caller, as namedtuple does, belongs to the caller's module, not to this one."""
    if isinstance(result, type) and result.__dict__.get("__module__") in _BELOW_A_CALL:
        result.__module__ = sys._getframe(2).f_globals["__name__"]
    return result


_BELOW_A_CALL = (__name__, call_foreign.__module__)


class Special(functools.partial):  # type: ignore[type-arg]
    """A method written in C with a stand-in that announces what it does."""

    __slots__ = ()


class Announced:
    """A callable written in C, or a method of a container; the call is one atomic step."""

    __slots__ = ("__name__", "function", "mode", "owner", "site", "storing")

    def __getattr__(self, name: str) -> Any:
        return getattr(self.function, name)  # a method kept as a value looks like itself

    def __eq__(self, other: object) -> bool:
        return bool(self.function == (other.function if type(other) is Announced else other))

    def __hash__(self) -> int:
        return hash(self.function)

    def __repr__(self) -> str:
        return repr(self.function)

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
            note_view(result, self.owner)
            return result
        given = () if self.storing else args if not kwargs else (*args, *kwargs.values())
        where = announce_looks(run, self._strange(args, given), self.site, f"{self.__name__}()")
        if where is not None:
            before, run.frozen = run.frozen, run.frozen or where
            try:
                return self._call(run, args, kwargs, given)
            finally:
                run.frozen = before
        return self._call(run, args, kwargs, given)

    def _strange(self, args: tuple[Any, ...], given: tuple[Any, ...]) -> list[Any]:
        """The objects whose special methods, which are not rewritten, may be called."""
        if self.storing:
            return strange_in(args[:1]) if isinstance(self.owner, (dict, set)) else []
        if leaves_elements_alone(self.function, self.owner):
            return [thing for thing in given if is_strange(type(thing))]
        looked_at = given if self.owner is None or not is_container(self.owner) else (*given, self.owner)
        if self.__name__ in ("format", "format_map") and _NAMES_FIELD.search(str(self.function.__self__)):
            return [thing for thing in contents.objects_in(given) if not is_container(thing)]
        return strange_in(looked_at)

    def _call(self, run: Engine, args: Any, kwargs: dict[str, Any], given: tuple[Any, ...]) -> Any:
        moved = consumed(run, given)
        if self.__name__ in CONSUMERS:
            args = tuple([shared(each, self.site) for each in args])
        if "key" in kwargs:
            kwargs["key"] = _called_back(argument(kwargs["key"], self.site))
        elif self.__name__ == "reduce":
            args = (_called_back(argument(args[0], self.site)), *args[1:])
        also = containers_in(given)
        if self.owner is not None:
            if not self.storing and self.mode == READ and is_container(self.owner):
                also += containers_in((self.owner,))
            also += moved
            touch(run, self.mode, self.owner, self.site, also)
        elif also or moved:
            also += moved
            known_dictionaries(run, also, self.site)
            if self.mode == WRITE:
                more = tuple((place_of(thing), WRITE) for thing in also[1:])
                run.step((WRITE, place_of(also[0]), exporter(also[0]), self.site, more or None))
            elif self.function is len and is_buffer(also[0]):
                touch_size(run, also[0], self.site)
            else:
                touch_all(run, also, self.site)
        noted = run.recording and (self.owner is not None or also)
        if noted:
            run.recorder.called(self.__name__, self.owner, also, args)
        thread = run.current
        before = thread.calling
        if (self.owner is not None or also) and not self.storing and self.__name__ != "sorted":
            thread.calling = (
                None if run.frozen or thread.section or thread.last < 0 else run.trace[thread.last][1]
            )
        try:
            result = self.function(*args, **kwargs)
        finally:
            thread.calling = before
        note_view(result, self.owner)
        if noted:
            run.recorder.value(self.owner if self.owner is not None and self.mode == WRITE else result)
        return result


def bound_method(thing: Any, name: str, site: Site) -> Any:
    """A bound method written in C, of something that has content."""
    bound = getattr(thing, name)
    if runs.active is None or type(bound) not in _C_CALLABLES:  # the object has a field of that name
        return bound
    if isinstance(thing, type) or not _has_content(thing):
        return bound
    special = SPECIAL_METHODS.get((type(thing), name))
    if special is not None:
        return Special(special, site, thing)
    if type(thing) is types.GeneratorType:
        return functools.partial(advance, thing, site, bound)
    return Announced(bound, thing, contents.mode_of_method(name), name in contents.STORING_METHODS, site)


def _has_content(thing: Any) -> bool:
    cls = type(thing)
    return cls not in SCALARS and not isinstance(
        thing, (tuple, frozenset, str, bytes, int, float, BaseException)
    )


# Built-ins that get at fields or iterate; the modules that know how put their stand-ins here.
SPECIAL_FUNCTIONS: dict[Any, Callable[..., Any]] = {}
# The same for methods: of a type, by name. They are given the site, the object, and the arguments.
SPECIAL_METHODS: dict[tuple[type, str], Callable[..., Any]] = {}
_CLOCKS = ("now", "utcnow", "today")  # class methods of dates that read a clock
_DUNDER_FIELD_METHODS = {"__getattribute__": "getattr", "__setattr__": "setattr", "__delattr__": "delattr"}


def _c_callee(function: Any, site: Site) -> Any:
    special = SPECIAL_FUNCTIONS.get(function) if type(function) is types.BuiltinFunctionType else None
    if special is not None:
        return functools.partial(special, site)
    if type(function) is types.BuiltinFunctionType and function.__self__ is not None:
        owner = function.__self__
        if type(owner) is types.ModuleType:
            effect = global_effect(function)
            if effect is not None or owner.__name__ in _FOLLOWS_FIELDS:
                return Foreign(function, site)
            if function in _LOOK_AT_THE_CALLER:
                return function
            if function in contents.HARMLESS:
                return function if function in _ASK_NOTHING else functools.partial(of_numbers, function, site)
            reads = function in contents.READING_FUNCTIONS or owner.__name__ in _PURE_MODULES
            mode = READ if reads and function not in _CHANGES_ITS_ARGUMENT else WRITE
            return Announced(function, None, mode, False, site)
        if isinstance(owner, type) and function.__name__ in _CLOCKS and issubclass(owner, datetime.date):
            return functools.partial(SPECIAL_FUNCTIONS["clock"], function, site)
        if type(owner) is types.CoroutineType and runs.active is not None:
            runs.active.current.changes += 1  # it is moved, or closed
        if isinstance(owner, type) or not _has_content(owner):  # str.join, dict.fromkeys
            return Announced(function, None, READ, False, site)
        special = SPECIAL_METHODS.get((type(owner), function.__name__))
        if special is not None:
            return Special(special, site, owner)
        if type(owner) is types.GeneratorType:
            return functools.partial(advance, owner, site, function)
        return Announced(
            function,
            owner,
            contents.mode_of_method(function.__name__),
            function.__name__ in contents.STORING_METHODS,
            site,
        )
    name = getattr(function, "__name__", "")
    if name in _DUNDER_FIELD_METHODS:
        return functools.partial(SPECIAL_FUNCTIONS["dunder"], function, site)
    if type(function) is types.MethodWrapperType:
        owner = function.__self__
        if type(owner) is types.GeneratorType:
            return functools.partial(advance, owner, site, function)
        if _has_content(owner) and is_container(owner):
            return Announced(
                function, owner, contents.mode_of_method(name), name in contents.STORING_METHODS, site
            )
        return Announced(function, None, READ, False, site)
    # an unbound method, list.append: the first argument is the owner
    return functools.partial(_unbound, function, site)


_ASK_NOTHING = frozenset((isinstance, issubclass, callable, id))
_FOLLOWS_FIELDS = frozenset(
    ("_pickle", "marshal", "_warnings")
)  # written in C, and reads the fields of what it is given
_LOOK_AT_THE_CALLER = frozenset((sys._getframe, sys.exc_info))
_CHANGES_ITS_ARGUMENT = frozenset(
    getattr(operator, name)
    for name in dir(operator)
    if name in ("setitem", "delitem") or (name.startswith("i") and hasattr(operator, f"__{name}__"))
) - {operator.inv, operator.invert, operator.index}
_PURE_MODULES = frozenset(("math", "_operator", "_json", "builtins", "time", "cmath", "_functools"))


def _print(site: Site, /, *args: Any, **kwargs: Any) -> None:
    """``print``; what it prints to is changed, but for the output of the program itself."""
    file = kwargs.get("file")
    if file is None and type(sys.stdout) is not Output and sys.stdout is not sys.__stdout__:
        file = sys.stdout  # the program has put something there
    Announced(print, file, READ if file is None else WRITE, False, site)(*args, **kwargs)


SPECIAL_FUNCTIONS[print] = _print


def _unbound(function: Any, site: Site, /, *args: Any, **kwargs: Any) -> Any:
    special = SPECIAL_METHODS.get((type(args[0]), function.__name__)) if args else None
    if special is not None:
        return special(site, *args, **kwargs)
    if args and is_container(args[0]):
        name = function.__name__
        bound, storing = functools.partial(function, args[0]), name in contents.STORING_METHODS
        bound.__name__ = name  # type: ignore[attr-defined]
        return Announced(bound, args[0], contents.mode_of_method(name), storing, site)(*args[1:], **kwargs)
    return Announced(function, None, READ, False, site)(*args, **kwargs)


def _class_callee(cls: Any, site: Site) -> Any:
    if cls in contents.LAZY_TYPES:
        return functools.partial(SPECIAL_FUNCTIONS["lazy"], cls, site)
    if is_python_class(cls) and cls not in EXACT_CONTAINERS:
        for name in ("__new__", "__init__"):
            maker = getattr(cls, name)
            if type(maker) is types.FunctionType and not announces(maker) and not _generated(cls, maker):
                return Foreign(cls, site)
        return cls
    if cls in _NUMBERS:
        return functools.partial(of_numbers, cls, site)
    if cls in _PLAIN_CLASSES:
        return cls
    if cls in SPECIAL_FUNCTIONS:
        return functools.partial(SPECIAL_FUNCTIONS[cls], site)
    return Announced(cls, None, READ, False, site)


def _generated(cls: Any, maker: Any) -> bool:
    """Whether a method was generated for a class of a rewritten module, or only fills a new named tuple."""
    if "_tuple_new" in maker.__globals__ and str(maker.__module__).startswith("namedtuple_"):
        return True
    module = sys.modules.get(cls.__module__)
    return bool(maker.__module__ == cls.__module__ and module is not None and visibility.MARK in vars(module))


_PLAIN_CLASSES = frozenset((object, type, super, property, classmethod, staticmethod, slice))
_NUMBERS = frozenset((range, int, float, complex))


def argument(thing: Any, site: Site | None) -> Any:
    """An argument that C code is going to call."""
    if type(thing) in _CALLABLE_ARGUMENTS or (type(thing) is type and thing in _CONVERSIONS):
        return callee(thing, site or ("", 0))
    return thing


def _called_back(function: Any) -> Any:
    """A function that code in C calls while it looks into a container; a lambda does not say that it is entered."""
    if type(function) is not types.FunctionType:
        return function

    def entered(*args: Any) -> Any:
        run = runs.active
        if run is not None and not run.alone and not run.dead:
            called_back(run)
        return function(*args)

    return entered


_CONVERSIONS = frozenset((str, bytes, bool, *_NUMBERS))
