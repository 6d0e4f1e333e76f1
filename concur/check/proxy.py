"""A stand-in for an object, which has a history record what the program asks of it.

Its class is made for the class of the object, with the same public names: so
that ``len(proxy)`` works if ``len`` works for the object, and fails as it does.
"""

import functools
from collections.abc import Callable
from types import FunctionType
from typing import Any

from concur.check import contents
from concur.check.fields import load_attr, store_attr
from concur.check.history import SITE, History, has

__concur__ = True  # what is defined here announces by itself

_OPERATORS = frozenset(
    f"__{name}__"
    for name in """
    len bool contains getitem setitem delitem iter next reversed call enter exit eq ne lt le gt ge neg abs int float
    add sub mul truediv floordiv mod and or xor lshift rshift iadd isub imul ior iand ixor
    """.split()
)


class Proxy:
    """What all stand-ins share."""

    _cc_history: History

    def __init__(self, history: History) -> None:
        object.__setattr__(self, "_cc_history", history)

    def __getattr__(self, name: str) -> Any:
        """A field that the object was given later, or a name that it does not have."""
        if name.startswith("__"):
            raise AttributeError(name)
        history = self._cc_history
        if name.startswith("_"):
            return load_attr(history._object, name, SITE)
        if not has(history.model, name):
            load_attr(history._object, name, SITE)  # raises, if it has none either
        return history.perform("read", name, (), {})

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("_"):
            store_attr(value, self._cc_history._object, name, SITE)
        else:
            self._cc_history.perform("write", name, (value,), {})

    def __deepcopy__(self, memo: Any) -> "Proxy":
        return self

    def __repr__(self) -> str:
        return f"<linearizable {self._cc_history.object_name}, {len(self._cc_history.calls)} calls>"


def proxy_for(history: History) -> Any:
    """A stand-in for the object of a history."""
    thing = history._object
    names: dict[str, Any] = {"__module__": __name__}
    for cls in reversed(type(thing).__mro__[:-1]):
        for name, value in vars(cls).items():
            if name in _OPERATORS:
                if value is not None:
                    names[name] = _method(name)
            elif not name.startswith("_"):
                names[name] = _stand_in(name, value)
    for name, value in contents.fields_of(thing).items():
        if not name.startswith("_"):
            names[name] = _stand_in(name, value)
    history.proxy = type(f"linearizable {history.object_name}", (Proxy,), names)(history)
    return history.proxy


def _stand_in(name: str, value: Any) -> Any:
    if isinstance(value, type):  # a class inside the class, as an exception of its own
        return value
    if callable(value) or isinstance(value, (staticmethod, classmethod, functools.partialmethod)):
        return _method(name)
    return _field(name)


@functools.cache
def _method(name: str) -> Callable[..., Any]:
    def call(self: Proxy, /, *args: Any, **kwargs: Any) -> Any:
        return self._cc_history.perform("call", name, args, kwargs)

    assert isinstance(call, FunctionType)
    call.__name__ = call.__qualname__ = name  # a thread is named after its target
    return call


@functools.cache
def _field(name: str) -> property:
    def read(self: Proxy) -> Any:
        return self._cc_history.perform("read", name, (), {})

    def write(self: Proxy, value: Any) -> None:
        self._cc_history.perform("write", name, (value,), {})

    return property(read, write)
