"""The notification comes before the change that it is about."""

from threading import Condition

from together import together


class Mailbox:
    def __init__(self):
        self.letters = []
        self.lock_and_signal = Condition()

    def put(self, letter):
        with self.lock_and_signal:
            self.lock_and_signal.notify()
        with self.lock_and_signal:
            self.letters.append(letter)

    def get(self):
        with self.lock_and_signal:
            while not self.letters:
                self.lock_and_signal.wait()
            return self.letters.pop()


def scenario():
    mailbox = Mailbox()

    def reader():
        mailbox.get()

    def writer():
        mailbox.put("hello")

    together(reader, writer)
