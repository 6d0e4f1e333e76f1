"""The wait-for graph of the running program, looked at by a thread that is about to wait.

A lock says who owns it, a thread says what it waits for; there is no other
record. Taking a free lock and releasing it touch nothing that is shared. Only a
thread that is about to wait, without a time-out, takes ``_guard``, says so in its
``waits``, and follows the arrows: its lock, the owner, what that one waits for.

No deadlock is missed. In a circle every thread has written its name into the
locks that it holds, and then taken the guard to say what it waits for. The last
of them to have the guard sees what all the others wrote before.

No deadlock is invented. Say that this thread, Z, sees a circle: Z waits for a lock of A, ...,
Y waits for a lock that Z holds. Z does hold it, and does not let it go while it
looks. Y said that it waits for it, which it unsays before it goes on, and it
cannot have gone on without that lock; so Y stands still. What Y is the owner of
it holds, since a name is struck out before a lock is released, by the thread that
stands still; so the one that waits for Y stands still too, and so on around to Z.

What the argument needs is that a lock is released by its owner. ``threading.Lock``
may be released by any thread. A lock to which that has happened is a signal, and
owned by nobody from then on. Before it has happened nobody can know. So a circle
is *certain* if other evidence says that only the owners will release: the lock
is of a kind that refuses others, or a with statement will release it, or two
threads or more took locks crosswise. What is left, a thread that waits for a lock
which it took by ``acquire()`` itself, or joins one that waits for such a lock, is
reported only once every thread of the program stands still.
"""

import os
import threading
from typing import Protocol

from concur.deadlock.parties import Hold, Party, everybody, hold_of
from concur.deadlock.reports import Report, Waiting

LOOK: float | None = (
    1.0  # seconds: how often a thread that waits looks whether the owner has ended; None: never
)
DOUBT = 5  # looks after which a thread that may wait for itself is reported as suspicious


class Waitable(Protocol):
    """What a thread can wait for: a lock, or the end of a thread."""

    @property
    def _owner(self) -> Hold | None: ...
    def is_signal(self) -> bool: ...
    def is_exclusive(self) -> bool: ...
    def is_free(self) -> bool: ...
    def taken_at(self) -> str | None: ...


class End:
    """The end of a thread, as something to wait for; that thread is its owner."""

    def __init__(self, thread: threading.Thread) -> None:
        self.thread = thread

    @property
    def _owner(self) -> Hold | None:
        return hold_of(self.thread)

    def is_signal(self) -> bool:
        return False

    def is_exclusive(self) -> bool:
        return True

    def is_free(self) -> bool:
        return not self.thread.is_alive()

    def taken_at(self) -> str | None:
        return None

    def __str__(self) -> str:
        return f"the end of {self.thread.name}"


class Listener(Protocol):
    """Who is told what is found."""

    def deadlock(self, report: Report) -> None:
        """May raise, in the thread that would wait for ever."""

    def suspicion(self, report: Report) -> None: ...

    def inversion(self, report: Report) -> None: ...


listener: Listener | None = None  # None while nothing is watched
_guard = threading.RLock()  # re-entered by a signal handler or a finalizer that waits for a lock


def begin_wait(party: Party, wanted: Waitable) -> bool:
    """Say that *party* is about to wait for *wanted* for ever; tell, and maybe raise, if it would.

    Returns whether :func:`look_again` has something to look for.
    """
    if listener is None:
        return False
    with _guard:
        party.waits = wanted
        circle = _circle(party)
    return _judge(circle) and LOOK is not None


def look_again(party: Party, looks: int) -> bool:
    """The same for a thread that has waited for a while; *looks* counts the calls in one wait."""
    if listener is None:
        return False
    with _guard:
        circle = _circle(party)
    if circle and looks == DOUBT and not _is_certain(circle):
        listener.suspicion(Report.suspicion(_waitings(circle)))
    return _judge(circle)


def _judge(circle: list[Party]) -> bool:
    if circle and listener is not None and _is_certain(circle):
        listener.deadlock(Report.deadlock(_waitings(circle), ended=circle[-1].has_ended()))
        return False
    return True


def end_wait(party: Party) -> None:
    """*party* goes on. To be called before it says that it owns anything new: see above."""
    party.waits = None


def _circle(party: Party) -> list[Party]:
    """The threads from *party* around to itself, or to a thread that has ended; empty if neither."""
    path = [party]
    while True:
        wanted = path[-1].waits
        hold = None if wanted is None or wanted.is_signal() else wanted._owner
        if hold is None:
            return []
        owner = hold.party
        if owner is party:
            return path
        if owner in path:  # a circle of others, which they were told of
            return []
        path.append(owner)
        if owner.waits is None:
            # A thread further on that waits for one that has ended is told so itself.
            return path if len(path) == 2 and not isinstance(wanted, End) and owner.has_ended() else []


def _is_certain(circle: list[Party]) -> bool:
    if circle[-1].has_ended():
        return True
    wanted = [party.waits for party in circle]
    if len(circle) > 1 and not any(isinstance(each, End) for each in wanted):
        return True
    if all(each.is_exclusive() for each in wanted):
        return True
    return _all_stand_still(circle)


def _all_stand_still(circle: list[Party]) -> bool:
    """Whether nobody is left who could release anything."""
    for hold in everybody():
        if hold is None:
            return False
        waits = hold.party.waits
        if hold.party not in circle and (waits is None or waits.is_free()):
            return False
    return True


def _waitings(circle: list[Party]) -> list[Waiting]:
    """For each thread in turn: what it holds of what the one before waits for, and what it waits for."""
    held = [circle[-1].waits, *(party.waits for party in circle[:-1])]
    return [
        Waiting(
            thread=party.name,
            holds=None if lock is None or isinstance(lock, End) else str(lock),
            taken_at=None if lock is None else lock.taken_at(),
            waits=None if party.waits is None else str(party.waits),
            at=None if party.waits is None or party.at is None else str(party.at),
        )
        for party, lock in zip(circle, held, strict=True)
    ]


def _after_fork() -> None:
    """The child has one thread; the others, whatever they hold and wait for, have ended."""
    _guard._at_fork_reinit()  # type: ignore[attr-defined]


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
