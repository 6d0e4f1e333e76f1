# refuted by: No permit is held by two
"""Who is woken and finds no permit goes home, although there was no time-out."""

from concur import Condition, Mutex


class Semaphore:
    def __init__(self, permits):
        self.permits = permits
        self.mutex = Mutex()
        self.permit_came = Condition(self.mutex)

    def acquire(self, timeout=None):
        with self.mutex:
            if self.permits == 0:
                self.permit_came.wait(timeout)
            if self.permits == 0:
                return False
            self.permits -= 1
            return True

    def release(self, n=1):
        with self.mutex:
            self.permits += n
            self.permit_came.notify(n)
