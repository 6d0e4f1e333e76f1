# refuted by: No permit is lost, none is added
"""The permit is added without the lock, which is taken to notify only."""

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
        self.permits += n
        with self.mutex:
            self.permit_came.notify(n)
