"""A pair that is written in two steps."""

from together import together


class Span:
    def __init__(self):
        self.low = 0
        self.high = 0

    def move(self, to):
        self.low = to
        self.high = to


def scenario():
    span = Span()

    def mover():
        span.move(5)

    def watcher():
        low, high = span.low, span.high
        assert low == high

    together(mover, watcher)
