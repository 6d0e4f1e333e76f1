"""What is replaced while a watch is on: the locks of ``threading``, ``Thread.join``, and classes on request.

``threading.Lock`` and ``threading.RLock`` become classes that make a watched
lock, or a plain one: for code of concur, whose primitives use locks as gates and
guards that nobody owns, and for the insides of the semaphores, events and
barriers of ``threading``. A condition variable that makes its own lock makes it
for its caller.
"""

import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType, ModuleType
from typing import Any

from concur.deadlock import live
from concur.deadlock.classes import watched_class
from concur.deadlock.locks import WatchedLock, WatchedRLock
from concur.deadlock.ordered import OrderedLock, OrderedRLock
from concur.deadlock.parties import calling
from concur.deadlock.sites import LIBRARY, Made, caller, is_in, site_of
from concur.errors import UsageError

_ORIGINALS: dict[str, Any] = {"Lock": threading.Lock, "RLock": threading.RLock}


@contextmanager
def patched(also: Iterable[type | ModuleType], *, order: bool) -> Iterator[None]:
    """Replace the locks of ``threading`` and of the modules in *also*, and the methods of the classes in it."""
    lock, rlock = (OrderedLock, OrderedRLock) if order else (WatchedLock, WatchedRLock)
    replacements = {name: _maker(name, kind) for name, kind in (("Lock", lock), ("RLock", rlock))}
    with ExitStack() as stack:
        for each in (threading, *also):
            if isinstance(each, type):
                stack.enter_context(watched_class(each, order=order))
            elif isinstance(each, ModuleType):
                stack.enter_context(_replaced(each, replacements))
            else:
                raise UsageError(f"{each!r} cannot be watched: give a class of locks, or a module.")
        stack.enter_context(_watched_join())
        try:
            yield
        finally:
            for replacement in replacements.values():
                replacement.on = False  # for names that were imported while it was on


@contextmanager
def _replaced(module: ModuleType, replacements: dict[str, Any]) -> Iterator[None]:
    """Where *module* calls a lock of ``threading`` by any name, let it call the replacement."""
    names = {
        name: kind
        for name, value in vars(module).items()
        for kind, original in _ORIGINALS.items()
        if value is original and not name.startswith("_")  # threading keeps its own under such names
    }
    for name, kind in names.items():
        setattr(module, name, replacements[kind])
    try:
        yield
    finally:
        for name, kind in names.items():
            setattr(module, name, _ORIGINALS[kind])


class _Maker(type):
    """So that ``isinstance(lock, threading.Lock)`` says what it says without a watch, if it says anything."""

    original: Any
    watched: type[WatchedLock]
    on: bool

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, (cls.watched, type(cls.original())))


def _maker(name: str, watched: type[WatchedLock]) -> _Maker:
    def make(cls: _Maker, *arguments: Any, **more: Any) -> Any:
        if arguments or more:
            return cls.original(*arguments, **more)  # which says what is wrong
        frame = sys._getframe(1)
        if not cls.on or not _is_for_the_program(frame):
            return cls.original()
        return watched(Made(site_of(caller()), name))

    body = {"__new__": make, "original": staticmethod(_ORIGINALS[name]), "watched": watched, "on": True}
    return _Maker(name, (), body)


def _is_for_the_program(frame: FrameType) -> bool:
    """Whether a lock made in *frame* is one that the program itself takes and holds."""
    if is_in(frame, LIBRARY):
        return False
    if frame.f_globals is not vars(threading):
        return True
    maker = frame.f_back
    return (
        frame.f_code.co_name == "__init__"
        and maker is not None
        and (
            isinstance(frame.f_locals.get("self"), threading.Condition)
            and maker.f_globals is not vars(threading)
            and not is_in(maker, LIBRARY)
        )
    )


@contextmanager
def _watched_join() -> Iterator[None]:
    """Let a thread that joins another be seen as waiting for its end."""
    original: Callable[..., None] = threading.Thread.join

    def join(self: threading.Thread, timeout: float | None = None) -> None:
        """Wait until the thread has ended."""
        party = calling.party
        if timeout is not None or self is party.thread or not self.is_alive():
            original(self, timeout)
            return
        party.at = site_of(caller())
        looks = 0
        try:
            doubt = live.begin_wait(party, live.End(self))
            while doubt and self.is_alive():
                original(self, live.LOOK)
                looks += 1
                doubt = live.look_again(party, looks)
            original(self)
        finally:
            live.end_wait(party)

    threading.Thread.join = join  # type: ignore[method-assign]
    try:
        yield
    finally:
        threading.Thread.join = original  # type: ignore[method-assign]
