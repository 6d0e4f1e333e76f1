# refuted by: A time-out returns False
"""A wait that was ended by the clock says True, as one that was not."""

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
            if self.count == 0:
                self.opened.notify_all()

    def wait(self, timeout=None):
        with self.mutex:
            self.opened.wait_for(lambda: self.count == 0, timeout)
            return True
