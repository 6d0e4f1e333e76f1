"""A connection is made when it is needed first: twice."""

from together import together

made = []


class Pool:
    def __init__(self):
        self.connection = None

    def get(self):
        if self.connection is None:
            made.append("connection")
            self.connection = object()
        return self.connection


def scenario():
    pool = Pool()

    def reader():
        pool.get()

    def writer():
        pool.get()

    together(reader, writer)
    assert len(made) == 1
