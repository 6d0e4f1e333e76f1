# refuted by: Whatever can finish finishes
"""One condition for both: the one that is woken may be of the wrong kind."""

from collections import deque
from queue import Empty, Full

from concur import Closed, Condition, Mutex


class BoundedQueue:
    def __init__(self, capacity):
        self.capacity = capacity
        self.items = deque()
        self.closed = False
        self.mutex = Mutex()
        self.changed = Condition(self.mutex)

    def put(self, item, timeout=None):
        with self.mutex:
            if not self.changed.wait_for(self._may_put, timeout):
                raise Full
            if self.closed:
                raise Closed
            self.items.append(item)
            self.changed.notify()

    def get(self, timeout=None):
        with self.mutex:
            if not self.changed.wait_for(self._may_get, timeout):
                raise Empty
            if not self.items:
                raise Closed
            item = self.items.popleft()
            self.changed.notify()
            return item

    def close(self):
        with self.mutex:
            self.closed = True
            self.changed.notify_all()

    def _may_put(self):
        return self.closed or len(self.items) < self.capacity

    def _may_get(self):
        return self.closed or len(self.items) > 0
