"""Which attributes other threads can see change, decided once for each class and name in a run."""

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
_TRANSPARENT = (types.FunctionType, classmethod, staticmethod)
_MISSING = object()


def class_key(cls: type) -> str:
    """A name for a class that is the same in every run."""
    return f"{cls.__module__}.{cls.__qualname__}"


def announces(function: Any) -> bool:
    """Whether a function written in Python was rewritten, or announces by itself."""
    return MARK in function.__globals__


def classify(cls: type, name: str, knowledge: Knowledge) -> int:
    """How attribute `name` of the instances of `cls` is treated."""
    if issubclass(cls, type) or cls is super:
        return CLASS
    if cls is types.ModuleType:
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
    if isinstance(value, _C_METHODS):
        return INVISIBLE if cls in contents.SCALARS else METHOD
    if name.startswith("__") and name.endswith("__"):
        return INVISIBLE
    if name in knowledge.conflated:
        return SHARED_NAME
    if isinstance(value, _TRANSPARENT):
        return INVISIBLE
    if isinstance(value, property):
        getter = value.fget
        return (
            INVISIBLE
            if getter is None or not isinstance(getter, types.FunctionType) or announces(getter)
            else FOREIGN
        )
    if value is not _MISSING and not isinstance(
        value, (types.MemberDescriptorType, types.GetSetDescriptorType)
    ):
        get = getattr(type(value), "__get__", None)
        if get is not None:
            return INVISIBLE if isinstance(get, types.FunctionType) and announces(get) else FOREIGN
    if cls in contents.SCALARS and cls is not types.FunctionType:  # f.calls = 0 is a field as any other
        return INVISIBLE
    key = class_key(cls)
    if issubclass(cls, types.SimpleNamespace):
        return WHOLE  # its comparison and its repr are written in C, and read the dictionary
    if key in knowledge.dictionaries:
        return WHOLE
    return FIELD if (key, name) in knowledge.fields else CONSTANT
