"""Graded: barber.py."""

from threading import Thread
from time import sleep

from concur.grade import graded

ATOMIC = ["concur.Semaphore"]  # verified by itself


def together(*threads):
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def customer(shop, told, name="customer"):
    """A thread that visits the shop, and notes what it was told there."""
    return Thread(target=lambda: told.append(shop.visit()), name=name)


@graded(points=2)
def test_chairs(explore):
    """No more wait than there are chairs."""

    def scenario(attempt):
        shop, told = attempt.Shop(1), []
        customers = [customer(shop, told, name) for name in ("Ann", "Ben")]
        for each in customers:
            each.start()
        sleep(1)  # until nobody can go on
        waiting = 2 - len(told)
        assert waiting == 1, f"the barber is away: {waiting} customers wait, on 1 chair"
        assert told == [False], f"visit() returned {told[0]} to the customer who found no chair"
        assert shop.cut_one() is True
        for each in customers:
            each.join()
        assert told == [False, True]

    explore(scenario, timeouts="idle", atomic=ATOMIC)


@graded(points=2)
def test_room(explore):
    """Who finds a chair stays."""

    def scenario(attempt):
        shop, told, cuts = attempt.Shop(2), [], []

        def barber():
            cuts.append(shop.cut_one())
            cuts.append(shop.cut_one())

        together(
            customer(shop, told, "Ann"), customer(shop, told, "Ben"), Thread(target=barber, name="barber")
        )
        assert told == [True, True], f"2 customers, 2 chairs: visit() returned {told}"
        assert cuts == [True, True], f"2 customers were cut, but cut_one() returned {cuts}"

    explore(scenario, atomic=ATOMIC)


@graded(points=2)
def test_order(explore):
    """One cut, one customer, the first first."""

    def scenario(attempt):
        shop, first, second = attempt.Shop(2), [], []
        ann = customer(shop, first, "Ann")
        ann.start()
        sleep(1)  # until she sits
        ben = customer(shop, second, "Ben")
        ben.start()
        sleep(1)
        assert first == second == [], "visit() returned before the barber had come"
        shop.cut_one()
        sleep(1)
        assert (first, second) == ([True], []), (
            f"Ann came before Ben; after one cut she was told {first}, and he {second}"
        )
        shop.cut_one()
        ann.join()
        ben.join()
        assert second == [True]

    explore(scenario, timeouts="idle", atomic=ATOMIC)


@graded(points=2)
def test_all_are_cut(explore):
    """Who was let in is cut."""

    def scenario(attempt):
        shop, told, cuts = attempt.Shop(1), [], []

        def barber():
            while shop.cut_one():
                cuts.append("a cut")

        together(
            customer(shop, told, "Ann"),
            Thread(target=barber, name="barber"),
            Thread(target=shop.close, name="closing"),
        )
        assert told == [bool(cuts)], f"the barber has cut {len(cuts)}, but visit() returned {told}"

    explore(scenario, atomic=ATOMIC)


@graded(points=2)
def test_close(explore):
    """close(): nobody in, the barber wakes."""

    def asleep(attempt):
        shop, cuts = attempt.Shop(1), []
        together(Thread(target=lambda: cuts.append(shop.cut_one()), name="barber"), Thread(target=shop.close))
        assert cuts == [False], f"closed, and nobody waits: cut_one() returned {cuts}"
        assert shop.visit() is False, "the shop is closed, and visit() was not False"
        assert shop.cut_one() is False, "the shop is closed and empty, and cut_one() was not False"

    def one_waits(attempt):
        shop, told = attempt.Shop(1), []
        ann = customer(shop, told, "Ann")
        ann.start()
        sleep(1)  # until she sits
        shop.close()
        sleep(1)
        assert not told, "Ann was in before the shop was closed, and was sent away"
        assert shop.cut_one() is True, "Ann waits, and cut_one() was not True"
        ann.join()
        assert told == [True]
        assert shop.cut_one() is False

    explore(asleep, atomic=ATOMIC)
    explore(one_waits, timeouts="idle", atomic=ATOMIC)
