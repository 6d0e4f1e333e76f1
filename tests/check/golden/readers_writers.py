"""A writer that looks only at other writers."""

from threading import Condition

from together import together


class Sheet:
    def __init__(self):
        self.readers = 0
        self.writing = False
        self.changed = Condition()

    def read(self):
        with self.changed:
            while self.writing:
                self.changed.wait()
            self.readers += 1
        assert not self.writing, "a writer is inside while somebody reads"
        with self.changed:
            self.readers -= 1
            self.changed.notify_all()

    def write(self):
        with self.changed:
            while self.writing:
                self.changed.wait()
            self.writing = True
        with self.changed:
            self.writing = False
            self.changed.notify_all()


def scenario():
    sheet = Sheet()

    def reader():
        sheet.read()

    def writer():
        sheet.write()

    together(reader, writer)
