"""Two threads add at the same time."""

from together import together


class Counter:
    def __init__(self):
        self.value = 0

    def increment(self):
        self.value += 1


def scenario():
    counter = Counter()

    def ann():
        counter.increment()

    def bob():
        counter.increment()

    together(ann, bob)
    assert counter.value == 2
