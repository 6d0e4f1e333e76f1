# refuted by: One thread is inside at a time
"""It waits only while the display shows a lower number, and the display is moved twice."""

from threading import get_ident

from concur import AtomicInteger


class TicketLock:
    def __init__(self):
        self.next_ticket = AtomicInteger(0)
        self.now_serving = AtomicInteger(0)
        self.holder = None

    def acquire(self):
        ticket = self.next_ticket.fetch_add(1)
        while self.now_serving.get() < ticket:
            pass
        self.holder = get_ident()

    def release(self):
        if self.holder != get_ident():
            raise RuntimeError("this thread does not hold the lock")
        self.holder = None
        self.now_serving.fetch_add(2)
