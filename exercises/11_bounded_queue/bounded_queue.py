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
        # TODO

    def get(self, timeout: float | None = None) -> object:
        """Take the oldest item, waiting for one; Empty after the time-out, Closed once closed and drained."""
        # TODO

    def close(self) -> None:
        """Let nothing more in, and wake everybody who waits."""
        # TODO
