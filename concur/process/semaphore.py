"""A semaphore between processes: a number of permits that they take and give back.

Use one to let at most *n* processes at a resource, or, starting from 0, to let
one process wait for another's signal. It has no owner: any thread of any process
may release it.

    >>> from concur import ProcessSemaphore
    >>> seats = ProcessSemaphore(2, name="seats")
    >>> seats.acquire()
    True
    >>> seats
    <ProcessSemaphore 'seats' permits=1>
    >>> with seats:
    ...     seats.acquire(blocking=False)
    False
    >>> seats.release(2)
    >>> seats
    <ProcessSemaphore 'seats' permits=3>

A process that is killed leaves a whole number of permits behind, whatever it was
doing: its ``acquire`` or ``release`` has happened or has not, and nobody else
waits longer than a moment because of it. But since a permit has no owner, nobody
can tell who had one: *a process that dies with a permit takes it along.* Where
that may not be, use a :class:`concur.ProcessMutex` where one permit is enough, for it
comes back; or have the parent release for a child that it sees die, where it is
known how many permits the child had.

Ctrl-C in a wait takes no permit along, and none is lost when it comes while one is
given back: it is raised afterwards. One that comes after ``acquire`` has returned,
and before the caller's ``try`` begins, loses the permit: ``with`` makes that gap small.

Give it to a child process as an argument; it works under `fork`, `spawn` and
`forkserver`. It is not fair: who comes at the right moment may pass those who wait.

How it works: the number of permits is one word in shared memory, changed by one
store under a mutex. Who finds none says that it waits, and sleeps until a bell
rings, or for 50 ms, and looks again. How many have said so decides only whether
the bell is rung. A process that was killed in its wait leaves that number too
high, which costs the others one look in vain.
"""

import operator
import threading
import time
from types import TracebackType
from typing import Any

from concur.process._bell import PATIENCE, Bell
from concur.process._inside import inside
from concur.process._segment import WORD, Segment
from concur.process.mutex import ProcessMutex

MOST = 2**63 - 1  # permits
_PERMITS, _WAITING = 0, 1


class ProcessSemaphore:
    """*permits* that threads of all processes take and give back, as with ``multiprocessing.Semaphore``.

    Raises ``ValueError`` if there are fewer than 0 permits at the start, and ``OverflowError`` if there
    are more than 2**63 - 1.
    """

    def __init__(self, permits: int = 1, *, name: str | None = None) -> None:
        if operator.index(permits) < 0:
            raise ValueError(f"a semaphore starts with 0 or more permits, not {permits}")
        if permits > MOST:
            raise OverflowError(f"a semaphore has at most {MOST} permits, not {permits}")
        self.name = name
        self._mutex = ProcessMutex()
        self._bell = Bell()
        self._segment = Segment(2 * WORD)
        # Invariant, whenever nobody holds the mutex: permits that can be had, and at least as many as
        # sleep less the tokens in the bell.
        self._words = self._segment.words
        self._words[_PERMITS] = permits

    def acquire(self, blocking: bool = True, timeout: float | None = None) -> bool:
        """Take a permit, waiting for one if there is none; False if none came, within *timeout* seconds.

        Raises ``ValueError`` if a timeout is given to a call that does not block.
        """
        if timeout is not None and not blocking:
            raise ValueError("a call that does not block takes no timeout")
        got: list[bool] = []
        try:
            if not blocking or (timeout is not None and timeout <= 0):
                inside(self._mutex, self._take, 0, 0, got)
            else:
                self._wait(timeout, got)
        except BaseException:  # Ctrl-C
            if got:
                self.release()
            raise
        return True if got else False  # noqa: SIM210  # no call: Ctrl-C would be noticed after it

    def _wait(self, timeout: float | None, got: list[bool]) -> None:
        """Look, sleep and look again, until there is a permit or the time is up."""
        deadline = None if timeout is None else time.monotonic() + timeout
        if timeout is not None and timeout > threading.TIMEOUT_MAX:
            inside(self._mutex, self._take, 0, 0, got)
            if not got:
                raise OverflowError(f"a timeout of {timeout} seconds is more than can be waited for")
            return
        inside(self._mutex, self._take, 0, 1, got)
        while not got:
            left = PATIENCE if deadline is None else max(0, deadline - time.monotonic())
            # A token stands for one that has said that it waits. Who has taken it says so again, or goes.
            said = 0 if self._bell.wait(left) else 1
            inside(self._mutex, self._take, said, 1 if left else 0, got)
            if not left:
                return

    def _take(self, said: int, says: int, got: list[bool]) -> None:
        """Take a permit, if there is one. The mutex is held.

        *said*: whether the caller is counted among those who wait; *says*: whether it is to be if it gets none.
        """
        words = self._words
        permits = words[_PERMITS]
        if permits:
            says = 0
        if said != says:
            words[_WAITING] = max(0, words[_WAITING] - said + says)
        if permits:
            got += [True]
            words[_PERMITS] = permits - 1

    def release(self, n: int = 1) -> None:
        """Give *n* permits back, all at once.

        Raises ``ValueError`` if *n* is less than 1, and ``OverflowError`` if there would be more than
        2**63 - 1 permits; there are as many as before then.
        """
        given: list[bool] = []
        try:
            if operator.index(n) < 1:
                raise ValueError(f"release gives 1 or more permits back, not {n}")
            inside(self._mutex, self._give, n, given)
        except (OverflowError, TypeError, ValueError):
            raise
        except BaseException:  # Ctrl-C
            if not given:
                inside(self._mutex, self._give, n, given)
            raise

    def _give(self, n: int, given: list[bool]) -> None:
        words = self._words
        permits = words[_PERMITS] + n
        if permits > MOST:
            raise OverflowError(
                f"{self._called()} has {words[_PERMITS]} permits, and {n} more are too many for it.\n"
                "Release as many as were acquired."
            )
        given += [True]
        words[_PERMITS] = permits
        told = min(n, words[_WAITING])
        if told:
            self._bell.ring(told)  # before it is noted: rung for too often is better than too seldom
            words[_WAITING] -= told

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def __repr__(self) -> str:
        name = "" if self.name is None else f" {self.name!r}"
        return f"<{type(self).__name__}{name} permits={self._words[_PERMITS]}>"

    def __getstate__(self) -> tuple[Any, ...]:
        return self.name, self._mutex, self._bell, self._segment

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.name, self._mutex, self._bell, self._segment = state
        self._words = self._segment.words

    def _called(self) -> str:
        return "a process semaphore" if self.name is None else f"process semaphore {self.name!r}"
