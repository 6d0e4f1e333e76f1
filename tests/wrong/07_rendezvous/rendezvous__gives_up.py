# refuted by: left() returns only after right() was called
"""The left thread loses patience."""

from concur import Semaphore


class Rendezvous:
    def __init__(self):
        self.left_here = Semaphore(0)
        self.right_here = Semaphore(0)

    def left(self):
        self.left_here.release()
        self.right_here.acquire(timeout=1)

    def right(self):
        self.right_here.release()
        self.left_here.acquire()
