"""`if` for `while`, where a condition may wake without a notification."""

from threading import Condition

from together import together

OPTIONS = {"spurious_wakeups": True}


def scenario():
    ready = Condition()
    items = []

    def taker():
        with ready:
            if not items:
                ready.wait()
            items.pop()

    def giver():
        with ready:
            items.append(1)
            ready.notify()

    together(taker, giver)
