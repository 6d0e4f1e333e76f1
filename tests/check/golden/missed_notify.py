"""Nobody ever notifies."""

from threading import Condition

from together import together


class Mailbox:
    def __init__(self):
        self.letters = []
        self.arrived = Condition()

    def put(self, letter):
        with self.arrived:
            self.letters.append(letter)

    def get(self):
        with self.arrived:
            while not self.letters:
                self.arrived.wait()
            return self.letters.pop()


def scenario():
    mailbox = Mailbox()

    def reader():
        mailbox.get()

    def writer():
        mailbox.put("hello")

    together(reader, writer)
