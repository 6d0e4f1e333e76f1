"""The value lies in a box for one: whoever wants it takes it out, and puts it back."""

from queue import Queue


class Counter:
    def __init__(self):
        self._box = Queue(maxsize=1)
        self._box.put(0)

    def increment(self):
        self.add(1)

    def add(self, n):
        self._box.put(self._box.get() + n)

    @property
    def value(self):
        value = self._box.get()
        self._box.put(value)
        return value
