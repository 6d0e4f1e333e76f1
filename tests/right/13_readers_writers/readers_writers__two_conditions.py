"""Readers and writers wait for different things; who leaves wakes a writer, or else all readers."""

from concur import Condition, Mutex


class ReadWriteLock:
    def __init__(self):
        self.mutex = Mutex()
        self.may_read = Condition(self.mutex)
        self.may_write = Condition(self.mutex)
        self.inside = 0  # readers, or -1 while somebody writes
        self.wishes = 0  # of writers

    def read(self):
        return Side(self.begin_to_read, self.leave)

    def write(self):
        return Side(self.begin_to_write, self.leave)

    def begin_to_read(self):
        with self.mutex:
            while self.inside < 0 or self.wishes:
                self.may_read.wait()
            self.inside += 1

    def begin_to_write(self):
        with self.mutex:
            self.wishes += 1
            while self.inside:
                self.may_write.wait()
            self.wishes -= 1
            self.inside = -1

    def leave(self):
        with self.mutex:
            self.inside = max(0, self.inside - 1)
            if self.wishes:
                self.may_write.notify()
            else:
                self.may_read.notify_all()


class Side:
    def __init__(self, enter, leave):
        self.enter = enter
        self.leave = leave

    def __enter__(self):
        self.enter()

    def __exit__(self, *error):
        self.leave()
