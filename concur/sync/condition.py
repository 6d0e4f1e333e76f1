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
lock again; ``notify`` wakes the places that have been there longest. To enter
and to leave is what the lock itself does, without a detour.

A ``wait`` with a time-out that returns False was not notified: it has taken
no wake-up from anybody. ``threading.Condition`` does not promise that. Nor
does it promise that Ctrl-C in a ``wait`` is raised with the lock held, and
that a wake-up which came at that moment goes to the next in line. A second
Ctrl-C, while the first one waits for the lock, is raised at once.

The lock made here by default is a ``Mutex``, not an ``RLock``. Any lock will
do: ``Mutex``, ``FairMutex``, ``ReentrantMutex``, those of ``threading``. A
plain ``threading.Lock`` does not know its owner: with it, waiting or notifying
while some other thread holds the lock is not noticed.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from concur.errors import NotOwnerError
from concur.sync._parking import Place, leave, wake_first
from concur.sync.mutex import Mutex

T = TypeVar("T")

_HELD = object()  # instead of what a lock says when it is given up: it was not


class Lock(Protocol):
    """What a condition needs of its lock: those of ``concur`` and ``threading`` have it."""

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool: ...
    def release(self) -> None: ...
    def __enter__(self) -> bool: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...


class Condition:
    """Threads that wait under a lock to be notified; drop-in for ``threading.Condition``.

    *lock* guards what the threads wait for; without one, a ``Mutex`` is made.
    """

    # The first four are the lock's own methods: `with condition` calls them with nothing in between.
    __slots__ = {
        "acquire": "Take the lock of the condition; the arguments are those of the lock.",
        "release": "Release the lock of the condition.",
        "__enter__": None,
        "__exit__": None,
        "name": None,
        **dict.fromkeys(
            ("_give_up", "_is_held", "_knows_owner", "_line", "_lock", "_take_back", "__weakref__")
        ),
    }
    acquire: Callable[..., bool]
    release: Callable[[], None]
    if TYPE_CHECKING:

        def __enter__(self) -> bool: ...
        def __exit__(
            self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
        ) -> None: ...

    def __init__(self, lock: Lock | None = None, *, name: str | None = None) -> None:
        self.name = name
        self._lock: Lock = Mutex(name=name) if lock is None else lock
        self.acquire, self.release = self._lock.acquire, self._lock.release
        self.__enter__ = self._lock.__enter__  # type: ignore[method-assign]
        self.__exit__ = self._lock.__exit__  # type: ignore[method-assign]
        # Invariant: a place in line is that of a thread inside wait(). Guarded by _lock.
        self._line: deque[Place] = deque()
        # What only some locks can do: say whether the caller holds them (others say whether somebody
        # does), and, when they were taken several times over, be given up whole and taken back as often.
        self._knows_owner = hasattr(self._lock, "_is_owned")
        somebody_holds_it = getattr(self._lock, "locked", self._somebody_holds_it)
        self._is_held: Callable[[], bool] = getattr(self._lock, "_is_owned", somebody_holds_it)
        self._give_up: Callable[[], Any] = getattr(self._lock, "_release_save", self._lock.release)
        self._take_back: Callable[[Any], Any] | None = getattr(self._lock, "_acquire_restore", None)

    def wait(self, timeout: float | None = None) -> bool:
        """Give up the lock, sleep until notified, take the lock again; False if *timeout* seconds passed first.

        Raises ``NotOwnerError`` if the caller does not hold the lock.
        """
        if not self._is_held():
            raise NotOwnerError(self._not_held("waits on"))
        place, depth = Place(), _HELD
        interrupted: BaseException | None = None
        try:
            self._line.append(place)
            depth = self._give_up()
            place.sleep(timeout)
        except BaseException as error:  # Ctrl-C
            interrupted = error
        if depth is not _HELD:
            interrupted = self._take_again(depth) or interrupted
        if not place.woken:
            leave(self._line, place)
        if interrupted is not None:
            if place.woken:
                self.notify()  # the wake-up that we were given belongs to the next in line
            raise interrupted
        return place.woken

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
        """Wake the *n* threads that have waited longest, or as many as there are.

        Raises ``NotOwnerError`` if the caller does not hold the lock.
        """
        if not self._is_held():
            raise NotOwnerError(self._not_held("notifies"))
        while self._line and n > 0:
            n -= wake_first(self._line)

    def notify_all(self) -> None:
        """Wake every thread that waits."""
        self.notify(len(self._line))

    def __repr__(self) -> str:
        name = "" if self.name is None else f" {self.name!r}"
        return f"<Condition{name} waiting={len(self._line)} lock={self._lock!r}>"

    def _take_again(self, depth: Any) -> BaseException | None:
        """Take the lock back; the first Ctrl-C meanwhile is not raised, but returned when the lock is held."""
        interrupted: BaseException | None = None
        while True:
            try:
                if self._take_back is None:
                    self._lock.acquire()
                else:
                    self._take_back(depth)
                return interrupted
            except BaseException as error:
                if self._knows_owner and self._is_held():
                    return error
                if interrupted is not None:
                    raise
                interrupted = error

    def _somebody_holds_it(self) -> bool:
        """For a lock that knows neither its owner nor its state."""
        if self._lock.acquire(False):
            self._lock.release()
            return False
        return True

    def _not_held(self, doing: str) -> str:
        condition = "an unnamed condition" if self.name is None else f"condition {self.name!r}"
        return (
            f"thread {threading.current_thread().name!r} {doing} {condition} without holding its lock.\n"
            "Wait and notify inside `with condition:`, so that nothing changes between test and wait."
        )
