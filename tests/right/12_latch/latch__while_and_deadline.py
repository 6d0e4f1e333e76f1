"""The condition of the standard library, a loop by hand, and everybody is woken at every count."""

import time
from threading import Condition


class CountDownLatch:
    def __init__(self, count):
        self._left = range(count)
        self._changed = Condition()

    def count_down(self):
        with self._changed:
            if not self._left:
                raise ValueError("counted down below zero")
            self._left = self._left[1:]
            self._changed.notify_all()

    def wait(self, timeout=None):
        until = None if timeout is None else time.monotonic() + timeout
        with self._changed:
            while self._left:
                left = None if until is None else until - time.monotonic()
                if left is not None and left <= 0:
                    return False
                self._changed.wait(left)
            return True
