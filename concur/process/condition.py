"""A condition variable between processes: they wait under a mutex until others change what they wait for.

Use one when a process must wait for *something to become true* of data that
several processes share, and a :class:`concur.ProcessMutex` protects. As between threads, being
woken proves nothing: test again, in a ``while`` or by ``wait_for``.

    >>> from concur import ProcessCondition
    >>> from multiprocessing import RawValue
    >>> from threading import Thread
    >>> arrived, letters = ProcessCondition(name="arrived"), RawValue("i", 0)
    >>> def deliver():
    ...     with arrived:
    ...         letters.value += 1
    ...         arrived.notify()
    >>> postman = Thread(target=deliver)  # a Process does as well
    >>> with arrived:
    ...     postman.start()
    ...     arrived.wait_for(lambda: letters.value)
    1
    >>> postman.join()

What becomes of a kill:

- *A process that waits* is no longer notified: a ``notify`` goes to the oldest waiter
  whose process lives. One that was given to a waiter which died before its ``wait``
  had returned is passed on, to the oldest of those who waited already when it was
  given; if there is none it is lost, as if nobody had waited. (If who passes it on is
  killed at that moment, it may be passed on twice, and somebody is woken in vain.)
- *A process that held the mutex* may have died before it notified. So one of those who
  wait then takes the mutex, unless somebody else was faster, and its ``wait`` returns
  True with ``owner_died`` of the mutex true, for it to repair. Whoever repairs should
  call ``notify_all``, since what the dead one has changed it has told nobody.
  ``owner_died`` is true after a wait whenever the mutex was taken back from the dead,
  until it is released: also by the next ``wait``, so repair first.

Whatever happens, everybody looks again after 50 ms.

Give it to a child process as an argument; it works under `fork`, `spawn` and
`forkserver`. Give several conditions of one mutex, and that mutex, to a child in one call.

How it works: who waits stands in a table in shared memory, guarded by the mutex;
``notify`` marks the oldest there. Eight bells wake: those who share one and hear it in
vain ring it again, for the one that is meant, and lie down a moment later.
"""

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, TypeVar

from concur.errors import NotOwnerError
from concur.process._bell import PATIENCE, Bell
from concur.process._waiters import AWAKE, FREE, NOTIFIED, WAITING, Waiters
from concur.process.mutex import ProcessMutex

T = TypeVar("T")

MOST = 128  # threads that wait, and processes that have waited
BELLS = 8
NAP = 0.001  # seconds, after the bell of somebody else
_TICKET = 0  # the number of the next to wait


