# refuted by: Nobody sleeps after zero
"""Only those who wait at the moment of zero are let through; who comes later waits for ever."""

from concur import Condition, Mutex


class CountDownLatch:
    def __init__(self, count):
        self.count = count
        self.mutex = Mutex()
        self.opened = Condition(self.mutex)
        self.waiting = self.let_through = 0

    def count_down(self):
        with self.mutex:
            if self.count == 0:
                raise ValueError("the latch is open")
            self.count -= 1
            if self.count == 0:
                self.let_through = self.waiting
                self.opened.notify_all()

    def wait(self, timeout=None):
        with self.mutex:
            self.waiting += 1
            self.opened.wait_for(lambda: self.let_through > 0, timeout)
            self.waiting -= 1
            through = self.let_through > 0
            self.let_through -= through
            return through
