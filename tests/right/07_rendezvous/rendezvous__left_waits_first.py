"""One of the two may wait before it signals."""

from concur import Semaphore


class Rendezvous:
    def __init__(self):
        self.left_here = Semaphore(0)
        self.right_here = Semaphore(0)

    def left(self):
        self.right_here.acquire()
        self.left_here.release()

    def right(self):
        self.right_here.release()
        self.left_here.acquire()
