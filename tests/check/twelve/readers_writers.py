"""The last reader to leave does not wake the writer. Buggy: deadlock."""

from threading import Condition, Thread


def together(*functions):
    threads = [Thread(target=function) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class ReadWriteLock:
    def __init__(self):
        self.readers = 0
        self.writing = False
        self.changed = Condition()

    def begin_to_read(self):
        with self.changed:
            while self.writing:
                self.changed.wait()
            self.readers += 1

    def end_reading(self):
        with self.changed:
            self.readers -= 1
            if self.readers == 0:
                self.changed.notify_all()

    def begin_to_write(self):
        with self.changed:
            while self.writing or self.readers:
                self.changed.wait()
            self.writing = True

    def end_writing(self):
        with self.changed:
            self.writing = False
            self.changed.notify_all()


class LeavesQuietly(ReadWriteLock):
    def end_reading(self):
        with self.changed:
            self.readers -= 1


class Page:
    def __init__(self):
        self.left = self.right = 0


def share(lock):
    page = Page()

    def read():
        lock.begin_to_read()
        assert page.left == page.right
        lock.end_reading()

    def write():
        lock.begin_to_write()
        page.left += 1
        page.right += 1
        lock.end_writing()

    together(read, read, write)
    assert page.left == 1


def scenario_buggy():
    share(LeavesQuietly())


def scenario_correct():
    share(ReadWriteLock())
