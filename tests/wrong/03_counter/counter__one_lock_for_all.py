# refuted by: Two counters do not block each other, and each keeps count
"""The lock belongs to the class: all counters of the program share it."""

from concur import Mutex


class Counter:
    _mutex = Mutex()

    def __init__(self):
        self._value = 0

    def increment(self):
        self.add(1)

    def add(self, n):
        with self._mutex:
            self._value += n

    @property
    def value(self):
        with self._mutex:
            return self._value
