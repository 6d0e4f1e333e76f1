"""Only who holds the gate may take locks, and he lets go of it as soon as he has them."""

from threading import Lock

GATE = Lock()


class Account:
    def __init__(self, balance):
        self.balance = balance
        self.lock = Lock()


def transfer(source, target, amount):
    with GATE:
        source.lock.acquire()
        if target is not source:
            target.lock.acquire()
    try:
        if source.balance < amount:
            return False
        source.balance -= amount
        target.balance += amount
        return True
    finally:
        source.lock.release()
        if target is not source:
            target.lock.release()
