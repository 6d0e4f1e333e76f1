"""Locks that the watch can look into: drop-in for those of ``threading``, which cannot say who holds them.

A free lock is a token in a box. Whoever takes the token out writes its name on
the lock; whoever finds the box empty stands in line and sleeps, after it has
told :mod:`concur.deadlock.live` what it waits for. ``release`` strikes the name
out, puts the token back and wakes the first in line, who has to take the token
like everybody else.

Nobody sleeps beside a free lock: a waiter stands in line first and then tries
again, a releaser puts the token back first and then looks at the line. So one of
the two notices the other. A waiter that was woken and leaves without the token
passes the wake-up on.

These pay for the wait-for graph only; :mod:`concur.deadlock.ordered` has the
locks that also note where they were taken and under which others.
"""

import threading
import time
from collections import deque
from types import TracebackType
from typing import Any

from concur.deadlock import live
from concur.deadlock.parties import Hold, Party, calling
from concur.deadlock.sites import INSIDE, OWN, Made, caller, is_in, site_of
from concur.errors import DeadlockError

new_lock = threading.Lock  # as it was before any watch began


class WatchedLock:
    """Drop-in for ``threading.Lock``; knows its owner, and does not let threads wait for each other for ever."""

    __slots__ = ("__weakref__", "_box", "_count", "_line", "_made", "_owner", "_put", "_signal", "_take")

    def __init__(self, made: Made) -> None:
        # At most one token, however often another thread releases at the same moment.
        self._box: deque[None] = deque([None], maxlen=1)
        self._take = self._box.pop
        self._put = self._box.append
        self._owner: Hold | None = None  # written by the thread that has the token
        self._count = 0  # how often the owner has taken it beyond the first time, where that is allowed
        self._signal = False  # whether a thread other than the owner has ever released it
        self._line: deque[Any] = deque()  # closed locks in which others sleep, the longest first
        self._made = made

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Take the lock; False if it was not to be had (in time)."""
        if timeout == -1:
            try:
                self._take()
            except IndexError:
                pass
            else:
                self._owner = calling.hold
                return True
        return self._acquire(calling.hold, blocking, timeout)

    def release(self) -> None:
        """Give the lock back."""
        if self._owner is not calling.hold:
            self._release_otherwise()
            return
        self._owner = None
        self._put(None)
        if self._line:
            self._wake()

    def __enter__(self) -> bool:
        try:
            self._take()
        except IndexError:
            return self._acquire(calling.scope, True, -1)
        self._owner = calling.scope
        return True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._owner is not calling.scope:
            self._release_otherwise()
            return
        self._owner = None
        self._put(None)
        if self._line:
            self._wake()

    def locked(self) -> bool:
        """Whether some thread holds the lock."""
        return not self._box

    def is_signal(self) -> bool:
        return self._signal

    def is_exclusive(self) -> bool:
        owner = self._owner
        return owner is not None and owner.scoped

    def is_free(self) -> bool:
        return bool(self._box)

    def taken_at(self) -> str | None:
        return None

    def __str__(self) -> str:
        return str(self._made)

    def __repr__(self) -> str:
        owner = self._owner
        state = "locked" if self.locked() else "unlocked"
        by = f" owner={owner.party.name!r}" if owner is not None else ""
        return f"<{state} threading.{self._made.kind} object {str(self)!r}{by} at {id(self):#x}>"

    def _at_fork_reinit(self) -> None:
        self._line.clear()
        self._unown(self._owner)
        self._put(None)

    def _acquire(self, hold: Hold, blocking: bool, timeout: float) -> bool:
        """Take the lock the long way: it was not free, or there is a time-out."""
        if timeout != -1 or not blocking:
            new_lock().acquire(blocking, timeout)  # refuses what makes no sense as the standard does
        if not self._try() and (not blocking or not self._wait(hold.party, timeout)):
            return False
        self._got(hold)
        return True

    def _got(self, hold: Hold) -> None:
        self._owner = hold

    def _try(self) -> bool:
        try:
            self._take()
        except IndexError:
            return False
        return True

    def _wait(self, party: Party, timeout: float) -> bool:
        if timeout != -1:
            return self._stand_in_line(party, time.monotonic() + timeout, doubt=False)
        party.at = site_of(caller())
        try:
            doubt = live.begin_wait(party, self)
            return self._stand_in_line(party, None, doubt)
        except DeadlockError:
            if is_taken_again():
                party.forgiven.append(self)
            raise
        finally:
            live.end_wait(party)

    def _stand_in_line(self, party: Party, deadline: float | None, doubt: bool) -> bool:
        """Sleep until the token was taken, or the time is up; every now and then have a look, if in *doubt*."""
        place, looks = None, 0
        try:
            while True:
                if place is None:
                    place = new_lock()
                    place.acquire()
                    self._line.append(place)
                if self._try():
                    return True
                left = None if deadline is None else deadline - time.monotonic()
                if left is not None and left <= 0:
                    return False
                if sleep(place, left, live.LOOK if doubt else None):
                    place = None
                elif doubt:
                    looks += 1
                    doubt = live.look_again(party, looks)
        finally:
            self._leave(place)

    def _leave(self, place: Any) -> None:
        try:
            self._line.remove(place)
        except ValueError:  # it was woken: if there is something to be had, that is for the next one
            if self._box:
                self._wake()

    def _wake(self) -> None:
        try:
            self._line.popleft().release()
        except IndexError:  # the last one in line has left
            pass

    def _release_otherwise(self) -> None:
        """Release a lock that is not the caller's, or that it took in another way than it gives it back."""
        party, owner = calling.party, self._owner
        if owner is None or owner.party is not party:
            if self in party.forgiven:
                party.forgiven.remove(self)
                return
            self._refuse(owner)
            self._signal = True
        self._unown(owner)
        self._put(None)
        self._wake()

    def _refuse(self, owner: Hold | None) -> None:
        """Raise if a thread that is not the owner may not release."""
        if self._box:
            raise RuntimeError("release unlocked lock")

    def _unown(self, owner: Hold | None) -> None:
        self._owner = None


