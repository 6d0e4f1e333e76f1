# refuted by: A time-out gives False, takes nothing
"""The time-out is not passed on."""

from concur import Condition, Mutex


class Semaphore:
    def __init__(self, permits):
        self.permits = permits
        self.mutex = Mutex()
        self.permit_came = Condition(self.mutex)

    def acquire(self, timeout=None):
        with self.mutex:
            if not self.permit_came.wait_for(lambda: self.permits > 0):
                return False
            self.permits -= 1
            return True

    def release(self, n=1):
        with self.mutex:
            self.permits += n
            self.permit_came.notify(n)
