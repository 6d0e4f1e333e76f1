"""A bank account that may not be overdrawn."""

from threading import Lock

from together import together


class Account:
    def __init__(self, balance):
        self.balance = balance
        self.lock = Lock()

    def withdraw(self, amount):
        if self.balance >= amount:
            with self.lock:
                self.balance -= amount


def scenario():
    account = Account(100)

    def ann():
        account.withdraw(80)

    def bob():
        account.withdraw(50)

    together(ann, bob)
    assert account.balance >= 0
