# refuted by: add(n) is one step: others see all of n or nothing
"""add() is n increments, and others see it half done."""

from concur import Mutex


class Counter:
    def __init__(self):
        self._mutex = Mutex()
        self._value = 0

    def increment(self):
        with self._mutex:
            self._value += 1

    def add(self, n):
        for _ in range(n):
            self.increment()

    @property
    def value(self):
        with self._mutex:
            return self._value
