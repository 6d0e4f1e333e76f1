# refuted by: A time-out gives False, takes nothing
"""What wait_for returns is not looked at: after the time-out a permit is taken that is not there."""

from concur import Condition, Mutex


class Semaphore:
    def __init__(self, permits):
        self.permits = permits
        self.mutex = Mutex()
        self.permit_came = Condition(self.mutex)

    def acquire(self, timeout=None):
        with self.mutex:
            self.permit_came.wait_for(lambda: self.permits > 0, timeout)
            self.permits -= 1
            return True

    def release(self, n=1):
        with self.mutex:
            self.permits += n
            self.permit_came.notify(n)
