"""BoundedQueue: a queue that makes its users wait, and can be closed.

You have: the items, a mutex, and two conditions over it.
You must: fill in ``put``, ``get`` and ``close``.
It is checked: under every interleaving.
"""

from collections import deque
from queue import Empty, Full

from concur import Closed, Condition, Mutex


class BoundedQueue:
    """First in, first out, and never more than ``capacity`` items."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.items: deque[object] = deque()
        self.closed = False
        self.mutex = Mutex()
        self.not_full = Condition(self.mutex)  # notified whenever an item leaves
        self.not_empty = Condition(self.mutex)  # notified whenever an item comes

    def put(self, item: object, timeout: float | None = None) -> None:
        """Append an item, waiting while the queue is full; Full after the time-out, Closed once closed."""
        with self.mutex:
            # wait_for tests again after each wake-up: somebody else may have been quicker.
            if not self.not_full.wait_for(lambda: self.closed or len(self.items) < self.capacity, timeout):
                raise Full
            if self.closed:
                raise Closed
            self.items.append(item)
            self.not_empty.notify()

    def get(self, timeout: float | None = None) -> object:
        """Take the oldest item, waiting for one; Empty after the time-out, Closed once closed and drained."""
        with self.mutex:
            if not self.not_empty.wait_for(lambda: self.closed or self.items, timeout):
                raise Empty
            if not self.items:
                raise Closed
            item = self.items.popleft()
            self.not_full.notify()
            return item

    def close(self) -> None:
        """Let nothing more in, and wake everybody who waits."""
        with self.mutex:
            self.closed = True
            self.not_full.notify_all()
            self.not_empty.notify_all()
