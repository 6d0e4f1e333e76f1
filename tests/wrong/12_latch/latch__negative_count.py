# refuted by: Below zero is a ValueError
"""The count goes on below zero, and nobody is told."""

from concur import Condition, Mutex


class CountDownLatch:
    def __init__(self, count):
        self.count = count
        self.mutex = Mutex()
        self.opened = Condition(self.mutex)

    def count_down(self):
        with self.mutex:
            self.count -= 1
            if self.count == 0:
                self.opened.notify_all()

    def wait(self, timeout=None):
        with self.mutex:
            return self.opened.wait_for(lambda: self.count == 0, timeout)
