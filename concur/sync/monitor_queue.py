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
from collections import deque
from collections.abc import Iterable
from queue import Empty, Full
from typing import TypeVar

from concur.errors import Closed
from concur.sync._queue import Queue, deadline_of, left_until
from concur.sync.condition import Condition

T = TypeVar("T")


class MonitorQueue(Queue[T]):
    """At most *maxsize* items, first in, first out; drop-in for ``queue.Queue(maxsize)``."""

    def __init__(self, maxsize: int, *, name: str | None = None) -> None:
        super().__init__(maxsize, name)
        self._lock = threading.Lock()  # guards all that follows
        self._items: deque[T] = deque()  # invariant: never more than maxsize
        self._unfinished = 0  # items put for which task_done() was not called
        self._closed = False
        self._not_empty = Condition(self._lock)  # notified when an item came, or none will come any more
        self._not_full = Condition(self._lock)  # notified when an item left, or none may come any more
        self._all_done = Condition(self._lock)  # notified when _unfinished becomes 0

    def put(self, item: T, block: bool = True, timeout: float | None = None) -> None:
        deadline = deadline_of(block, timeout)
        with self._lock:
            self._wait_for_room(deadline)
            self._add(item)

    def put_many(self, items: Iterable[T], timeout: float | None = None) -> int:
        batch, put = list(items), 0
        deadline = deadline_of(True, timeout)
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

    def get(self, block: bool = True, timeout: float | None = None) -> T:
        deadline = deadline_of(block, timeout)
        with self._lock:
            self._wait_for_item(deadline)
            return self._take()

    def get_many(self, limit: int, timeout: float | None = None) -> list[T]:
        if limit < 1:
            raise ValueError(f"get_many takes 1 item or more, not {limit}")
        deadline = deadline_of(True, timeout)
        with self._lock:
            self._wait_for_item(deadline)
            return [self._take() for _ in range(min(limit, len(self._items)))]

    def shutdown(self, immediate: bool = False) -> None:
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
        with self._lock:
            return self._closed

    def task_done(self) -> None:
        with self._lock:
            if self._unfinished == 0:
                raise ValueError("task_done() was called more often than items were put")
            self._unfinished -= 1
            if self._unfinished == 0:
                self._all_done.notify_all()

    def join(self) -> None:
        with self._lock:
            while self._unfinished:
                self._all_done.wait()

    @property
    def unfinished_tasks(self) -> int:
        with self._lock:
            return self._unfinished

    def qsize(self) -> int:
        with self._lock:
            return len(self._items)

    # These are called with the lock held.

    def _wait_for_room(self, deadline: float) -> None:
        while not self._closed and len(self._items) >= self.maxsize:
            left = left_until(deadline)
            if left is not None and left <= 0:
                raise Full
            self._not_full.wait(left)
        if self._closed:
            raise self._no_put()

    def _wait_for_item(self, deadline: float) -> None:
        while not self._items:
            if self._closed:
                raise self._no_get()
            left = left_until(deadline)
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
