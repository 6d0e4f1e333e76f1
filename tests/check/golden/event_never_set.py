"""An event that nobody sets."""

from threading import Event

from together import together


def scenario():
    started = Event()

    def worker():
        started.wait()

    def starter():
        if not started.is_set():
            pass

    together(worker, starter)
