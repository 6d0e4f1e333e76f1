# refuted by: Each permit wakes one who waits
"""A permit is handed over by the notification alone, and whoever wakes up believes it."""

from concur import Condition, Mutex


class Semaphore:
    def __init__(self, permits):
        self.permits = permits
        self.mutex = Mutex()
        self.permit_came = Condition(self.mutex)
        self.waiting = 0

    def acquire(self, timeout=None):
        with self.mutex:
            if self.permits > 0:
                self.permits -= 1
                return True
            self.waiting += 1
            woken = self.permit_came.wait(timeout)
            self.waiting -= 1
            return woken

    def release(self, n=1):
        with self.mutex:
            handed = min(n, self.waiting)
            self.permit_came.notify(handed)
            self.permits += n - handed
