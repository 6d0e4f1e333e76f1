"""The conditions of the standard library, a loop by hand, and everybody is woken."""

import threading
import time


class Semaphore:
    def __init__(self, permits):
        self._free = permits
        self._changed = threading.Condition()

    def acquire(self, timeout=None):
        deadline = None if timeout is None else time.monotonic() + timeout
        with self._changed:
            while not self._free:
                if deadline is None:
                    self._changed.wait()
                elif (left := deadline - time.monotonic()) <= 0:
                    return False
                else:
                    self._changed.wait(left)
            self._free -= 1
        return True

    def release(self, n=1):
        with self._changed:
            self._free += n
            self._changed.notify_all()
