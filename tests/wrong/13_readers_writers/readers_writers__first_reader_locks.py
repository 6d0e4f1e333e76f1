# refuted by: No reader passes a writer who waits
"""The first reader locks the room and the last one unlocks it; whoever comes in between passes the writer."""

from contextlib import contextmanager

from concur import Mutex, Semaphore


class ReadWriteLock:
    def __init__(self):
        self.mutex = Mutex()
        self.room = Semaphore(1)
        self.readers = 0

    @contextmanager
    def read(self):
        with self.mutex:
            self.readers += 1
            if self.readers == 1:
                self.room.acquire()
        yield
        with self.mutex:
            self.readers -= 1
            if self.readers == 0:
                self.room.release()

    @contextmanager
    def write(self):
        with self.room:
            yield
