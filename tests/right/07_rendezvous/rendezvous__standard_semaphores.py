"""With the standard library's semaphores, named by what they let through."""

import threading


class Rendezvous:
    def __init__(self):
        self.left_may_go = threading.Semaphore(0)
        self.right_may_go = threading.BoundedSemaphore(1)
        self.right_may_go.acquire()

    def left(self):
        self.right_may_go.release()
        with self.left_may_go:
            pass

    def right(self):
        self.left_may_go.release(1)
        self.right_may_go.acquire(timeout=None)
