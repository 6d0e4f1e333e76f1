# refuted by: A time-out returns False
"""The answer is what the last wait said, and not whether the count is zero: an open latch says False."""

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
        notified = False
        with self.mutex:
            while self.count > 0:
                notified = self.opened.wait(timeout)
                if not notified:
                    break
            return notified
