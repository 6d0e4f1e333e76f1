"""races=fail: a pair without a lock."""

from together import together

OPTIONS = {"races": "fail"}


class Span:
    def __init__(self):
        self.low = 0
        self.high = 0


def scenario():
    span = Span()

    def mover():
        span.low = 5
        span.high = 5

    def watcher():
        return (span.low, span.high)

    together(mover, watcher)
