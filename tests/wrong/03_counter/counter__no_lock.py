# refuted by: No update is lost
"""No lock at all."""


class Counter:
    def __init__(self):
        self._value = 0

    def increment(self):
        self._value += 1

    def add(self, n):
        self._value += n

    @property
    def value(self):
        return self._value
