# refuted by: At most limit are inside
"""Who is woken does not look again whether there is a place."""

from threading import Condition


class Multiplex:
    def __init__(self, limit):
        self.limit = limit
        self.inside = 0
        self.left = Condition()

    def __enter__(self):
        with self.left:
            if self.inside == self.limit:
                self.left.wait()
            self.inside += 1

    def __exit__(self, kind, error, trace):
        with self.left:
            self.inside -= 1
            self.left.notify()
