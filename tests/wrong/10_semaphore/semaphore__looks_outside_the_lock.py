# refuted by: Each permit wakes one who waits
"""The look at the permits is made before the lock is taken: the notification may come in between."""

from concur import Condition, Mutex


class Semaphore:
    def __init__(self, permits):
        self.permits = permits
        self.mutex = Mutex()
        self.permit_came = Condition(self.mutex)

    def acquire(self, timeout=None):
        while True:
            if self.permits == 0:
                with self.mutex:
                    if not self.permit_came.wait(timeout):
                        return False
            with self.mutex:
                if self.permits > 0:
                    self.permits -= 1
                    return True

    def release(self, n=1):
        with self.mutex:
            self.permits += n
            self.permit_came.notify(n)