class WatchedRLock(WatchedLock):
    """Drop-in for ``threading.RLock``."""

    __slots__ = ()

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Take the lock, or take it once more; False if it was not to be had (in time)."""
        hold = calling.hold
        if timeout == -1:
            if self._owner is hold:
                self._count += 1
                return True
            try:
                self._take()
            except IndexError:
                pass
            else:
                self._owner = hold
                return True
        return self._acquire(hold, blocking, timeout)

    def release(self) -> None:
        """Give the lock back as often as it was taken; only the owner may."""
        if self._owner is not calling.hold:
            self._release_otherwise()
            return
        if self._count:
            self._count -= 1
            return
        self._owner = None
        self._put(None)
        if self._line:
            self._wake()

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def is_exclusive(self) -> bool:
        return True

    def _at_fork_reinit(self) -> None:
        super()._at_fork_reinit()
        self._count = 0

    def _try(self) -> bool:
        if self._owner is calling.hold:  # with a time-out
            self._count += 1
            return True
        return super()._try()

    def _got(self, hold: Hold) -> None:
        if self._owner is not hold:
            super()._got(hold)

    def _refuse(self, owner: Hold | None) -> None:
        raise RuntimeError("cannot release un-acquired lock")

    # What condition variables ask of a lock that can be taken several times.

    def _is_owned(self) -> bool:
        return self._owner is calling.hold

    def _release_save(self) -> int:
        if self._owner is not calling.hold:
            self._refuse(self._owner)
        count, self._count = self._count, 0
        self.release()
        return count

    def _acquire_restore(self, count: int) -> None:
        self.acquire()
        self._count = count

    def _recursion_count(self) -> int:
        return self._count + 1 if self._is_owned() else 0


def sleep(place: Any, left: float | None, look: float | None) -> bool:
    """Sleep in *place* for as long as is *left*, or until it is time to *look*; whether it was opened."""
    longest = left if look is None else look if left is None else min(left, look)
    return bool(place.acquire(True, -1 if longest is None else longest))


def is_taken_again() -> bool:
    """Whether the caller is the wait of a condition variable, which releases the lock whatever happens."""
    frame = caller(OWN)
    return is_in(frame, INSIDE) and frame.f_code.co_name in ("wait", "_acquire_restore", "_take_again")
