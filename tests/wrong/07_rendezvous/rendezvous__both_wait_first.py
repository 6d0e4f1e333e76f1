# refuted by: Both return, and each finds what the other brought
"""Each waits for the other before it says that it is here."""

from concur import Semaphore


class Rendezvous:
    def __init__(self):
        self.left_here = Semaphore(0)
        self.right_here = Semaphore(0)

    def left(self):
        self.right_here.acquire()
        self.left_here.release()

    def right(self):
        self.left_here.acquire()
        self.right_here.release()
