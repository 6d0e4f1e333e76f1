# refuted by: Whoever waits gets in
"""The last reader leaves without a word, and the writer sleeps on."""

from contextlib import contextmanager

from concur import Condition, Mutex


class ReadWriteLock:
    def __init__(self):
        self.mutex = Mutex()
        self.changed = Condition(self.mutex)
        self.readers = 0
        self.writing = False
        self.writers_waiting = 0

    @contextmanager
    def read(self):
        with self.mutex:
            self.changed.wait_for(lambda: not self.writing and not self.writers_waiting)
            self.readers += 1
        try:
            yield
        finally:
            with self.mutex:
                self.readers -= 1

    @contextmanager
    def write(self):
        with self.mutex:
            self.writers_waiting += 1
            self.changed.wait_for(lambda: not self.writing and not self.readers)
            self.writers_waiting -= 1
            self.writing = True
        try:
            yield
        finally:
            with self.mutex:
                self.writing = False
                self.changed.notify_all()
