# refuted by: At most limit are inside
"""It goes in whether there was a place or not."""

from concur import Semaphore


class Multiplex:
    def __init__(self, limit):
        self.places = Semaphore(limit)

    def __enter__(self):
        self.places.acquire(blocking=False)

    def __exit__(self, kind, error, trace):
        self.places.release()
