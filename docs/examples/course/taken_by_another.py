"""Refuted: a waiter that was woken takes a dish, and does not look whether it is still there."""

from threading import Condition, Thread


class Hatch:
    def __init__(self):
        self.dishes = []
        self.bell = Condition()


def scenario():
    hatch = Hatch()

    def waiter():
        with hatch.bell:
            if not hatch.dishes:
                hatch.bell.wait()
            hatch.dishes.pop()

    def cook():
        for dish in ("soup", "salad"):
            with hatch.bell:
                hatch.dishes.append(dish)
                hatch.bell.notify()

    threads = [
        Thread(target=waiter, name="Ann"),
        Thread(target=waiter, name="Bob"),
        Thread(target=cook, name="Cook"),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
