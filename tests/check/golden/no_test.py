"""A wait without a test: the notification may come before it."""

from threading import Condition

from together import together


def scenario():
    ready = Condition()

    def waiter():
        with ready:
            ready.wait()

    def setter():
        with ready:
            ready.notify()

    together(waiter, setter)
