"""Graded: bank.py."""

from collections.abc import Callable
from threading import Event, Thread

from concur.grade import graded


def together(*calls: Callable[[], object]) -> None:
    """Make each call in a thread of its own, and wait for all."""
    threads = [Thread(target=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class Meeting(int):
    """An amount that is not added or subtracted before the other one is, too."""

    here: Event
    there: Event

    def __radd__(self, balance: int) -> int:
        self.here.set()
        self.there.wait()
        return balance + int(self)

    def __rsub__(self, balance: int) -> int:
        self.here.set()
        self.there.wait()
        return balance - int(self)


@graded(points=3)
def test_conserved(explore):
    """No money is made or lost."""

    def both_into_one(attempt):
        a, b, c = attempt.Account(10), attempt.Account(10), attempt.Account(10)
        together(lambda: attempt.transfer(a, c, 1), lambda: attempt.transfer(b, c, 2))
        assert (a.balance, b.balance, c.balance) == (9, 8, 13)

    def in_a_chain(attempt):
        a, b, c = attempt.Account(10), attempt.Account(10), attempt.Account(10)
        together(lambda: attempt.transfer(a, b, 1), lambda: attempt.transfer(b, c, 2))
        assert (a.balance, b.balance, c.balance) == (9, 9, 12)

    explore(both_into_one)
    explore(in_a_chain)


@graded(points=2)
def test_short(explore):
    """False if short, and only then."""

    def nobody_else(attempt):
        a, b = attempt.Account(5), attempt.Account(0)
        assert attempt.transfer(a, b, 6) is False
        assert (a.balance, b.balance) == (5, 0), "nothing should have been moved"
        assert attempt.transfer(a, b, 5) is True
        assert (a.balance, b.balance) == (0, 5)

    def enough_for_one(attempt):
        a, b, c = attempt.Account(10), attempt.Account(0), attempt.Account(0)
        done = []
        together(
            lambda: done.append(attempt.transfer(a, b, 7)), lambda: done.append(attempt.transfer(a, c, 7))
        )
        assert sorted(done) == [False, True], f"two transfers of 7 from an account with 10 gave {done}"
        assert a.balance == 3

    def enough_for_both(attempt):
        a, b = attempt.Account(10), attempt.Account(0)
        done = []
        together(
            lambda: done.append(attempt.transfer(a, b, 5)), lambda: done.append(attempt.transfer(a, b, 5))
        )
        assert done == [True, True], f"two transfers of 5 from an account with 10 gave {done}"

    explore(nobody_else)
    explore(enough_for_one)
    explore(enough_for_both)


@graded(points=2)
def test_opposite(explore):
    """A to B beside B to A ends."""

    def scenario(attempt):
        a, b = attempt.Account(10), attempt.Account(10)
        together(lambda: attempt.transfer(a, b, 1), lambda: attempt.transfer(b, a, 2))
        assert (a.balance, b.balance) == (11, 9)

    explore(scenario)


@graded(points=1)
def test_oneself(explore):
    """To itself: ends, nothing changes."""

    def scenario(attempt):
        a, b = attempt.Account(10), attempt.Account(0)
        done = []
        together(lambda: done.append(attempt.transfer(a, a, 3)), lambda: attempt.transfer(a, b, 4))
        assert done == [True]
        assert (a.balance, b.balance) == (6, 4)
        assert attempt.transfer(a, a, 7) is False

    explore(scenario)


@graded(points=2)
def test_disjoint(explore):
    """Pairs with nothing in common overlap."""

    def scenario(attempt):
        accounts = [attempt.Account(10) for _ in range(4)]
        one, other = Meeting(1), Meeting(2)
        one.here, other.here = Event(), Event()
        one.there, other.there = other.here, one.here
        together(
            lambda: attempt.transfer(accounts[0], accounts[1], one),
            lambda: attempt.transfer(accounts[2], accounts[3], other),
        )
        assert [account.balance for account in accounts] == [9, 11, 8, 12]

    explore(scenario)
