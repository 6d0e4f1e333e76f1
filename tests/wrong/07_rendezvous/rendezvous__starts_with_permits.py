# refuted by: left() returns only after right() was called
"""The permits that are there at the start let everybody through."""

from concur import Semaphore


class Rendezvous:
    def __init__(self):
        self.left_here = Semaphore(1)
        self.right_here = Semaphore(1)

    def left(self):
        self.left_here.release()
        self.right_here.acquire()

    def right(self):
        self.right_here.release()
        self.left_here.acquire()
