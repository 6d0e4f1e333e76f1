# refuted by: No money is made or lost
"""The target's balance is changed under the source's mutex."""

from concur import Mutex


class Account:
    def __init__(self, balance):
        self.balance = balance
        self.mutex = Mutex()


def transfer(source, target, amount):
    with source.mutex:
        if source.balance < amount:
            return False
        source.balance -= amount
        target.balance += amount
        return True
