"""Bank transfer: money moves between accounts while others move money too, and none is lost, made, or stuck.

A transfer takes from one account and gives to another. Between the two steps
the money is nowhere, so both accounts have to be locked. But if Ann pays Bob
while Bob pays Ann, and each transfer takes the lock of the payer first, each
holds what the other waits for. That a circle of waiting is what makes a deadlock,
and one agreed order what prevents it, is from Coffman, Elphick and Shoshani,
"System Deadlocks", 1971.

How it works: a lock for each account, and whoever needs several takes them in
the order of the names. Along a cycle of waiting threads the names would have to
rise for ever, so there is none. Transfers between other pairs are not kept
waiting. An auditor who holds all accounts sees a total that never changes.

    >>> bank = Bank(ann=10, bob=0)
    >>> bank.transfer("ann", "bob", 7), bank.transfer("ann", "bob", 7)
    (True, False)
    >>> bank.transfer("bob", "bob", 7), bank.total()
    (True, 10)
"""

from contextlib import ExitStack

from concur.problems import Say
from concur.problems._together import together
from concur.sync.mutex import Mutex

CHECK = "explore"


class Account:
    """What one customer has."""

    def __init__(self, name: str, balance: int) -> None:
        self.lock = Mutex(name=name)
        self.balance = balance  # never below 0; guarded by lock


class Bank:
    """Accounts by name. Invariant: the sum of those that nobody holds, and of those held, stays the same."""

    def __init__(self, **balances: int) -> None:
        self._accounts = {name: Account(name, balance) for name, balance in balances.items()}

    def hold(self, *names: str) -> ExitStack:
        """Keep these accounts for oneself, until the end of the ``with`` statement that this is given to."""
        with ExitStack() as taken:
            for name in sorted(set(names)):  # one order for everybody; an account named twice is taken once
                taken.enter_context(self._accounts[name].lock)
            return taken.pop_all()

    def transfer(self, source: str, target: str, amount: int) -> bool:
        """Move *amount*, if *source* has as much; whether it did."""
        if amount < 0:
            raise ValueError(f"a transfer moves 0 or more, not {amount}")
        with self.hold(source, target):
            if self._accounts[source].balance < amount:
                return False
            self._accounts[source].balance -= amount
            self._accounts[target].balance += amount
            return True

    def total(self) -> int:
        """The money in the bank, at one moment."""
        with self.hold(*self._accounts):
            return sum(account.balance for account in self._accounts.values())


def scenario() -> None:
    """Opposite transfers both end, and an auditor never sees money on its way."""
    bank = Bank(ann=1, bob=1)
    seen: list[int] = []
    together(
        lambda: bank.transfer("ann", "bob", 1),
        lambda: bank.transfer("bob", "ann", 1),
        lambda: seen.append(bank.total()),
    )
    assert [*seen, bank.total()] == [2, 2]


def scenario_too_little() -> None:
    """What is there once is not spent twice."""
    bank = Bank(ann=1, bob=0, cyd=0)
    assert bank.transfer("ann", "ann", 1)  # and nobody waits for himself
    done: list[bool] = []
    together(
        lambda: done.append(bank.transfer("ann", "bob", 1)),
        lambda: done.append(bank.transfer("ann", "cyd", 1)),
    )
    assert sorted(done) == [False, True]
    assert bank.total() == 1


def scenario_others_go_on() -> None:
    """While two accounts are held, two others can be used."""
    bank = Bank(ann=1, bob=1, cyd=1, dan=1)
    with bank.hold("ann", "bob"):
        together(lambda: bank.transfer("cyd", "dan", 1))
    assert bank.transfer("dan", "ann", 2)


def demo(say: Say) -> None:
    bank = Bank(ann=100, bob=100, cyd=100)
    moved: list[bool] = []
    audits: list[int] = []

    def pay(source: str, target: str) -> None:
        for number in range(200):
            moved.append(bank.transfer(source, target, 1 + number % 5))

    def audit() -> None:
        for _ in range(200):
            audits.append(bank.total())

    say("Ann, Bob and Cyd have 100 each; each pays the next 200 times, and Bob pays Ann")
    together(
        lambda: pay("ann", "bob"),
        lambda: pay("bob", "cyd"),
        lambda: pay("cyd", "ann"),
        lambda: pay("bob", "ann"),
        audit,
    )
    say(f"{len(moved)} transfers have ended; {moved.count(False)} were refused for want of money")
    say(f"an auditor looked {len(audits)} times and saw {', '.join(map(str, sorted(set(audits))))}")
    assert len(moved) == 800
    assert set(audits) == {300}
    assert bank.total() == 300
