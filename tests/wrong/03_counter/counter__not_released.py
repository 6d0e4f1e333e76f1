# refuted by: No update is lost
"""Whether the lock was to be had is not asked; and it is never given back."""

from concur import Mutex


class Counter:
    def __init__(self):
        self._mutex = Mutex()
        self._value = 0

    def increment(self):
        self.add(1)

    def add(self, n):
        self._mutex.acquire(False)
        self._value += n

    @property
    def value(self):
        return self._value
