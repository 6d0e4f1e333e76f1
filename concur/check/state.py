"""The state of a run, written down so that equal texts mean equal states.

It is what the program's variables hold, followed through all objects, and where
each thread stands in its functions. Objects are numbered in the order in which
they are met, so a state does not depend on addresses. An object whose inside
cannot be seen, such as an iterator or an open file, has no such text: then
there is no state, and nothing may be concluded.
"""

import array
import collections
import functools
import os
import sys
import types
from collections.abc import Iterator
from typing import Any

from concur.check import contents
from concur.check.engine import Engine
from concur.check.frames import variables_of
from concur.check.loader import Loader
from concur.check.threads import VirtualThread
from concur.check.touch import is_python_class
from concur.check.virtual_local import local
from concur.check.virtual_locks import Lock, RLock
from concur.check.virtual_threads import Thread
from concur.check.visibility import MARK, NAMES_OF_PYTHON
from concur.check.whereabouts import is_pythons

_CHECK = os.path.dirname(__file__)
_PLAIN = (int, float, complex, bool, str, bytes, type(None), type(Ellipsis), range, slice)
_FIXED = (
    types.BuiltinFunctionType, types.ModuleType, types.CodeType, types.MethodDescriptorType,
    types.WrapperDescriptorType,
    type(NotImplemented), types.GenericAlias, property, types.GetSetDescriptorType,
    types.MemberDescriptorType, types.UnionType, types.MethodWrapperType,
)  # fmt: skip
_OF_THE_CHECKER = ("_cc_thread", "taken_at", "owner", "count")  # fields of threads and locks
_SEQUENCES = (list, tuple, set, frozenset, collections.deque, bytearray)


_MOST_OBJECTS = 5_000  # that a state may have; to write it down takes time at each round


class Unseen(Exception):
    """An object has an inside that cannot be written down, or there are too many."""


def state_of(run: Engine, histories: dict[int, list[Any]]) -> Any:
    """The state at this moment, or None if there is an object that cannot be written down.

    Args:
        run: the run; its current thread is the caller.
        histories: for each thread, what it has read and may still keep in the middle of an expression.
    """
    writer = _Writer()
    try:
        written = [
            writer.fields(name, vars(module))
            for name, module in sorted(Loader.current.modules.items())
            if MARK in vars(module) and not _is_of_library(vars(module).get("__file__"))
        ]
        for thread in run.threads:
            written.append(_thread(run, thread, writer, histories.get(thread.tid, ())))
    except Unseen:
        return None
    clock = run.now if run.knowledge.clock else 0
    return (tuple(written), clock, run.hidden, run.numbered)


def _is_of_library(file: Any) -> bool:
    return file is None or file.startswith(os.path.dirname(_CHECK) + os.sep) or is_pythons(file)


def _thread(run: Engine, thread: VirtualThread, writer: "_Writer", history: Any) -> Any:
    if thread.done:
        return ("done", thread.tid)
    here = thread is run.current
    if not here and not hasattr(thread.carrier, "gr_frame"):
        raise Unseen  # a thread of the operating system
    frames = tuple(
        (writer.value(frame.f_code), frame.f_lasti, writer.fields(frame.f_code.co_name, variables_of(frame)))
        for frame in _frames(sys._getframe(2) if here else thread.carrier.gr_frame)
    )
    left = None if thread.deadline is None else thread.deadline - run.now
    kind = None if here or thread.op is None else thread.op[0]
    return (thread.tid, kind, left, thread.expired, frames, tuple(map(writer.value, history)))


def _frames(frame: types.FrameType | None) -> Iterator[types.FrameType]:
    while frame is not None:
        if MARK in frame.f_globals and not frame.f_code.co_filename.startswith(_CHECK):
            yield frame
        frame = frame.f_back


