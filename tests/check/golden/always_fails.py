"""A stub: it fails in every order, though threads run."""

from together import together


class Counter:
    def __init__(self):
        self.value = 0

    def increment(self):
        """To be written."""


def scenario():
    counter = Counter()
    together(counter.increment, counter.increment)
    assert counter.value == 2
