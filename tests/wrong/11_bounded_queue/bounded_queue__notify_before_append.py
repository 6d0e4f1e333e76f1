# refuted by: Whatever can finish finishes
"""The consumer is told before the item is there, and may look too early."""

from collections import deque
from queue import Empty, Full

from concur import Closed, Condition, Mutex


class BoundedQueue:
    def __init__(self, capacity):
        self.capacity = capacity
        self.items = deque()
        self.closed = False
        self.mutex = Mutex()
        self.not_full = Condition(self.mutex)
        self.not_empty = Condition(self.mutex)

    def put(self, item, timeout=None):
        with self.mutex:
            if not self.not_full.wait_for(self._may_put, timeout):
                raise Full
            if self.closed:
                raise Closed
            self.not_empty.notify()
        with self.mutex:
            self.items.append(item)

    def get(self, timeout=None):
        with self.mutex:
            if not self.not_empty.wait_for(self._may_get, timeout):
                raise Empty
            if not self.items:
                raise Closed
            item = self.items.popleft()
            self.not_full.notify()
            return item

    def close(self):
        with self.mutex:
            self.closed = True
            self.not_full.notify_all()
            self.not_empty.notify_all()

    def _may_put(self):
        return self.closed or len(self.items) < self.capacity

    def _may_get(self):
        return self.closed or len(self.items) > 0
