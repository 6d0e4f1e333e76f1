"""Which attributes other threads can see change, decided once for each class and name in a run."""

import collections
import types
from typing import Any

from concur.check import contents
from concur.check.knowledge import Knowledge

# How an attribute is treated when it is loaded or stored.
INVISIBLE = 0  # a method, a property: what it does announces itself
CONSTANT = 1  # a field that so far was written only while the main thread was alone
FIELD = 2  # a field of one object
SHARED_NAME = 3  # written on a class as well: one location for all objects with that name
WHOLE = 4  # a field of an object that is also reached through its __dict__
METHOD = 5  # a method written in C of something that has content
CLASS = 6  # an attribute of a class
MODULE = 7  # an attribute of a module
DICTIONARY = 8  # __dict__ itself
FOREIGN = 9  # a descriptor in Python that was not rewritten
THREAD_LOCAL = 10

MARK = "__concur__"  # in the globals of every module that announces what it does

_C_METHODS = (
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
    types.BuiltinFunctionType,
    types.ClassMethodDescriptorType,
)
# Names with two underscores at both ends that mean something to Python.
NAMES_OF_PYTHON = frozenset(
    (
        *(
            name
            for cls in (type, types.FunctionType, types.ModuleType, BaseException)
            for name in dir(cls)
            if name[:2] == "__"
        ),
        *(
            f"__{name}__"
            for name in "slots match_args wrapped weakref orig_bases orig_class parameters".split()
        ),
        *(f"__{name}__" for name in "origin args all file path spec loader package".split()),
    )
)
# The fields of a named tuple cannot change.
_TRANSPARENT = (types.FunctionType, classmethod, staticmethod, type(collections.namedtuple("_", "x").x))  # type: ignore[attr-defined]
_MISSING = object()


_replaced: set[str] = (
    set()
)  # classes of objects that were given another dictionary, which others may have as well


def new_run() -> None:
    """Forget the classes of the last run."""
    _replaced.clear()


def note_replaced(cls: type) -> None:
    """An object of a class is given a dictionary, as ``self.__dict__ = shared``."""
    _replaced.add(class_key(cls))


def class_key(cls: type) -> str:
    """A name for a class that is the same in every run."""
    return f"{cls.__module__}.{cls.__qualname__}"


def announces(function: Any) -> bool:
    """Whether a function written in Python was rewritten, or announces by itself."""
    return MARK in function.__globals__


def _is_own_field(name: str, value: Any) -> bool:
    """Whether a name like ``__count__`` is one that the program made up: Python knows no such name."""
    return name not in NAMES_OF_PYTHON and not hasattr(type(value), "__get__")


def is_foreign_method(cls: type, name: str) -> bool:
    """Whether a class has a method of that name that is written in Python and was not rewritten."""
    method = getattr(cls, name, None)
    return isinstance(method, types.FunctionType) and not announces(method)


def _described(cls: type, name: str, value: Any) -> int | None:
    """How an attribute is treated that a function, a property or a descriptor answers for; None if none does."""
    if value is _MISSING:
        foreign = is_foreign_method(cls, "__getattr__") and not cls.__module__.startswith("concur.check")
        return FOREIGN if foreign else None
    if isinstance(value, _TRANSPARENT):
        return INVISIBLE
    if isinstance(value, property):
        getter = value.fget
        return FOREIGN if isinstance(getter, types.FunctionType) and not announces(getter) else INVISIBLE
    if not isinstance(value, (types.MemberDescriptorType, types.GetSetDescriptorType)):
        get = getattr(type(value), "__get__", None)
        if get is not None:
            return INVISIBLE if isinstance(get, types.FunctionType) and announces(get) else FOREIGN
    return None


def classify(cls: type, name: str, knowledge: Knowledge) -> int:
    """How attribute `name` of the instances of `cls` is treated."""
    if issubclass(cls, type) or cls is super:
        return CLASS
    if issubclass(cls, types.ModuleType) and not cls.__module__.startswith("concur.check"):
        return MODULE
    if name == "__dict__":
        return DICTIONARY
    if getattr(cls, "_concur_thread_local", False):
        return THREAD_LOCAL
    value: Any = _MISSING
    for base in cls.__mro__:
        value = base.__dict__.get(name, _MISSING)
        if value is not _MISSING:
            break
    if is_foreign_method(cls, "__getattribute__"):
        return FOREIGN
    if isinstance(value, _C_METHODS):
        return INVISIBLE if cls in contents.SCALARS else METHOD
    if name.startswith("__") and name.endswith("__") and not _is_own_field(name, value):
        return INVISIBLE
    described = _described(cls, name, value)
    if described == FOREIGN:
        return FOREIGN
    if name in knowledge.conflated:
        return SHARED_NAME
    if described is not None:
        return described
    if cls in contents.SCALARS and cls is not types.FunctionType:  # f.calls = 0 is a field as any other
        return INVISIBLE
    key = class_key(cls)
    if issubclass(cls, types.SimpleNamespace):
        return WHOLE  # its comparison and its repr are written in C, and read the dictionary
    if key in knowledge.dictionaries or key in _replaced:
        return WHOLE
    return FIELD if (key, name) in knowledge.fields else CONSTANT
