# refuted by: No permit is held by two
"""Who was woken does not look again, and takes a permit that somebody else has taken."""

from concur import Condition, Mutex


class Semaphore:
    def __init__(self, permits):
        self.permits = permits
        self.mutex = Mutex()
        self.permit_came = Condition(self.mutex)

    def acquire(self, timeout=None):
        with self.mutex:
            if self.permits == 0 and not self.permit_came.wait(timeout):
                return False
            self.permits -= 1
            return True

    def release(self, n=1):
        with self.mutex:
            self.permits += n
            self.permit_came.notify(n)
