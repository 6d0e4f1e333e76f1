"""Places and items are counted by semaphores; closing adds one permit of each, which is passed on."""

from collections import deque
from queue import Empty, Full

from concur import Closed, Mutex, Semaphore


class BoundedQueue:
    def __init__(self, capacity):
        self.items = deque()
        self.closed = False
        self.mutex = Mutex()
        self.places = Semaphore(capacity)
        self.filled = Semaphore(0)

    def put(self, item, timeout=None):
        if not self.places.acquire(timeout=timeout):
            raise Full
        with self.mutex:
            if self.closed:
                self.places.release()
                raise Closed
            self.items.append(item)
            self.filled.release()

    def get(self, timeout=None):
        if not self.filled.acquire(timeout=timeout):
            raise Empty
        with self.mutex:
            if not self.items:
                self.filled.release()
                raise Closed
            self.places.release()
            return self.items.popleft()

    def close(self):
        with self.mutex:
            self.closed = True
            self.places.release()
            self.filled.release()
