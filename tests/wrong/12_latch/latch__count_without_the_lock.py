# refuted by: Nobody sleeps after zero
"""Two count down at the same moment, and one of them is lost."""

from concur import Condition, Mutex


class CountDownLatch:
    def __init__(self, count):
        self.count = count
        self.mutex = Mutex()
        self.opened = Condition(self.mutex)

    def count_down(self):
        if self.count == 0:
            raise ValueError("the latch is open")
        self.count -= 1
        with self.mutex:
            if self.count == 0:
                self.opened.notify_all()

    def wait(self, timeout=None):
        with self.mutex:
            return self.opened.wait_for(lambda: self.count == 0, timeout)
