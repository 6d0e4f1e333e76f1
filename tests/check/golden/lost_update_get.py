"""Counting words with get()."""

from together import together


def scenario():
    counts = {}

    def first():
        counts["a"] = counts.get("a", 0) + 1

    def second():
        counts["a"] = counts.get("a", 0) + 1

    together(first, second)
    assert counts["a"] == 2
