"""A run with more steps than a page has lines."""

from together import together


class Box:
    def __init__(self):
        self.n = 0


def scenario():
    box = Box()

    def counter():
        for _ in range(25):
            box.n += 1

    def watcher():
        assert box.n != 25

    together(counter, watcher)
