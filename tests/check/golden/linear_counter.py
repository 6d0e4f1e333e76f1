"""A counter whose increments are not atomic."""

from together import together

from concur import linearizable


class Counter:
    def __init__(self):
        self.value = 0

    def next(self):
        self.value += 1
        return self.value


def scenario():
    counter = linearizable(Counter, Counter())

    def ann():
        counter.next()

    def bob():
        counter.next()

    together(ann, bob)
