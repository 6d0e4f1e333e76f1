"""Refuted: the waiter looks before it takes the lock, and the bell rings in between."""

from threading import Condition, Thread


class Hatch:
    def __init__(self):
        self.dishes = []
        self.bell = Condition()


def scenario():
    hatch = Hatch()

    def waiter():
        if not hatch.dishes:
            with hatch.bell:
                hatch.bell.wait()
        hatch.dishes.pop()

    def cook():
        with hatch.bell:
            hatch.dishes.append("soup")
            hatch.bell.notify()

    threads = [Thread(target=waiter, name="Waiter"), Thread(target=cook, name="Cook")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
