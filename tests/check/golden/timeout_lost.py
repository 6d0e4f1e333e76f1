"""A time-out that is taken for an answer."""

from threading import Event

from together import together


def scenario():
    ready = Event()
    result = []

    def worker():
        result.append(42)
        ready.set()

    def reader():
        ready.wait(timeout=1)
        assert result == [42]

    together(worker, reader)
