"""Producers and consumers wait for one condition, and notify() wakes the wrong kind."""

from threading import Condition

from together import together


class Slot:
    def __init__(self):
        self.items = []
        self.changed = Condition()

    def put(self, item):
        with self.changed:
            while self.items:
                self.changed.wait()
            self.items.append(item)
            self.changed.notify()

    def get(self):
        with self.changed:
            while not self.items:
                self.changed.wait()
            self.changed.notify()
            return self.items.pop()


def scenario():
    slot = Slot()

    def reader_1():
        slot.get()

    def reader_2():
        slot.get()

    def writer_1():
        slot.put(1)

    def writer_2():
        slot.put(2)

    together(reader_1, reader_2, writer_1, writer_2)
