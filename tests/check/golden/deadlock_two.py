"""Two accounts, locked in the order in which they are named."""

from threading import Lock

from together import together


class Account:
    def __init__(self):
        self.lock = Lock()
        self.balance = 100


def transfer(source, target, amount):
    with source.lock:
        with target.lock:
            source.balance -= amount
            target.balance += amount


def scenario():
    savings, current = Account(), Account()

    def ann():
        transfer(savings, current, 10)

    def bob():
        transfer(current, savings, 20)

    together(ann, bob)
