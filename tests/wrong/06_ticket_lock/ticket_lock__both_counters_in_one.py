# refuted by: One thread is inside at a time
"""Who draws a ticket moves the display, too."""

from threading import get_ident

from concur import AtomicInteger


class TicketLock:
    def __init__(self):
        self.number = AtomicInteger(0)
        self.holder = None

    def acquire(self):
        ticket = self.number.fetch_add(1)
        while self.number.get() < ticket:
            pass
        self.holder = get_ident()

    def release(self):
        if self.holder != get_ident():
            raise RuntimeError("this thread does not hold the lock")
        self.holder = None
        self.number.fetch_add(1)
