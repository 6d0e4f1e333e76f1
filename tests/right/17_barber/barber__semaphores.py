"""A semaphore counts what the barber has to look at: customers, and the closing of the shop."""

from threading import Lock

from concur import Semaphore


class Shop:
    def __init__(self, chairs):
        self.chairs = chairs
        self.closed = False
        self.line = []
        self.lock = Lock()
        self.bell = Semaphore(0)

    def visit(self):
        with self.lock:
            if self.closed or len(self.line) == self.chairs:
                return False
            mine = Semaphore(0)
            self.line.append(mine)
        self.bell.release()
        mine.acquire()
        return True

    def cut_one(self):
        self.bell.acquire()
        with self.lock:
            if self.line:
                self.line.pop(0).release()
                return True
        self.bell.release()  # it was the bell of closing time: it goes on ringing
        return False

    def close(self):
        with self.lock:
            self.closed = True
        self.bell.release()
