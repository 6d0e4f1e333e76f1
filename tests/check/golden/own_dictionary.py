"""A dict with a lock of its own: each operation is safe, two of them together are not."""

from collections import OrderedDict
from threading import RLock

from together import together


class Names(OrderedDict):
    def __init__(self):
        super().__init__()
        self.lock = RLock()

    def __contains__(self, key):
        with self.lock:
            return OrderedDict.__contains__(self, key)

    def __setitem__(self, key, value):
        with self.lock:
            OrderedDict.__setitem__(self, key, value)

    def items(self):
        with self.lock:
            return [(key, self[key]) for key in list(self.keys())]


def scenario():
    names, made = Names(), []

    def make():
        if "x" not in names:
            names["x"] = 1
            made.append("x")

    together(make, make)
    assert made == ["x"]
