# refuted by: To itself: ends, nothing changes
"""It takes the same mutex twice."""

from threading import Lock


class Account:
    def __init__(self, balance):
        self.balance = balance
        self.mutex = Lock()


def transfer(source, target, amount):
    first, second = sorted((source, target), key=id)
    with first.mutex, second.mutex:
        if source.balance < amount:
            return False
        source.balance -= amount
        target.balance += amount
        return True
