# refuted by: get() waits while the queue is empty
"""There was an item when we looked; we take it under another holding of the lock."""

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
            self.items.append(item)
            self.not_empty.notify()

    def get(self, timeout=None):
        with self.mutex:
            if not self.not_empty.wait_for(self._may_get, timeout):
                raise Empty
            if not self.items:
                raise Closed
        with self.mutex:
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
