# refuted by: One cut, one customer, the first first
"""All wait until the number of cuts has gone up, and it goes up for everybody, whoever was in the chair."""

from concur import Condition, Mutex


class Shop:
    def __init__(self, chairs):
        self.chairs = chairs
        self.closed = False
        self.waiting = 0
        self.cuts = 0
        self.changed = Condition(Mutex())

    def visit(self):
        with self.changed:
            if self.closed or self.waiting >= self.chairs:
                return False
            self.waiting += 1
            before = self.cuts
            self.changed.notify_all()
            self.changed.wait_for(lambda: self.cuts > before)
            return True

    def cut_one(self):
        with self.changed:
            self.changed.wait_for(lambda: self.waiting or self.closed)
            if not self.waiting:
                return False
            self.waiting -= 1
            self.cuts += 1
            self.changed.notify_all()
            return True

    def close(self):
        with self.changed:
            self.closed = True
            self.changed.notify_all()
