# refuted by: RuntimeError for who does not hold it
"""It asks whether anybody holds the lock, not who."""

from threading import get_ident

from concur import AtomicInteger


class TicketLock:
    def __init__(self):
        self.next_ticket = AtomicInteger(0)
        self.now_serving = AtomicInteger(0)
        self.holder = None

    def acquire(self):
        ticket = self.next_ticket.fetch_add(1)
        while self.now_serving.get() != ticket:
            pass
        self.holder = get_ident()

    def release(self):
        if self.holder is None:
            raise RuntimeError("nobody holds the lock")
        self.holder = None
        self.now_serving.fetch_add(1)
