"""`if` where `while` is needed."""

from collections import deque
from threading import Condition

from together import together


class Queue:
    def __init__(self):
        self.items = deque()
        self.not_empty = Condition()

    def put(self, item):
        with self.not_empty:
            self.items.append(item)
            self.not_empty.notify()

    def get(self):
        with self.not_empty:
            if not self.items:
                self.not_empty.wait()
            return self.items.popleft()


def scenario():
    queue = Queue()

    def ann():
        queue.get()

    def bob():
        queue.get()

    def producer():
        queue.put(1)
        queue.put(2)

    together(ann, bob, producer)
