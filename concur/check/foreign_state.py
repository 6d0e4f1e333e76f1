"""What a call of code that was not rewritten can reach besides its arguments: variables and objects of modules.

It is read from the code, and errs on the side of too much: a name that is called
may be any method of that name of any object in reach; a function that changes
some container may change every one in reach; what looks names up while it runs
(``getattr``, ``globals``, ``exec``) may do anything that the classes in reach
can do, and may change the module. So two threads that call such functions at
the same time are told to be out of reach of the checker, unless what both can
reach is only read.
"""

import array
import collections
import dis
import functools
import io
import operator
import queue
import sys
import types
from collections.abc import Iterable
from typing import Any

from concur.check import contents
from concur.check.ops import READ, WRITE
from concur.check.visibility import MARK, announces

_GLOBAL_STORES = frozenset(("STORE_GLOBAL", "DELETE_GLOBAL"))
_CHANGES = frozenset("STORE_ATTR DELETE_ATTR STORE_SUBSCR DELETE_SUBSCR STORE_SLICE DELETE_DEREF".split())
_LOOKS_UP = frozenset(
    """getattr setattr delattr globals vars exec eval __import__ import_module modules __dict__ __setattr__ __delattr__
    __getattribute__""".split()
)
# What changes what it is given, or what it belongs to, and is written in C, so that its text does not say so.
_CHANGING = frozenset(
    name
    for cls in (
        list, dict, set, bytearray, array.array, io.StringIO, io.BytesIO, io.TextIOWrapper, queue.SimpleQueue,
        collections.deque, collections.OrderedDict, collections.Counter, collections.defaultdict, types.GeneratorType,
    )
    for name in dir(cls)
    if contents.mode_of_method(name) == WRITE
    and (name[:2] != "__" or name in ("__setitem__", "__delitem__", "__next__"))
) | frozenset(
    """next heappush heappop heapify heappushpop heapreplace insort insort_left insort_right shuffle setitem delitem
    iadd iconcat isub imul iand ior ixor acquire release put""".split()
)  # fmt: skip
_MOST = 5_000  # functions that are followed
_NO_VARIABLES = (
    types.FunctionType,
    property,
    functools.cached_property,
    types.MemberDescriptorType,
    types.GetSetDescriptorType,
)
_ENTERS = frozenset(("BEFORE_WITH", "BEFORE_ASYNC_WITH", "LOAD_SPECIAL"))
_CONTEXT = frozenset(("__enter__", "__exit__"))
_MAKERS = frozenset(("__init__", "__new__", "__post_init__", "__init_subclass__", "__set_name__"))
_FIXED: tuple[Any, ...] = (
    *(contents.SCALARS - {object}), tuple, frozenset, BaseException, functools.partial, operator.attrgetter,
    operator.itemgetter, operator.methodcaller,
)  # fmt: skip
_PYTHON_CLASS = 1 << 9  # the flag of classes that were made by a class statement


class _Code:
    """What is written in a function, and in those inside it."""

    def __init__(self, code: types.CodeType) -> None:
        self.loads: set[str] = set()  # variables of the module
        self.stores: set[str] = set()  # the same, bound anew
        self.attributes: set[str] = set()
        self.changes = False  # it changes an object or a container, perhaps only one of its own
        self.attribute_stores: set[str] = set()
        self.rebinds: set[str] = set()  # variables of an enclosing function
        self._read(code)
        self.looks_up = bool((self.loads | self.attributes) & _LOOKS_UP)
        self.changes = self.changes or self.looks_up or bool((self.loads | self.attributes) & _CHANGING)

    def _read(self, code: types.CodeType) -> None:
        for step in dis.get_instructions(code):
            name = step.opname
            if name in _GLOBAL_STORES:
                self.stores.add(step.argval)
            elif name in ("LOAD_GLOBAL", "LOAD_NAME"):
                self.loads.add(step.argval)
            elif name in _CHANGES:
                self.changes = True
            elif name in _ENTERS:
                self.attributes |= _CONTEXT
            elif name == "STORE_DEREF" and step.argval in code.co_freevars:
                self.rebinds.add(step.argval)
            if name in ("STORE_ATTR", "DELETE_ATTR"):
                self.attribute_stores.add(step.argval)
            elif name in ("LOAD_ATTR", "LOAD_METHOD", "LOAD_SUPER_ATTR", "IMPORT_FROM"):
                self.attributes.add(step.argval)
        for constant in code.co_consts:
            if isinstance(constant, types.CodeType):
                self._read(constant)


