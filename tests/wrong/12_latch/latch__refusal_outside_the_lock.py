# refuted by: Below zero is a ValueError
"""Both look, find 1, and count down, one after the other."""

from concur import Condition, Mutex


class CountDownLatch:
    def __init__(self, count):
        self.count = count
        self.mutex = Mutex()
        self.opened = Condition(self.mutex)

    def count_down(self):
        if self.count == 0:
            raise ValueError("the latch is open")
        with self.mutex:
            self.count -= 1
            if self.count == 0:
                self.opened.notify_all()

    def wait(self, timeout=None):
        with self.mutex:
            return self.opened.wait_for(lambda: self.count == 0, timeout)
