# refuted by: No update is lost
"""The read is outside the lock."""

from concur import Mutex


class Counter:
    def __init__(self):
        self._mutex = Mutex()
        self._value = 0

    def increment(self):
        self.add(1)

    def add(self, n):
        total = self._value + n
        with self._mutex:
            self._value = total

    @property
    def value(self):
        with self._mutex:
            return self._value
