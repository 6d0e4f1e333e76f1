# refuted by: One thread is inside at a time
"""Two may read the same number before either writes the next."""

from threading import get_ident

from concur import AtomicInteger


class TicketLock:
    def __init__(self):
        self.next_ticket = AtomicInteger(0)
        self.now_serving = AtomicInteger(0)
        self.holder = None

    def acquire(self):
        ticket = self.next_ticket.get()
        self.next_ticket.set(ticket + 1)
        while self.now_serving.get() != ticket:
            pass
        self.holder = get_ident()

    def release(self):
        if self.holder != get_ident():
            raise RuntimeError("this thread does not hold the lock")
        self.holder = None
        self.now_serving.fetch_add(1)
