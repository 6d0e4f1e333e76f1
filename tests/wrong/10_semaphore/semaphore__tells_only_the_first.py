# refuted by: Each permit wakes one who waits
"""release() notifies only when there was no permit before, so that the second of two permits wakes nobody."""

from concur import Condition, Mutex


class Semaphore:
    def __init__(self, permits):
        self.permits = permits
        self.mutex = Mutex()
        self.permit_came = Condition(self.mutex)

    def acquire(self, timeout=None):
        with self.mutex:
            if not self.permit_came.wait_for(lambda: self.permits > 0, timeout):
                return False
            self.permits -= 1
            return True

    def release(self, n=1):
        with self.mutex:
            if self.permits == 0:
                self.permit_came.notify(n)
            self.permits += n
