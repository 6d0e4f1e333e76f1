# refuted by: False if short, and only then
"""Between the check and the locks another may take the money."""

from concur import Mutex


class Account:
    def __init__(self, balance):
        self.balance = balance
        self.mutex = Mutex()


def transfer(source, target, amount):
    if source.balance < amount:
        return False
    if source is target:
        return True
    first, second = sorted((source, target), key=id)
    with first.mutex, second.mutex:
        source.balance -= amount
        target.balance += amount
        return True
