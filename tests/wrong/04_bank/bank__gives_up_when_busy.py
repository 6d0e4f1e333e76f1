# refuted by: False if short, and only then
"""It says False when another transfer is under way."""

from concur import Mutex


class Account:
    def __init__(self, balance):
        self.balance = balance
        self.mutex = Mutex()


def transfer(source, target, amount):
    if source is target:
        with source.mutex:
            return source.balance >= amount
    if not source.mutex.acquire(blocking=False):
        return False
    try:
        if not target.mutex.acquire(blocking=False):
            return False
        try:
            if source.balance < amount:
                return False
            source.balance -= amount
            target.balance += amount
            return True
        finally:
            target.mutex.release()
    finally:
        source.mutex.release()
