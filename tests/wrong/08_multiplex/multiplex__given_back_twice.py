# refuted by: limit are inside together
"""After an exception the place is given back twice."""

from concur import Semaphore


class Multiplex:
    def __init__(self, limit):
        self.places = Semaphore(limit)

    def __enter__(self):
        self.places.acquire()

    def __exit__(self, kind, error, trace):
        self.places.release(2)
