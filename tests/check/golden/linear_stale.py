"""A reader that keeps what it has read."""

from together import together

from concur import linearizable


class Model:
    def __init__(self):
        self.value = 0

    def set(self, value):
        self.value = value

    def get(self):
        return self.value


class Cached(Model):
    def __init__(self):
        self.value = 0
        self.known = None

    def get(self):
        if self.known is None:
            self.known = self.value
        return self.known


def scenario():
    register = linearizable(Model, Cached())

    def writer():
        register.set(1)
        register.set(2)

    def reader():
        register.get()
        register.get()

    together(writer, reader)
