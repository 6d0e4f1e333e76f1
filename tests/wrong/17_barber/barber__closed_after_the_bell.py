# refuted by: close(): nobody in, the barber wakes
"""The barber who wakes at the bell finds the shop still open, and sleeps on."""

from collections import deque

from concur import Condition, Mutex, Semaphore


class Shop:
    def __init__(self, chairs: int) -> None:
        self.chairs = chairs
        self.closed = False
        self.mutex = Mutex()
        self.waiting: deque[Semaphore] = deque()
        self.bell = Condition(self.mutex)

    def visit(self) -> bool:
        with self.mutex:
            if self.closed or len(self.waiting) >= self.chairs:
                return False
            cut = Semaphore(0)
            self.waiting.append(cut)
            self.bell.notify()
        cut.acquire()
        return True

    def cut_one(self) -> bool:
        with self.mutex:
            while not self.waiting and not self.closed:
                self.bell.wait()
            if not self.waiting:
                return False
            self.waiting.popleft().release()
            return True

    def close(self) -> None:
        with self.mutex:
            self.bell.notify_all()
        self.closed = True
