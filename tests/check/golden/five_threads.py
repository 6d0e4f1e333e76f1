"""Five threads in eighty columns."""

from together import together


def scenario():
    seen = []

    def add():
        seen.append(len(seen))

    def north():
        add()

    def south():
        add()

    def east():
        add()

    def west():
        add()

    def centre():
        add()

    together(north, south, east, west, centre)
    assert seen == sorted(set(seen))
