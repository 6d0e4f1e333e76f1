# refuted by: RuntimeError for who does not hold it
"""Nobody looks who releases."""

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
        self.now_serving.fetch_add(1)
