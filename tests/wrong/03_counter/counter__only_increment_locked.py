# refuted by: value is what some order of the calls gives
"""increment() is right, and add() was forgotten."""

from concur import Mutex


class Counter:
    def __init__(self):
        self._mutex = Mutex()
        self._value = 0

    def increment(self):
        with self._mutex:
            self._value += 1

    def add(self, n):
        self._value += n

    @property
    def value(self):
        with self._mutex:
            return self._value
