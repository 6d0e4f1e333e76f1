# refuted by: No money is made or lost
"""The target is credited without a lock."""

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
