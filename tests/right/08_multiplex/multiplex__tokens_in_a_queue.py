"""A token for each place lies in a queue."""

from queue import SimpleQueue


class Multiplex:
    def __init__(self, limit):
        self.tokens = SimpleQueue()
        for place in range(limit):
            self.tokens.put(place)

    def __enter__(self):
        return self.tokens.get()

    def __exit__(self, kind, error, trace):
        self.tokens.put(None)
