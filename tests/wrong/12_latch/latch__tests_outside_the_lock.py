# refuted by: Nobody sleeps after zero
"""The count is looked at before the mutex is taken, and the notification comes in between."""

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
        while self.count > 0:
            with self.mutex:
                if not self.opened.wait(timeout):
                    return False
        return True