_code_of = functools.lru_cache(maxsize=10_000)(_Code)


_DISPATCHERS = frozenset(
    ("builtins", "_operator", "math", "cmath", "time", "_abc", "_functools")
)  # modules in C


def _is_python(function: Any) -> bool:
    """Whether the text of a callable is there to be read, or it only calls special methods, which are."""
    if isinstance(function, types.MethodType):
        return _is_python(function.__func__)
    if isinstance(function, functools.partial):
        return _is_python(function.func)
    if isinstance(function, functools._lru_cache_wrapper) or function in (setattr, delattr):
        return False
    if isinstance(function, types.BuiltinFunctionType):
        return function.__module__ in _DISPATCHERS
    if isinstance(function, types.MethodWrapperType):
        return type(function.__self__) is types.GeneratorType
    cls = function if isinstance(function, type) else type(function)
    return cls is types.FunctionType or bool(cls.__flags__ & _PYTHON_CLASS)


class Reach:
    """What one call can reach. ``places`` are variables, with READ or WRITE; ``objects`` is what they hold.

    Args:
        function: what is called.
        reached: its arguments, and what can be reached from them.
        quiet: top-level modules whose functions are not followed.
        stateless: those of them that keep no state, and change nothing that they are given.
        names: the methods that are called besides those that the code names; None if they may be any.
    """

    def __init__(
        self,
        function: Any,
        reached: Iterable[Any],
        quiet: frozenset[str],
        stateless: frozenset[str],
        names: frozenset[str] | None,
    ) -> None:
        self.places: dict[Any, int] = {}
        self.objects: list[Any] = []
        self.is_read = _is_python(function)  # its text; else nothing is known of what it does
        self.changes = not self.is_read
        self._cells: list[Any] = []  # kept as long as this is: their addresses are places
        self._quiet = quiet
        self._stateless = stateless | _DISPATCHERS
        self._makes = isinstance(function, type)  # it may make objects: then those are set up
        self._functions: list[types.FunctionType] = []
        self._codes: set[int] = set()
        self._seen: set[int] = set()
        self._classes: list[type] = []
        self._named: set[type] = set()  # classes that may be called
        self._names: set[str] = set(names or ())
        self.stores: set[str] = set()
        self.everything = names is None
        self._meet(function)
        for thing in reached:
            self._meet(thing, given=True)
        self._follow()
        for cls in self._classes:
            for name in sorted(self.stores & vars(cls).keys()):
                if not isinstance(vars(cls)[name], _NO_VARIABLES):
                    self._touch(name, WRITE)  # the class may be what is assigned to

    def _follow(self) -> None:
        """Until nothing new is found: a new name may be a method of an old class, and the other way round."""
        known: Any = None
        while known != (now := (len(self._names), len(self._classes), len(self._named), self.everything)):
            known = now
            self._makes = self._makes or "__class__" in self._names
            for cls in list(self._classes):
                for name, member in list(vars(cls).items()):
                    if (
                        self.everything
                        or name in self._names
                        or (name[:2] == "__" and name not in _MAKERS | _CONTEXT)
                        or (name in _MAKERS and (self._makes or cls in self._named))
                    ):
                        self._meet_member(member)
            while self._functions and len(self._codes) < _MOST:
                self._read(self._functions.pop())

    def _meet(self, thing: Any, *, given: bool = False) -> None:
        """Something is in reach: what may it run, and what does it hold?"""
        if id(thing) in self._seen:
            return
        self._seen.add(id(thing))
        if isinstance(thing, types.FunctionType):
            if not announces(thing) and not self._is_quiet(thing.__module__):
                self._functions.append(thing)
                if thing.__dict__:  # variables that it keeps as its own attributes
                    self.objects.append(thing)
            return
        if isinstance(thing, types.GeneratorType):
            self._meet_generator(thing)
            return
        if isinstance(thing, types.MethodType):
            self._meet(thing.__func__)
            self._hold(thing.__self__, given=given)
            return
        if isinstance(thing, functools.partial):
            for part in (thing.func, *thing.args, *thing.keywords.values()):
                self._meet(part, given=given)
            return
        if isinstance(thing, type):
            self._named.update(thing.__mro__)
            self._meet_class(thing)
            return
        if type(thing) in contents.SCALARS:
            return
        if isinstance(thing, functools._lru_cache_wrapper):
            self._meet(thing.__wrapped__)
        self._hold(thing, given=given)

    def _meet_generator(self, generator: Any) -> None:
        frame = generator.gi_frame
        if frame is None or MARK in frame.f_globals:  # it has ended, or announces by itself
            return
        self.changes = True
        if not self._is_quiet(frame.f_globals.get("__name__")):
            self._read_code(generator.gi_code, frame.f_globals)
        for value in frame.f_locals.values():
            self._meet(value)

    def _hold(self, thing: Any, *, given: bool) -> None:
        cls = type(thing)
        in_c = contents.is_made_in_c(cls)
        if self._is_quiet(cls.__module__) and not in_c:
            return
        self._note(thing)
        if given:
            return
        for each in contents.objects_in((thing,)):
            self.objects.append(each)
            self._note(each)

    def _note(self, thing: Any) -> None:
        cls = type(thing)
        self._meet_class(cls)
        if not contents.is_container(thing) and not issubclass(cls, _FIXED) and contents.is_made_in_c(cls):
            self.changes = True  # who knows what its methods do

    def _meet_class(self, cls: type) -> None:
        for base in cls.__mro__:
            if (
                base not in self._classes
                and base.__flags__ & _PYTHON_CLASS
                and not self._is_quiet(base.__module__)
            ):
                self._classes.append(base)

    def _meet_member(self, member: Any) -> None:
        """Something in the body of a class."""
        if isinstance(member, (staticmethod, classmethod)):
            member = member.__func__
        if isinstance(member, property):
            for part in (member.fget, member.fset, member.fdel):
                self._meet(part)
        elif isinstance(member, functools.cached_property):
            self._meet(member.func)
            self.changes = True
            self.stores.add(member.attrname or "")
        elif isinstance(member, types.FunctionType) or contents.is_container(member):
            self._meet(member)
        elif hasattr(type(member), "__get__"):
            self._hold(member, given=False)

    def _is_quiet(self, module: str | None) -> bool:
        return (module or "").partition(".")[0] in self._quiet

    def _read(self, function: types.FunctionType) -> None:
        self._read_code(function.__code__, function.__globals__)
        code = _code_of(function.__code__)
        free = function.__code__.co_freevars
        for name, cell in zip(free, function.__closure__ or (), strict=True):
            self._cells.append(cell)
            self._touch((id(cell), "[]"), WRITE if name in code.rebinds else READ)
            try:
                self._meet(cell.cell_contents)
            except ValueError:  # not bound yet
                pass
        for default in (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()):
            self._meet(default)

    def _read_code(self, text: types.CodeType, namespace: dict[str, Any]) -> None:
        if id(text) in self._codes:
            return
        self._codes.add(id(text))
        code = _code_of(text)
        module = namespace.get("__name__", "")
        self._names |= code.attributes
        self.stores |= code.attribute_stores
        self.changes = self.changes or code.changes
        if code.looks_up:
            self.everything = True
            self._touch(f"{module}:", WRITE)
        for name in sorted(code.stores):  # in one order in every process
            self._touch(f"{module}:{name}", WRITE)
        for name in sorted(code.loads):
            if name in namespace:
                self._touch(f"{module}:{name}", READ)
                self._load(namespace[name], code)

    def _load(self, value: Any, code: _Code) -> None:
        """A variable of a module is read; of another module, its attributes may be."""
        if not isinstance(value, types.ModuleType):
            self._meet(value)
            self._judge(value)
            return
        name = value.__name__
        if self._is_quiet(name) or name in sys.builtin_module_names:
            self.changes = self.changes or name.partition(".")[0] not in self._stateless
            return
        for attribute in sorted((code.attributes | code.attribute_stores) & vars(value).keys()):
            self._touch(f"{name}:{attribute}", WRITE if attribute in code.attribute_stores else READ)
            self._meet(vars(value)[attribute])
            self._judge(vars(value)[attribute])

    def _judge(self, thing: Any) -> None:
        """What is not followed may change what it is given."""
        if callable(thing):
            module = getattr(thing, "__module__", None) or ""
            if self._is_quiet(module) or isinstance(thing, types.BuiltinFunctionType):
                self.changes = self.changes or module.partition(".")[0] not in self._stateless

    def _touch(self, place: Any, mode: int) -> None:
        self.places[place] = WRITE if mode == WRITE else self.places.get(place, READ)
