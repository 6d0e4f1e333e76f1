"""A semaphore from a condition, with `if`."""

from threading import Condition

from together import together


class Semaphore:
    def __init__(self, permits):
        self.permits = permits
        self.available = Condition()

    def acquire(self):
        with self.available:
            if self.permits == 0:
                self.available.wait()
            self.permits -= 1

    def release(self):
        with self.available:
            self.permits += 1
            self.available.notify()


def scenario():
    semaphore = Semaphore(1)
    inside = []

    def use(name):
        semaphore.acquire()
        inside.append(name)
        assert len(inside) == 1
        inside.remove(name)
        semaphore.release()

    def ann():
        use("ann")

    def bob():
        use("bob")

    def cyd():
        use("cyd")

    together(ann, bob, cyd)
