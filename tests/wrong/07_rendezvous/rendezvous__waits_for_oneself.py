# refuted by: right() returns only after left() was called
"""Each takes the permit that it has just given."""

from concur import Semaphore


class Rendezvous:
    def __init__(self):
        self.left_here = Semaphore(0)
        self.right_here = Semaphore(0)

    def left(self):
        self.left_here.release()
        self.left_here.acquire()

    def right(self):
        self.right_here.release()
        self.right_here.acquire()
