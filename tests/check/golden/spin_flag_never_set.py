"""A flag that nobody sets."""

from together import together


class Task:
    def __init__(self):
        self.ready = False
        self.result = None


def scenario():
    task = Task()

    def waiter():
        while not task.ready:
            pass

    def worker():
        task.result = 1

    together(waiter, worker)
