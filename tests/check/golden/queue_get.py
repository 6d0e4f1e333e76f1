"""One item, two consumers."""

from queue import Queue

from together import together


def scenario():
    tasks = Queue()

    def ann():
        tasks.get()

    def bob():
        tasks.get()

    def producer():
        tasks.put("task")

    together(ann, bob, producer)
