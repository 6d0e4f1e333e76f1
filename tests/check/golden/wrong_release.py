"""A lock is given back by who may not have it."""

from threading import Lock

from together import together


def scenario():
    lock = Lock()

    def careful():
        lock.acquire()
        lock.release()

    def hasty():
        if not lock.acquire(blocking=False):
            pass
        lock.release()

    together(careful, hasty)
