"""The last element, by an index that was right a moment ago."""

from together import together


def scenario():
    log = ["a", "b"]

    def reader():
        last = len(log) - 1
        return log[last]

    def cleaner():
        log.clear()

    together(reader, cleaner)
