# refuted by: First come, first served
"""Whoever looks at the right moment gets in."""

from threading import get_ident

from concur import AtomicInteger


class TicketLock:
    def __init__(self):
        self.taken = AtomicInteger(0)
        self.holder = None

    def acquire(self):
        while not self.taken.compare_and_set(0, 1):
            pass
        self.holder = get_ident()

    def release(self):
        if self.holder != get_ident():
            raise RuntimeError("this thread does not hold the lock")
        self.holder = None
        self.taken.set(0)
