"""What the watch knows of each thread: what it holds, what it waits for, and where.

A thread's :class:`Party` is made when it first touches a watched lock. Only the
thread itself writes to it, so that no lock is needed; another thread may rely on
what it reads there as far as :mod:`concur.deadlock.live` says why.
"""

import sys
import threading
from typing import TYPE_CHECKING, Any

from concur.deadlock.sites import Site

_Foreign: Any = getattr(threading, "_DummyThread", ())


class Party:
    """A thread, as the watch sees it."""

    __slots__ = ("at", "forgiven", "held", "thread", "waits")

    def __init__(self) -> None:
        self.thread = threading.current_thread()
        self.waits: Any = None  # what it waits for without a time-out: a Watched, an End, or None
        self.at: Site | None = None  # where
        self.held: list[Any] = []  # the ordered locks that it holds, in order
        self.forgiven: list[Any] = []  # what it will release although a deadlock kept it from taking it

    @property
    def name(self) -> str:
        return self.thread.name

    def has_ended(self) -> bool:
        if not self.thread.is_alive():
            return True
        # The stand-in for a thread that threading did not start says that it is alive for ever.
        return isinstance(self.thread, _Foreign) and self.thread.ident not in sys._current_frames()


class Hold:
    """A thread as an owner of locks. It has two: *scoped* is for what is taken by a with statement."""

    __slots__ = ("__weakref__", "held", "party", "scoped")

    def __init__(self, party: Party, scoped: bool) -> None:
        self.party = party
        self.scoped = scoped
        self.held = party.held


class _First:
    """What a thread finds instead of a field that has not been set yet: see :class:`_Calling`."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, calling: Any, owner: type) -> Any:
        calling._begin()
        return vars(calling)[self._name]


class _Calling(threading.local):
    """The thread that is calling."""

    # A finalizer or a signal handler may take a watched lock while its thread is in __init__: then these answer.
    if TYPE_CHECKING:
        party: Party
        hold: Hold
        scope: Hold
    else:
        party, hold, scope = _First(), _First(), _First()

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        party = Party()
        hold, scope = Hold(party, scoped=False), Hold(party, scoped=True)
        if "hold" in vars(self):
            return  # somebody was faster, in this very thread
        self.party, self.hold, self.scope = party, hold, scope
        for thread, other in _holds.copy().items():
            if other.party.has_ended():
                _holds.pop(thread, None)
        _holds[party.thread] = hold


_holds: dict[threading.Thread, Hold] = {}  # of a thread that has ended, until another one begins
calling = _Calling()


def hold_of(thread: threading.Thread) -> Hold | None:
    """What stands for *thread*, if it has touched a watched lock."""
    return _holds.get(thread)


def everybody() -> list[Hold | None]:
    """One for each living thread; None for one that has touched no watched lock."""
    known = {thread.ident: hold for thread, hold in _holds.copy().items()}
    return [known.get(ident) for ident in sys._current_frames()]
