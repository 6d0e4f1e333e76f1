# refuted by: Pairs with nothing in common overlap
"""One transfer at a time in the whole bank."""

from concur import Mutex


class Account:
    def __init__(self, balance):
        self.balance = balance
        self.mutex = Mutex()


BANK = Mutex()


def transfer(source, target, amount):
    with BANK:
        if source.balance < amount:
            return False
        source.balance -= amount
        target.balance += amount
        return True
