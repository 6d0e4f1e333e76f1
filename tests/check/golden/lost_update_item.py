"""Counting words in a dictionary."""

from together import together


def scenario():
    counts = {"a": 0, "b": 0}

    def first():
        for word in "ab":
            counts[word] += 1

    def second():
        counts["a"] += 1

    together(first, second)
    assert counts == {"a": 2, "b": 1}
