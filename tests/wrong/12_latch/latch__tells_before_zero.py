# refuted by: Nobody sleeps after zero
"""Those who wait are told before the count is zero, under another holding of the mutex."""

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
            if self.count == 1:
                self.opened.notify_all()
        with self.mutex:
            self.count -= 1

    def wait(self, timeout=None):
        with self.mutex:
            return self.opened.wait_for(lambda: self.count == 0, timeout)
