# refuted by: A to B beside B to A ends
"""Source first, then target: two opposite transfers hold one each."""

from concur import Mutex


class Account:
    def __init__(self, balance):
        self.balance = balance
        self.mutex = Mutex()


def transfer(source, target, amount):
    if source is target:
        with source.mutex:
            return source.balance >= amount
    with source.mutex, target.mutex:
        if source.balance < amount:
            return False
        source.balance -= amount
        target.balance += amount
        return True
