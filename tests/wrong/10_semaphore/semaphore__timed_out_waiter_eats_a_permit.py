# refuted by: A time-out gives False, takes nothing
"""Who gives up stays in line, and the next permit is handed to somebody who has gone."""

from concur import Condition, Mutex


class Semaphore:
    def __init__(self, permits):
        self.permits = permits
        self.line = []  # the tickets of those who wait
        self.changed = Condition(Mutex())

    def acquire(self, timeout=None):
        with self.changed:
            if self.permits > 0:
                self.permits -= 1
                return True
            ticket = object()
            self.line.append(ticket)
            return self.changed.wait_for(lambda: ticket not in self.line, timeout)

    def release(self, n=1):
        with self.changed:
            served = min(n, len(self.line))
            del self.line[:served]
            self.permits += n - served
            self.changed.notify_all()
