# refuted by: left() returns only after right() was called
"""With one semaphore for both, each may take its own permit back."""

from concur import Semaphore


class Rendezvous:
    def __init__(self):
        self.here = Semaphore(0)

    def left(self):
        self.here.release()
        self.here.acquire()

    def right(self):
        self.here.release()
        self.here.acquire()
