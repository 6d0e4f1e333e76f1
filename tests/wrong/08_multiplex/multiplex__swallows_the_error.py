# refuted by: A place comes back when the body raises
"""It returns something true, which ends the exception."""

from concur import Semaphore


class Multiplex:
    def __init__(self, limit):
        self.places = Semaphore(limit)

    def __enter__(self):
        self.places.acquire()

    def __exit__(self, kind, error, trace):
        self.places.release()
        return True
