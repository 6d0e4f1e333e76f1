"""Names of what is reached through several objects."""

from threading import Lock

from together import together


class Node:
    def __init__(self, value):
        self.value = value
        self.next = None
        self.lock = Lock()


class List:
    def __init__(self):
        self.head = Node(0)
        self.head.next = Node(1)


def scenario():
    chain = List()

    def forwards():
        with chain.head.lock:
            with chain.head.next.lock:
                chain.head.value = chain.head.next.value

    def backwards():
        second = chain.head.next
        with second.lock:
            with chain.head.lock:
                second.value = chain.head.value

    together(forwards, backwards)
