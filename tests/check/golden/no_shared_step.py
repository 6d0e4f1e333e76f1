"""An assertion that fails whatever the threads do."""

from together import together


def double(number):
    return number + 2


def scenario():
    results = []

    def ann():
        results.append(double(3))

    def bob():
        results.append(double(3))

    together(ann, bob)
    assert results == [6, 6]
