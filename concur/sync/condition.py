"""A condition variable: threads wait under a lock until others change what they wait for.

Use one when a thread must wait for *something to become true* of data that a
mutex protects: a queue not empty, a count at zero. It remembers nothing: a
``notify`` that finds no waiter is lost (a semaphore would keep it). And being
woken proves nothing: between the wake-up and the moment when the waiter has
the lock again, another thread may have made the thing untrue. Hence ``while``
and never ``if``, or ``wait_for``, which loops for you.

    >>> from concur import Condition
    >>> from threading import Thread
    >>> arrived = Condition(name="arrived")
    >>> post = []
    >>> def deliver():
    ...     with arrived:
    ...         post.append("letter")
    ...         arrived.notify()
    >>> postman = Thread(target=deliver)
    >>> with arrived:
    ...     postman.start()
    ...     while not post:
    ...         _ = arrived.wait()
    >>> post
    ['letter']
    >>> postman.join()

How it works: each waiter sleeps in a place of its own, in a line that the
lock guards. ``wait`` stands in line, gives up the lock, sleeps, and takes the
lock again; ``notify`` wakes the places that have been there longest.

A ``wait`` with a time-out that returns False was not notified: it has taken
no wake-up from anybody. ``threading.Condition`` does not promise that. The
lock made here by default is a ``Mutex``, not an ``RLock``.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Any, Protocol, TypeVar

from concur.errors import NotOwnerError
from concur.sync._parking import Place, leave, wake_first
from concur.sync.mutex import Mutex

T = TypeVar("T")


class Lock(Protocol):
    """What a condition needs of its lock: ``Mutex``, ``threading.Lock`` and ``threading.RLock`` have it."""

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool: ...
    def release(self) -> None: ...


class Condition:
    """Threads that wait under a lock to be notified; drop-in for ``threading.Condition``."""

    def __init__(self, lock: Lock | None = None, *, name: str | None = None) -> None:
        self.name = name
        self._lock: Lock = Mutex(name=name) if lock is None else lock
        # Invariant: a place in line is that of a thread inside wait(). Guarded by _lock.
        self._line: deque[Place] = deque()
        # What only some locks can do: say whether the caller holds them, and, when they were
        # taken several times over (RLock), be given up whole and taken back as often.
        self._ask: Callable[[], bool] | None = getattr(self._lock, "_is_owned", None)
        self._give_up: Callable[[], Any] = getattr(self._lock, "_release_save", self._lock.release)
        self._take_back: Callable[[Any], Any] | None = getattr(self._lock, "_acquire_restore", None)

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Take the lock of the condition."""
        return self._lock.acquire(blocking, timeout)

    def release(self) -> None:
        """Release the lock of the condition."""
        self._lock.release()

    def __enter__(self) -> bool:
        return self._lock.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.release()

    def wait(self, timeout: float | None = None) -> bool:
        """Give up the lock, sleep until notified, take the lock again; False if the time was up first."""
        self._check_held("waits on")
        place = Place()
        self._line.append(place)
        depth = self._give_up()
        try:
            place.sleep(timeout)
        except BaseException:  # Ctrl-C
            self._take_again(depth)
            leave(self._line, place)
            if place.woken:
                self.notify()  # the wake-up that we were given belongs to the next in line
            raise
        self._take_again(depth)
        leave(self._line, place)
        return place.woken

    def wait_for(self, predicate: Callable[[], T], timeout: float | None = None) -> T:
        """Wait until *predicate()* is true, or the time is up; return what it returned last."""
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
        """Wake the *n* threads that have waited longest, or as many as there are."""
        self._check_held("notifies")
        while n > 0 and wake_first(self._line):
            n -= 1

    def notify_all(self) -> None:
        """Wake every thread that waits."""
        self.notify(len(self._line))

    def __repr__(self) -> str:
        name = "" if self.name is None else f" {self.name!r}"
        return f"<Condition{name} waiting={len(self._line)} lock={self._lock!r}>"

    def _take_again(self, depth: Any) -> None:
        if self._take_back is None:
            self._lock.acquire()
        else:
            self._take_back(depth)

    def _check_held(self, doing: str) -> None:
        if self._ask is not None:
            held = self._ask()
        else:  # a plain lock does not know its owner: at least somebody must hold it
            held = not self._lock.acquire(False)
            if not held:
                self._lock.release()
        if not held:
            condition = "an unnamed condition" if self.name is None else f"condition {self.name!r}"
            raise NotOwnerError(
                f"thread {threading.current_thread().name!r} {doing} {condition} without holding its lock.\n"
                "Wait and notify inside `with condition:`, so that nothing changes between test and wait."
            )
