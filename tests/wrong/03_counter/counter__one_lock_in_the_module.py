# refuted by: Two counters do not block each other, and each keeps count
"""The lock belongs to the module: all counters of the program share it."""

import threading

LOCK = threading.Lock()


class Counter:
    def __init__(self):
        self._value = 0

    def increment(self):
        self.add(1)

    def add(self, n):
        with LOCK:
            self._value += n

    @property
    def value(self):
        return self._value
