# refuted by: Nobody is through too early
"""Everybody is woken at every count, and goes."""

from concur import Condition, Mutex


class CountDownLatch:
    def __init__(self, count):
        self.count = count
        self.mutex = Mutex()
        self.opened = Condition(self.mutex)

    def count_down(self):
        with self.mutex:
            if self.count == 0:
                raise ValueError("the latch is open")
            self.count -= 1
            self.opened.notify_all()

    def wait(self, timeout=None):
        with self.mutex:
            if self.count > 0:
                return self.opened.wait(timeout)
            return True
