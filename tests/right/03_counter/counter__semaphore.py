"""A semaphore with one permit serves as a mutex."""

from concur import Semaphore


class Counter:
    def __init__(self):
        self._turn = Semaphore(1)
        self._value = 0

    def increment(self):
        self.add(1)

    def add(self, n):
        with self._turn:
            self._value = n + self._value

    @property
    def value(self):
        with self._turn:
            return self._value
