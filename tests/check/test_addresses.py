"""A place is told by the address of its object, so what a step has touched stays alive until the run is over.

Else a new object gets the address of one that is gone, two threads that share nothing seem to have met
there, and what seems to be ordered by that meeting is not turned round: schedules are missed.
"""

from itertools import permutations

import pytest

from concur.check import Status

from .conftest import Check

ORDERS = list(permutations(range(3)))

# Three threads, each with two of three locks: every order in which they can go is possible.
PROGRAM = """
import threading
{more}
def scenario():
    a, b, c = Owned(), Owned(), Owned()
    went = []
    def work(i):
        {work}
        went.append(i)
    def first():
        with a, b: work(0)
    def second():
        with b, c: work(1)
    def third():
        with a, c: work(2)
    together(first, second, third)
    assert went != {order}
"""
OWNED = """
class Owned:
    def __init__(self):
        self.lock = threading.Lock()
    def __enter__(self):
        self.lock.acquire()
        {noted}
    def __exit__(self, *error):
        self.lock.release()
"""
FORGOTTEN = {
    "the second operand of a set": ("set().add(1)", "{i} & {1}"),
    "the second operand of a list": ("[].append(1)", "[i] + [1]"),
    "an argument": ("[].append(1)", "[].extend([i])"),
    "a buffer": ("bytearray(1)[0] = 1", "bytearray(1).extend(bytearray(1))"),
}


@pytest.mark.parametrize("order", ORDERS, ids=str)
@pytest.mark.parametrize("name", FORGOTTEN)
def test_no_address_is_used_twice(check: Check, name: str, order: tuple[int, ...]) -> None:
    """Every order is found, whatever the threads make and forget on the way."""
    noted, work = FORGOTTEN[name]
    verdict = check(PROGRAM.format(more=OWNED.format(noted=noted), work=work, order=list(order)))
    assert verdict.status is Status.REFUTED, str(verdict)


ONE_STEP = """
class Owned:
    def __init__(self):
        self.lock = threading.Lock()
    def __enter__(self):
        self.lock.acquire()
        Once().use()
    def __exit__(self, *error):
        self.lock.release()
class Once:
    def use(self):
        set().add(1)
    def look(self):
        {1} & {2}
"""


@pytest.mark.parametrize("order", ORDERS, ids=str)
def test_no_address_is_used_twice_in_calls(check: Check, order: tuple[int, ...]) -> None:
    """The same, made and forgotten inside a call that is taken as one step."""
    program = PROGRAM.format(more=ONE_STEP, work="Once().look()", order=list(order))
    verdict = check(program, atomic=["program.Once"])
    assert verdict.status is Status.REFUTED, str(verdict)
