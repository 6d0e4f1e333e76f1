"""Waits for an event while it holds the lock that the one who sets it needs."""

from threading import Event, Lock

from together import together


def scenario():
    lock, ready = Lock(), Event()

    def consumer():
        with lock:
            ready.wait()

    def producer():
        with lock:
            ready.set()

    together(consumer, producer)
