# refuted by: To itself: ends, nothing changes
"""The mutex of concur refuses to be taken twice, and nobody expected that."""

from concur import Mutex


class Account:
    def __init__(self, balance):
        self.balance = balance
        self.mutex = Mutex()


def transfer(source, target, amount):
    first, second = sorted((source, target), key=id)
    with first.mutex, second.mutex:
        if source.balance < amount:
            return False
        source.balance -= amount
        target.balance += amount
        return True
