"""Two threads find enough in one account, and both take it. Buggy: assertion."""

from threading import Lock, Thread


def together(*functions):
    threads = [Thread(target=function) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class Account:
    def __init__(self, balance):
        self.balance = balance
        self.lock = Lock()

    def withdraw(self, amount):
        with self.lock:
            if self.balance >= amount:
                self.balance -= amount


class CheckedOutside(Account):
    def withdraw(self, amount):
        if self.balance >= amount:
            with self.lock:
                self.balance -= amount


def spend(account):
    together(lambda: account.withdraw(60), lambda: account.withdraw(70))
    assert account.balance >= 0


def scenario_buggy():
    spend(CheckedOutside(100))


def scenario_correct():
    spend(Account(100))
