# refuted by: At most limit are inside
"""A permit too many."""

from concur import Semaphore


class Multiplex:
    def __init__(self, limit):
        self.places = Semaphore(limit + 1)

    def __enter__(self):
        self.places.acquire()

    def __exit__(self, kind, error, trace):
        self.places.release()
