# refuted by: No update is lost
"""Read under the lock, written under the lock, but not under the same holding of it."""

from concur import Mutex


class Counter:
    def __init__(self):
        self._mutex = Mutex()
        self._value = 0

    def increment(self):
        self.add(1)

    def add(self, n):
        with self._mutex:
            value = self._value
        value += n
        with self._mutex:
            self._value = value

    @property
    def value(self):
        with self._mutex:
            return self._value
