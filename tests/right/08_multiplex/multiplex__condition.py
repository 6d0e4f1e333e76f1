"""A count under a condition."""

from threading import Condition


class Multiplex:
    def __init__(self, limit):
        self.limit = limit
        self.inside = 0
        self.left = Condition()

    def __enter__(self):
        with self.left:
            while self.inside == self.limit:
                self.left.wait()
            self.inside += 1

    def __exit__(self, kind, error, trace):
        with self.left:
            self.inside -= 1
            self.left.notify()
