"""A method that holds the lock calls another that takes it."""

from threading import Lock

from together import together


class Register:
    def __init__(self):
        self.lock = Lock()
        self.entries = []

    def add(self, entry):
        with self.lock:
            if self.size() < 10:
                self.entries.append(entry)

    def size(self):
        with self.lock:
            return len(self.entries)


def scenario():
    register = Register()

    def clerk():
        register.add("x")

    together(clerk)
