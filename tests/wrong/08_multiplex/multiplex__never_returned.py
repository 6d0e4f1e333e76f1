# refuted by: A place comes back when the body raises
"""Places are used up."""

from concur import Semaphore


class Multiplex:
    def __init__(self, limit):
        self.places = Semaphore(limit)

    def __enter__(self):
        self.places.acquire()

    def __exit__(self, kind, error, trace):
        pass
