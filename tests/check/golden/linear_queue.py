"""A queue that looks and takes in two steps."""

from together import together

from concur import linearizable


class Queue:
    def __init__(self):
        self.items = []

    def put(self, item):
        self.items.append(item)

    def get(self):
        if not self.items:
            return None
        item = self.items[0]
        del self.items[0]
        return item


def scenario():
    queue = linearizable(Queue, Queue())
    queue.put("x")
    queue.put("y")

    def ann():
        queue.get()

    def bob():
        queue.get()

    together(ann, bob)
