"""A gate of one permit: who gets through lets the next one through."""

from concur import Mutex, Semaphore


class CountDownLatch:
    def __init__(self, count):
        self._count = count
        self._mutex = Mutex()
        self._gate = Semaphore(0 if count else 1)

    def count_down(self):
        with self._mutex:
            if not self._count:
                raise ValueError("counted down below zero")
            self._count -= 1
            if not self._count:
                self._gate.release()

    def wait(self, timeout=None):
        if not self._gate.acquire(timeout=timeout):
            return False
        self._gate.release()
        return True
