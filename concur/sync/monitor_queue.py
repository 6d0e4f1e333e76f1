"""The textbook bounded queue: one lock, and a condition for each thing that a thread may wait for.

Read this one to learn how a queue is built, or change it for a queue of your own;
use :class:`concur.BoundedQueue` where speed matters. Both promise the same, and
the same tests ask both.

    >>> from concur import MonitorQueue
    >>> letters = MonitorQueue(2)
    >>> letters.put("a"); letters.put("b")
    >>> letters.full()
    True
    >>> letters.close()
    >>> list(letters)
    ['a', 'b']

How it works: a *monitor*, that is, an object whose methods exclude each other
(Hoare: "Monitors: an operating system structuring concept", CACM 1974). Every
method holds the lock from its first line to its last, except while it waits. It
waits in a loop: between the moment when a thread is notified and the moment when
it has the lock again, another may have taken the item that it was notified of.

Each condition says one thing, and who makes that thing true notifies one thread
that waits for it: one, since one item, or one place, is of use to one thread only.
Had both kinds of waiting threads one condition in common, the one that is woken
might be of the wrong kind, and the wake-up would be lost. `close` makes a thing
true that concerns everybody, and notifies all.
"""

import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from queue import Empty, Full
from typing import Generic, TypeVar

from concur.errors import Closed
from concur.sync.condition import Condition

T = TypeVar("T")


class MonitorQueue(Generic[T]):
    """At most *maxsize* items, first in, first out; drop-in for ``queue.Queue(maxsize)``."""

    def __init__(self, maxsize: int, *, name: str | None = None) -> None:
        if maxsize < 1:
            raise ValueError(
                f"a bounded queue has room for 1 item or more, not {maxsize}.\n"
                "For a queue without a bound use queue.SimpleQueue, or queue.Queue()."
            )
        self.name = name
        self.maxsize = maxsize
        self._lock = threading.Lock()  # guards all that follows
        self._items: deque[T] = deque()  # invariant: never more than maxsize
        self._unfinished = 0  # items put for which task_done() was not called
        self._closed = False
        self._not_empty = Condition(self._lock)  # notified when an item came, or none will come any more
        self._not_full = Condition(self._lock)  # notified when an item left, or none may come any more
        self._all_done = Condition(self._lock)  # notified when _unfinished becomes 0

    def put(self, item: T, block: bool = True, timeout: float | None = None) -> None:
        """Add an item, waiting for room if there is none; the same as :meth:`BoundedQueue.put`."""
        deadline = _deadline(block, timeout)
        with self._lock:
            self._wait_for_room(deadline)
            self._add(item)

    def put_many(self, items: Iterable[T], timeout: float | None = None) -> int:
        """Add items in their order, and say how many are in; the same as :meth:`BoundedQueue.put_many`."""
        batch, put = list(items), 0
        deadline = _deadline(True, timeout)
        with self._lock:
            try:
                for item in batch:
                    self._wait_for_room(deadline)
                    self._add(item)
                    put += 1
            except (Full, Closed):
                if not put:
                    raise
        return put

    def put_nowait(self, item: T) -> None:
        """``put(item, block=False)``."""
        self.put(item, False)

    def get(self, block: bool = True, timeout: float | None = None) -> T:
        """Take the oldest item out, waiting for one if there is none; the same as :meth:`BoundedQueue.get`."""
        deadline = _deadline(block, timeout)
        with self._lock:
            self._wait_for_item(deadline)
            return self._take()

    def get_many(self, limit: int, timeout: float | None = None) -> list[T]:
        """Take what is there, waiting only for the first; the same as :meth:`BoundedQueue.get_many`."""
        if limit < 1:
            raise ValueError(f"get_many takes 1 item or more, not {limit}")
        deadline = _deadline(True, timeout)
        with self._lock:
            self._wait_for_item(deadline)
            return [self._take() for _ in range(min(limit, len(self._items)))]

    def get_nowait(self) -> T:
        """``get(block=False)``."""
        return self.get(False)

    def close(self) -> None:
        """Let nothing more in; the same as :meth:`BoundedQueue.close`."""
        self.shutdown()

    def shutdown(self, immediate: bool = False) -> None:
        """Close the queue; if *immediate*, throw away what is in, counting each item as a task that is done."""
        with self._lock:
            self._closed = True
            if immediate:
                self._unfinished -= min(len(self._items), self._unfinished)
                self._items.clear()
                if self._unfinished == 0:
                    self._all_done.notify_all()
            self._not_empty.notify_all()
            self._not_full.notify_all()

    @property
    def closed(self) -> bool:
        """Whether the queue was closed; there may be items left to take."""
        with self._lock:
            return self._closed

    def __iter__(self) -> Iterator[T]:
        """Take items out, waiting for each, until the queue is closed and empty."""
        while True:
            try:
                item = self.get()
            except Closed:
                return
            yield item

    def task_done(self) -> None:
        """Say that an item that was taken has been dealt with; a ValueError if there were not so many."""
        with self._lock:
            if self._unfinished == 0:
                raise ValueError("task_done() was called more often than items were put")
            self._unfinished -= 1
            if self._unfinished == 0:
                self._all_done.notify_all()

    def join(self) -> None:
        """Wait until `task_done` was called for every item that was put."""
        with self._lock:
            while self._unfinished:
                self._all_done.wait()

    @property
    def unfinished_tasks(self) -> int:
        """How many items were put for which `task_done` was not called."""
        with self._lock:
            return self._unfinished

    def qsize(self) -> int:
        """How many items are in; it may have changed by the time the caller looks at the number."""
        with self._lock:
            return len(self._items)

    def empty(self) -> bool:
        """Whether no item is in; see `qsize`."""
        return self.qsize() == 0

    def full(self) -> bool:
        """Whether there is no room; see `qsize`."""
        return self.qsize() == self.maxsize

    def __repr__(self) -> str:
        name = "" if self.name is None else f" {self.name!r}"
        return f"<MonitorQueue{name} {len(self._items)}/{self.maxsize}{' closed' * self._closed}>"

    # These are called with the lock held.

    def _wait_for_room(self, deadline: float | None) -> None:
        while not self._closed and len(self._items) >= self.maxsize:
            left = _left(deadline)
            if left is not None and left <= 0:
                raise Full
            self._not_full.wait(left)
        if self._closed:
            raise Closed(f"put into {self._called()}, which is closed")

    def _wait_for_item(self, deadline: float | None) -> None:
        while not self._items:
            if self._closed:
                raise Closed(f"get from {self._called()}, which is closed and empty")
            left = _left(deadline)
            if left is not None and left <= 0:
                raise Empty
            self._not_empty.wait(left)

    def _add(self, item: T) -> None:
        self._items.append(item)
        self._unfinished += 1
        self._not_empty.notify()

    def _take(self) -> T:
        item = self._items.popleft()
        self._not_full.notify()
        return item

    def _called(self) -> str:
        return "an unnamed queue" if self.name is None else f"queue {self.name!r}"


def _deadline(block: bool, timeout: float | None) -> float | None:
    """When the clock shows this, the time is up; None for never, and 0 for at once."""
    if not block:
        return 0.0
    if timeout is None:
        return None
    if timeout < 0:
        raise ValueError(f"a queue waits for 0 seconds or more, not {timeout}")
    return time.monotonic() + timeout if timeout else 0.0


def _left(deadline: float | None) -> float | None:
    """How many seconds until then; None for ever."""
    return deadline - time.monotonic() if deadline else deadline
