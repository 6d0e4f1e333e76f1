"""First come, first served: each waiter has a ticket, and release() hands permits to the oldest."""

from concur import Condition, Mutex


class Semaphore:
    def __init__(self, permits):
        self.permits = permits
        self.line = []  # the tickets of those who wait, and nobody waits while there are permits
        self.changed = Condition(Mutex())

    def acquire(self, timeout=None):
        with self.changed:
            if self.permits:
                self.permits -= 1
                return True
            ticket = object()
            self.line.append(ticket)
            if self.changed.wait_for(lambda: ticket not in self.line, timeout):
                return True  # whoever took the ticket out of the line gave us its permit
            self.line.remove(ticket)
            return False

    def release(self, n=1):
        with self.changed:
            served = min(n, len(self.line))
            del self.line[:served]
            self.permits += n - served
            self.changed.notify_all()