class _Writer:
    def __init__(self) -> None:
        self.numbers: dict[int, int] = {}

    def fields(self, name: str, fields: Any) -> Any:
        """Names and values; what every run has anew under the same name is left out."""
        written: list[Any] = [name]
        for key in sorted(key for key in fields if isinstance(key, str)):
            if not key.startswith(("__concur", "_cc_", "__builtins")) and key not in NAMES_OF_PYTHON:
                written.append((key, self.value(fields[key])))
        return tuple(written)

    def value(self, value: Any) -> Any:
        kind = type(value)
        if kind in _PLAIN:
            return (kind.__name__, value)
        if kind in _FIXED or issubclass(kind, types.ModuleType):
            return ("fixed", id(value))
        if id(value) in self.numbers:
            return ("again", self.numbers[id(value)])
        self.numbers[id(value)] = len(self.numbers)
        if len(self.numbers) > _MOST_OBJECTS:
            raise Unseen
        return (kind.__name__, self._inside(value, kind))

    def _inside(self, value: Any, kind: type) -> Any:
        if isinstance(value, type):
            return id(value) if _is_builtin(value) else self.fields(value.__qualname__, vars(value))
        if kind is types.FunctionType:
            cells = [self.value(cell) for cell in value.__closure__ or ()]
            given = self.value(value.__defaults__), self.value(value.__kwdefaults__)
            return (id(value.__code__), tuple(cells), given, self.fields("", value.__dict__))
        if kind is functools.partial:
            made_of = self.value(value.func), self.value(value.args), self.value(value.keywords)
            return (made_of, self.fields("", value.__dict__))
        if kind in (staticmethod, classmethod):
            return self.value(value.__func__)
        if kind is types.MappingProxyType:
            return tuple((self.value(key), self.value(element)) for key, element in value.items())
        if kind is memoryview:
            return (self.value(value.obj), value.format, value.tobytes())
        if kind is array.array:
            return (value.typecode, value.tobytes())
        if kind is types.MethodType:
            return (self.value(value.__func__), self.value(value.__self__))
        if kind is types.CellType:
            try:
                return self.value(value.cell_contents)
            except ValueError:
                return "empty"
        if isinstance(value, (Lock, Thread)):
            own = {name: field for name, field in vars(value).items() if name not in _OF_THE_CHECKER}
            return (self._of_library(value), self.fields("", own))
        if isinstance(value, local):
            fields, args, _ = object.__getattribute__(value, "_cc_local")
            return (self.value(fields), self.value(args))
        return self._content(value, kind)

    def _of_library(self, value: Lock | Thread) -> Any:
        """What the fields of a lock or a thread do not say."""
        if isinstance(value, Lock):
            return (value.owner, value.count if isinstance(value, RLock) else 0)
        thread = value._cc_thread
        return None if thread is None else (thread.tid, thread.done)

    def _content(self, value: Any, kind: type) -> Any:
        written: list[Any] = []
        if isinstance(value, dict):
            written += [(self.value(key), self.value(element)) for key, element in dict.items(value)]
        elif isinstance(value, _SEQUENCES):
            written += [self.value(element) for element in value]
        elif isinstance(value, BaseException):
            written.append(self.value(value.args))
        elif isinstance(value, _PLAIN):  # a subclass, such as an enumeration
            written.append(repr(value))
        elif not all(cls is object or not contents.is_made_in_c(cls) for cls in kind.__mro__):
            raise Unseen
        fields = getattr(value, "__dict__", None)
        if isinstance(fields, dict):
            written.append(self.fields("", fields))
        for cls in kind.__mro__:
            slots = cls.__dict__.get("__slots__", ())
            for slot in (slots,) if isinstance(slots, str) else slots:
                if slot not in ("__dict__", "__weakref__"):
                    name = f"_{cls.__name__.lstrip('_')}{slot}" if slot.startswith("__") else slot
                    written.append((slot, self.value(getattr(value, name, None))))
        return tuple(written)


def _is_builtin(cls: type) -> bool:
    return not is_python_class(cls) or _is_of_library(
        getattr(sys.modules.get(cls.__module__), "__file__", None)
    )
