"""A loop of attempts at a lock that its holder never gives back."""

from threading import Lock

from together import together


def scenario():
    lock = Lock()

    def keeper():
        lock.acquire()

    def spinner():
        while not lock.acquire(blocking=False):
            pass

    together(keeper, spinner)
