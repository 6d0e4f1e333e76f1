# refuted by: value is what some order of the calls gives
"""What is shown is a copy that is written after the lock was given back: an old one may come last."""

from concur import Mutex


class Counter:
    def __init__(self):
        self._mutex = Mutex()
        self._total = 0
        self._shown = 0

    def increment(self):
        self.add(1)

    def add(self, n):
        with self._mutex:
            self._total += n
            total = self._total
        self._shown = total

    @property
    def value(self):
        return self._shown
