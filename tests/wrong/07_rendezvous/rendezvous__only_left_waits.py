# refuted by: right() returns only after left() was called
"""The right thread does not wait."""

from concur import Semaphore


class Rendezvous:
    def __init__(self):
        self.left_here = Semaphore(0)
        self.right_here = Semaphore(0)

    def left(self):
        self.right_here.acquire()

    def right(self):
        self.right_here.release()
