"""One condition for both kinds is enough if everybody is woken; the deadline is kept by hand."""

import time
from queue import Empty, Full
from threading import Condition

from concur import Closed


class BoundedQueue:
    def __init__(self, capacity):
        self._room = capacity
        self._items = []
        self._open = True
        self._changed = Condition()

    def put(self, item, timeout=None):
        with self._changed:
            deadline = None if timeout is None else time.monotonic() + timeout
            while self._open and self._room == 0:
                self._wait(deadline, Full)
            if not self._open:
                raise Closed("the queue was closed")
            self._room -= 1
            self._items.append(item)
            self._changed.notify_all()

    def get(self, timeout=None):
        with self._changed:
            deadline = None if timeout is None else time.monotonic() + timeout
            while self._open and not self._items:
                self._wait(deadline, Empty)
            if not self._items:
                raise Closed("the queue was closed")
            self._room += 1
            self._changed.notify_all()
            return self._items.pop(0)

    def close(self):
        with self._changed:
            self._open = False
            self._changed.notify_all()

    def _wait(self, deadline, too_late):
        if deadline is None:
            self._changed.wait()
        else:
            left = deadline - time.monotonic()
            if left <= 0:
                raise too_late
            self._changed.wait(left)
