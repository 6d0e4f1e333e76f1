"""A single read is one step, so value needs no lock here (it does in languages with weaker promises)."""

import threading


class Counter:
    def __init__(self):
        self._lock = threading.Lock()
        self._value = 0

    def increment(self):
        with self._lock:
            self._value += 1

    def add(self, n):
        self._lock.acquire()
        try:
            self._value = self._value + n
        finally:
            self._lock.release()

    @property
    def value(self):
        return self._value
