# refuted by: False if short, and only then
"""Nobody looks whether there is enough."""

from concur import Mutex


class Account:
    def __init__(self, balance):
        self.balance = balance
        self.mutex = Mutex()


def transfer(source, target, amount):
    if source is target:
        with source.mutex:
            return source.balance >= amount
    first, second = sorted((source, target), key=id)
    with first.mutex, second.mutex:
        source.balance -= amount
        target.balance += amount
        return source.balance >= 0
