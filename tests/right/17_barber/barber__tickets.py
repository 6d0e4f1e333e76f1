"""One condition for all; a customer draws a ticket, and waits until that many were cut."""

from concur import Condition, Mutex


class Shop:
    def __init__(self, chairs):
        self.chairs = chairs
        self.closed = False
        self.tickets = 0
        self.cuts = 0
        self.changed = Condition(Mutex())

    def visit(self):
        with self.changed:
            if self.closed or self.tickets - self.cuts >= self.chairs:
                return False
            self.tickets += 1
            ticket = self.tickets
            self.changed.notify_all()
            self.changed.wait_for(lambda: self.cuts >= ticket)
            return True

    def cut_one(self):
        with self.changed:
            self.changed.wait_for(lambda: self.cuts < self.tickets or self.closed)
            if self.cuts == self.tickets:
                return False
            self.cuts += 1
            self.changed.notify_all()
            return True

    def close(self):
        with self.changed:
            self.closed = True
            self.changed.notify_all()
