"""Sleeping barber: customers come to a shop with one barber and a few chairs to wait in; who finds none goes away.

The barber sleeps while there is nobody; a customer who comes then wakes him.
Nobody leaves before he was cut, nobody is forgotten in a chair (Dijkstra, EWD
123, 1965; The Little Book of Semaphores, 5.2 and 5.3).

    >>> from concur.problems._together import together
    >>> shop = Shop(chairs=1)
    >>> def customer():
    ...     print(shop.visit("Ann"))
    ...     shop.close()
    >>> together(lambda: shop.work(lambda name: print("cut", name)), customer)
    cut Ann
    True

How it works: a semaphore counts the customers who have not been called, so
that a barber who is about to fall asleep does not miss one. Each customer
waits at a semaphore of his own, and sits in a line that a mutex guards: so
the barber knows whom he has cut, and calls the one who has waited longest.
To look for a chair and to take it is one step under that mutex; else two
would take the last one.

Invariant, while nobody is between two lines: customer_here counts those in line.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from functools import partial

from concur.problems import Say
from concur.problems._together import together
from concur.sync.mutex import Mutex
from concur.sync.semaphore import Semaphore

CHECK = "explore"


class Shop:
    """One barber, and chairs for those who wait."""

    def __init__(self, chairs: int) -> None:
        self.chairs = chairs
        self.mutex = Mutex(name="chairs")
        self.waiting: deque[tuple[str, Semaphore]] = deque()  # guarded by mutex
        self.customer_here = Semaphore(0, name="customer here")

    def visit(self, name: str) -> bool:
        """Have one's hair cut; False if there was no chair to wait in."""
        finished = Semaphore(0)
        with self.mutex:
            if len(self.waiting) == self.chairs:
                return False
            self.waiting.append((name, finished))
        self.customer_here.release()
        finished.acquire()
        return True

    def work(self, cut: Callable[[str], None]) -> None:
        """What the barber does, until the shop is closed."""
        while True:
            self.customer_here.acquire()  # asleep until one comes
            with self.mutex:
                if not self.waiting:
                    return
                name, finished = self.waiting.popleft()
            cut(name)
            finished.release()

    def close(self) -> None:
        """Send the barber home; all customers have left."""
        self.customer_here.release()  # wakes him, and he finds nobody in line


def day(shop: Shop, names: list[str]) -> int:
    """Customers of these names come at once; how many were cut."""
    cuts = {
        name: list[str]() for name in names
    }  # a list for each: what concerns one customer touches no other
    satisfied = {name: list[bool]() for name in names}

    def come(name: str) -> None:
        satisfied[name].append(shop.visit(name))
        assert len(cuts[name]) == satisfied[name].count(True), f"{name} left in the middle"

    barber = threading.Thread(target=lambda: shop.work(lambda name: cuts[name].append("cut")))
    barber.start()
    together(*(partial(come, name) for name in names))
    shop.close()
    barber.join()
    assert all(len(cuts[name]) == satisfied[name].count(True) for name in names), (cuts, satisfied)
    return sum(map(len, cuts.values()))


def scenario_enough_chairs() -> None:
    """Both customers are cut."""
    assert day(Shop(chairs=2), ["Ann", "Ben"]) == 2


def scenario_one_chair() -> None:
    """The second goes away if the first still waits; never more wait than there are chairs."""
    shop = Shop(chairs=1)
    assert day(shop, ["Ann", "Ben"]) in (1, 2)
    assert not shop.waiting


def demo(say: Say) -> None:
    shop, counted = Shop(chairs=3), Mutex(name="counted")
    cuts: list[str] = []
    away: list[str] = []

    def cut(name: str) -> None:
        say(f"  {name} is cut")
        time.sleep(0.005)
        cuts.append(name)

    def barber() -> None:
        shop.work(cut)
        say("  the barber goes home")

    def customer(name: str) -> None:
        if not shop.visit(name):
            say(f"  {name} finds no chair and goes away")
            with counted:
                away.append(name)

    say("One barber, three chairs, and eight customers who come at about the same time:")
    names = "Ann Ben Cid Dot Eve Fay Guy Hal".split()
    work = threading.Thread(target=barber, daemon=True)
    work.start()
    together(*(partial(customer, name) for name in names))
    shop.close()
    work.join()
    assert sorted(cuts + away) == names
    say(f"{len(cuts)} were cut, {len(away)} went away, and nobody waits.")
