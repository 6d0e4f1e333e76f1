# refuted by: To itself: ends, nothing changes
"""Both new balances are computed before either is written."""

from concur import Mutex


class Account:
    def __init__(self, balance):
        self.balance = balance
        self.mutex = Mutex()


def transfer(source, target, amount):
    first, second = min((source, target), key=id), max((source, target), key=id)
    first.mutex.acquire()
    if second is not first:
        second.mutex.acquire()
    try:
        less, more = source.balance - amount, target.balance + amount
        if less < 0:
            return False
        source.balance = less
        target.balance = more
        return True
    finally:
        if second is not first:
            second.mutex.release()
        first.mutex.release()
