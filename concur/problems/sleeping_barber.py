"""Sleeping barber: customers come to a shop with one barber and a few chairs; who finds no chair goes away.

The barber sleeps while there is nobody; a customer who comes then wakes him.
Nobody is cut who has not come, and nobody waits in a chair for ever
(Dijkstra, EWD 123, 1965; The Little Book of Semaphores, 5.2).

    >>> from concur.problems._together import together
    >>> shop, outcome = Shop(chairs=1), []
    >>> def customer():
    ...     outcome.append(shop.visit(lambda: outcome.append("cut")))
    ...     shop.close()
    >>> together(shop.work, customer)
    >>> outcome
    ['cut', True]

How it works: two meetings, each made of two semaphores. Before the cut the
customer says that he is here and the barber that it is his turn; after it the
customer says that he is pleased and the barber that he has finished. The
number of those in the shop is guarded by a mutex, and is looked at and
changed in one go: the last chair is taken once.
"""

import threading
import time
from collections.abc import Callable
from functools import partial

from concur.problems import Say
from concur.problems._together import together
from concur.sync.mutex import Mutex
from concur.sync.semaphore import Semaphore

CHECK = "explore"
SAMPLED = (
    "scenario_enough_chairs",
)  # two who wait and a barber, with four signals between them, are too many


class Shop:
    """One barber, and chairs for customers; the one who is cut sits in one of them too."""

    def __init__(self, chairs: int) -> None:
        self.chairs = chairs
        self.mutex = Mutex(name="customers")
        self.inside = 0  # customers; guarded by mutex
        self.closed = False
        self.customer_here = Semaphore(0, name="customer here")
        self.your_turn = Semaphore(0, name="your turn")
        self.pleased = Semaphore(0, name="pleased")
        self.finished = Semaphore(0, name="finished")

    def visit(self, get_cut: Callable[[], None]) -> bool:
        """Have one's hair cut; False if there was no chair."""
        with self.mutex:
            if self.inside == self.chairs:
                return False
            self.inside += 1
        self.customer_here.release()
        self.your_turn.acquire()
        get_cut()
        self.pleased.release()
        self.finished.acquire()
        with self.mutex:
            self.inside -= 1
        return True

    def work(self, cut: Callable[[], None] = lambda: None) -> None:
        """What the barber does, until the shop is closed."""
        while True:
            self.customer_here.acquire()  # asleep until one comes
            if self.closed:
                return
            self.your_turn.release()
            cut()
            self.pleased.acquire()
            self.finished.release()

    def close(self) -> None:
        """Send the barber home; all customers have left."""
        self.closed = True
        self.customer_here.release()  # wakes him; he finds that nobody is here


def day(customers: int, chairs: int) -> tuple[int, int]:
    """So many customers come at once; how many were cut, and how many cuts there were."""
    shop, cuts, in_chair = Shop(chairs), list[str](), list[str]()
    satisfied = [False] * customers

    def get_cut() -> None:
        in_chair.append("customer")
        assert len(in_chair) == 1, "two in the barber's chair"
        in_chair.pop()

    def come(number: int) -> None:
        satisfied[number] = shop.visit(get_cut)

    barber = threading.Thread(target=lambda: shop.work(lambda: cuts.append("cut")))
    barber.start()
    together(*(partial(come, number) for number in range(customers)))
    shop.close()
    barber.join()
    return satisfied.count(True), len(cuts)


def scenario_enough_chairs() -> None:
    """Both customers are cut, one after the other."""
    assert day(customers=2, chairs=2) == (2, 2)


def scenario_one_chair() -> None:
    """The second is cut too, or goes away because the chair was taken; the barber cuts only who is there."""
    assert day(customers=2, chairs=1) in {(2, 2), (1, 1)}


def demo(say: Say) -> None:
    shop, counted = Shop(chairs=3), Mutex(name="counted")
    satisfied: list[str] = []
    cuts: list[int] = []

    def barber() -> None:
        shop.work(lambda: cuts.append(len(cuts) + 1))
        say("  the barber goes home")

    def customer(name: str) -> None:
        def get_cut() -> None:
            say(f"  {name} is cut")
            time.sleep(0.005)

        if shop.visit(get_cut):
            with counted:
                satisfied.append(name)
        else:
            say(f"  {name} finds no chair and goes away")

    say("One barber, three chairs, and eight customers who come at about the same time:")
    work = threading.Thread(target=barber, daemon=True)
    work.start()
    together(*(partial(customer, name) for name in "Ann Ben Cid Dot Eve Fay Guy Hal".split()))
    shop.close()
    work.join()
    assert len(cuts) == len(satisfied) >= 3
    say(f"{len(satisfied)} were cut, {8 - len(satisfied)} went away, and nobody waits.")
