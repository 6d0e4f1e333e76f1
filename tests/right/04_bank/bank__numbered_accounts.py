"""Accounts are numbered when they are opened, and locked by number."""

from itertools import count

from concur import Mutex

NUMBERS = count()


class Account:
    def __init__(self, balance):
        self.balance = balance
        self.number = next(NUMBERS)
        self.mutex = Mutex()


def transfer(source, target, amount):
    held = sorted({source.number: source, target.number: target}.items())
    for _, account in held:
        account.mutex.acquire()
    try:
        enough = source.balance >= amount
        if enough:
            source.balance -= amount
            target.balance += amount
        return enough
    finally:
        for _, account in held:
            account.mutex.release()
