"""The update goes through a local variable."""

from together import together


class Account:
    def __init__(self):
        self.balance = 100


def scenario():
    account = Account()

    def deposit():
        seen = account.balance
        total = seen + 50
        account.balance = total

    def interest():
        seen = account.balance
        account.balance = seen + seen // 10

    together(deposit, interest)
    assert account.balance in (160, 165)
