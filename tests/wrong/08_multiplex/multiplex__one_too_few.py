# refuted by: limit are inside together
"""A permit is missing; with a limit of 1 nobody gets in."""

from concur import Semaphore


class Multiplex:
    def __init__(self, limit):
        self.places = Semaphore(max(1, limit - 1))

    def __enter__(self):
        self.places.acquire()

    def __exit__(self, kind, error, trace):
        self.places.release()
