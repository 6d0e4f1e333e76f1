"""The flag is tested outside the lock."""

from threading import Condition

from together import together


class Signal:
    def __init__(self):
        self.ready = False
        self.condition = Condition()

    def wait(self):
        if not self.ready:
            with self.condition:
                self.condition.wait()

    def set(self):
        self.ready = True
        with self.condition:
            self.condition.notify()


def scenario():
    signal = Signal()

    def waiter():
        signal.wait()

    def setter():
        signal.set()

    together(waiter, setter)
