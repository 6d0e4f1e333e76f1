# refuted by: left() returns only after right() was called
"""The left thread does not wait."""

from concur import Semaphore


class Rendezvous:
    def __init__(self):
        self.left_here = Semaphore(0)
        self.right_here = Semaphore(0)

    def left(self):
        self.left_here.release()

    def right(self):
        self.left_here.acquire()
