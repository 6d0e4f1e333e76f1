"""The first ticket is 1, and the display shows the last number that has left."""

from threading import current_thread

from concur import AtomicInteger


class TicketLock:
    def __init__(self):
        self.drawn = AtomicInteger()
        self.left = AtomicInteger()
        self.owner = None

    def acquire(self):
        mine = self.drawn.fetch_add() + 1
        while True:
            if self.left.get() == mine - 1:
                break
        self.owner = current_thread()

    def release(self):
        if self.owner is not current_thread():
            raise RuntimeError
        self.owner = None
        self.left.fetch_add()
