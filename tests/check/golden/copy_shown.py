"""What is shown is written outside the lock: an old value may come last."""

from threading import Lock

from together import together


class Counter:
    def __init__(self):
        self.lock = Lock()
        self.total = 0
        self.shown = 0

    def add(self):
        with self.lock:
            self.total += 1
            total = self.total
        self.shown = total


def scenario():
    counter = Counter()

    def ann():
        counter.add()

    def bob():
        counter.add()

    together(ann, bob)
    assert counter.shown == 2
