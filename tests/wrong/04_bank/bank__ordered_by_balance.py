# refuted by: A to B beside B to A ends
"""The order of the locks depends on what the locks protect."""

from concur import Mutex


class Account:
    def __init__(self, balance):
        self.balance = balance
        self.mutex = Mutex()


def transfer(source, target, amount):
    if source is target:
        with source.mutex:
            return source.balance >= amount
    first, second = sorted((source, target), key=lambda account: account.balance)
    with first.mutex, second.mutex:
        if source.balance < amount:
            return False
        source.balance -= amount
        target.balance += amount
        return True
