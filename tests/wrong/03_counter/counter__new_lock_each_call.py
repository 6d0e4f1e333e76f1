# refuted by: No update is lost
"""A lock that nobody else can hold, since each call makes its own."""

from threading import Lock


class Counter:
    def __init__(self):
        self._value = 0

    def increment(self):
        self.add(1)

    def add(self, n):
        with Lock():
            self._value += n

    @property
    def value(self):
        with Lock():
            return self._value
