"""races=fail: an update without a lock."""

from together import together

OPTIONS = {"races": "fail"}


class Counter:
    def __init__(self):
        self.value = 0


def scenario():
    counter = Counter()

    def ann():
        counter.value += 1

    def bob():
        counter.value += 1

    together(ann, bob)
