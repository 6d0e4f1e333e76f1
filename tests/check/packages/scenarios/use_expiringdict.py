"""expiringdict: a dict with a lock of its own, whose items leave it after a time, or for want of room."""

from expiringdict import ExpiringDict

from tests.check.packages.scenarios.common import together


def scenario_room():
    """room for 1, 2 threads set two keys: one of them is left"""
    kept = ExpiringDict(1, 100)
    together(lambda: kept.__setitem__(1, 1), lambda: kept.__setitem__(2, 2))
    assert len(kept) == 1


def scenario_items_beside_set():
    """1 goes through items(), 1 sets a key: both end"""
    kept = ExpiringDict(2, 100)
    kept[1] = 1
    together(kept.items, lambda: kept.__setitem__(2, 2))


def scenario_test_and_get():
    """room for 1, 1 tests with `in` and then reads, 1 sets another key: what was there is found"""
    kept = ExpiringDict(1, 100)
    kept[1] = 1

    def look():
        if 1 in kept:
            assert kept[1] == 1

    together(look, lambda: kept.__setitem__(2, 2))


def scenario_test_and_set():
    """2 threads set a key if it is missing: one does"""
    kept, made = ExpiringDict(2, 100), []

    def make():
        if 1 not in kept:
            kept[1] = 1
            made.append(1)

    together(make, make)
    assert made == [1]