class ProcessCondition:
    """Threads of all processes that wait under a mutex, as with ``multiprocessing.Condition``.

    *mutex*, a :class:`concur.ProcessMutex`, guards what they wait for, and may serve several conditions;
    without one, one is made. At most 128 threads wait at a time.
    """

    def __init__(self, mutex: ProcessMutex | None = None, *, name: str | None = None) -> None:
        if mutex is not None and not isinstance(mutex, ProcessMutex):
            raise TypeError(f"a condition between processes needs a ProcessMutex, not {mutex!r}")
        self.name = name
        self.mutex = ProcessMutex(name=name) if mutex is None else mutex
        # Invariant: a slot that is taken is that of a thread inside wait(), or of one that is gone;
        # guarded by the mutex. Of one that is notified, the note says which tickets came before that.
        self._line = Waiters(MOST, MOST, more=1)
        self._line.more[_TICKET] = 1
        self._bells = tuple(Bell() for _ in range(BELLS))

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Take the mutex of the condition, as :meth:`ProcessMutex.acquire` does."""
        return self.mutex.acquire(blocking, timeout)

    def release(self) -> None:
        """Release the mutex of the condition."""
        self.mutex.release()

    def __enter__(self) -> bool:
        return self.mutex.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.mutex.release()

    def wait(self, timeout: float | None = None) -> bool:
        """Release the mutex, sleep until notified, take the mutex again; False if *timeout* seconds passed first.

        Returns True also when an owner of the mutex has died: ``owner_died`` of the mutex is true then.

        Ctrl-C is raised with the mutex held, and a notify that came at the same time goes to the next in
        line. A second Ctrl-C, while the first one waits for the mutex, is raised at once, without it.

        Raises :class:`NotOwnerError` if the caller does not hold the mutex, and ``OverflowError`` if 128 threads
        wait already.
        """
        self._need_mutex("waits on")
        deadline = None if timeout is None else time.monotonic() + timeout
        line = self._line
        slot, ticket = self._find_room(), line.more[_TICKET]
        try:
            line.more[_TICKET] = ticket + 1
            line.enter(slot, ticket)
            while True:
                self.mutex.release()
                is_needed = self._sleep(slot, deadline)
                if line.state[slot] == NOTIFIED:
                    line.state[slot] = AWAKE  # nobody need ring for us
                self.mutex.acquire()
                if is_needed:
                    self._bury()
                woken = line.state[slot] >= NOTIFIED or self.mutex.owner_died
                if woken or (deadline is not None and time.monotonic() >= deadline):
                    break
            line.left(slot)
            line.state[slot] = FREE  # with this the notify is ours: nothing may be called after it
        except BaseException:  # Ctrl-C
            line.gone[slot] = ticket  # also for others, if we do not get so far
            if not self.mutex._is_owned():
                self.mutex.acquire()
            self._bury()
            line.left(slot)
            raise
        return woken

    def wait_for(self, predicate: Callable[[], T], timeout: float | None = None) -> T:
        """Wait until *predicate()* is true, or *timeout* seconds have passed; return what it returned last."""
        deadline = None if timeout is None else time.monotonic() + timeout
        result = predicate()
        while not result:
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                break
            self.wait(left)
            result = predicate()
        return result

    def notify(self, n: int = 1) -> None:
        """Wake the *n* threads that have waited longest, of processes that live, or as many as there are.

        Raises :class:`NotOwnerError` if the caller does not hold the mutex.
        """
        self._need_mutex("notifies")
        self._choose(n, self._line.more[_TICKET])

    def notify_all(self) -> None:
        """Wake every thread that waits."""
        self.notify(MOST)

    def __repr__(self) -> str:
        name = "" if self.name is None else f" {self.name!r}"
        waiting = self._line.state.tolist().count(WAITING)
        return f"<{type(self).__name__}{name} waiting={waiting} mutex={self.mutex!r}>"

    def __getstate__(self) -> tuple[Any, ...]:
        return self.name, self.mutex, self._line, self._bells

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.name, self.mutex, self._line, self._bells = state

    def _find_room(self) -> int:
        """A free slot, and a place of this process among the parties."""
        line = self._line
        try:
            line.parties.mine()
        except OverflowError:
            for place in line.parties.taken():
                line.parties.forget(place)
            line.parties.mine()
        slot = line.free()
        if slot is None:
            self._bury()
            slot = line.free()
        if slot is None:
            raise OverflowError(
                f"{MOST} threads wait on {self._called()} already, and there is no room for more.\n"
                "Use several conditions with one mutex, each for a part of those who wait."
            )
        return slot

    def _choose(self, n: int, limit: int) -> None:
        """Notify the *n* oldest of those who had a ticket below *limit*."""
        line = self._line
        waiting = [slot for slot in line.taken() if line.state[slot] == WAITING and line.number[slot] < limit]
        for slot in sorted(waiting, key=line.number.__getitem__):
            if n <= 0:
                break
            if line.is_there(slot):
                line.note[slot] = limit
                line.state[slot] = NOTIFIED
                self._bells[slot % BELLS].ring()
                n -= 1

    def _bury(self) -> None:
        """Free the slots of those who are gone, and pass on what they were given. The mutex is held."""
        line = self._line
        for slot in line.taken():
            if not line.is_there(slot):
                if line.state[slot] >= NOTIFIED:
                    self._choose(1, line.note[slot])  # first: better twice than never
                line.state[slot] = FREE

    def _sleep(self, slot: int, deadline: float | None) -> bool:
        """Return when notified or when the time is up; or earlier, and True, when the dead need somebody."""
        state, bell = self._line.state, self._bells[slot % BELLS]
        while state[slot] == WAITING:
            left = PATIENCE if deadline is None else deadline - time.monotonic()
            if left <= 0:
                break
            heard = bell.wait(left)
            if state[slot] != WAITING:
                break
            if heard and NOTIFIED in state[slot % BELLS :: BELLS].tolist():
                bell.ring()  # it was for another
                time.sleep(NAP)
            if self._is_needed():
                return True
        return False

    def _is_needed(self) -> bool:
        """Whether somebody died who was notified, or who held the mutex."""
        line = self._line
        return (
            any(
                state >= NOTIFIED and not line.is_there(slot)
                for slot, state in enumerate(line.state.tolist())
            )
            or self.mutex._is_orphaned()
        )

    def _need_mutex(self, doing: str) -> None:
        if not self.mutex._is_owned():
            raise NotOwnerError(
                f"thread {threading.current_thread().name!r} {doing} {self._called()} without holding its mutex.\n"
                "Wait and notify inside `with condition:`, so that nothing changes between test and wait."
            )

    def _called(self) -> str:
        return "a process condition" if self.name is None else f"process condition {self.name!r}"
