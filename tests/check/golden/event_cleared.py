"""An event that is cleared before the waiter looks."""

from threading import Event

from together import together


def scenario():
    go = Event()

    def worker():
        go.wait()

    def starter():
        go.set()
        go.clear()

    together(worker, starter)
