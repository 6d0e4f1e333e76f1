"""Dining philosophers: five thinkers share five forks, and each needs two to eat.

Between each two plates lies one fork. If everybody takes the left fork first,
a moment comes when each holds one and waits for the other for ever (Dijkstra,
EWD 310, 1971; The Little Book of Semaphores, 4.4). Three remedies are here:

- *ordered forks*: the forks are numbered, and everybody takes the lower one first;
- *a footman*: a semaphore lets all but one sit down;
- *all or nothing*: a monitor gives both forks at once, or none.

    >>> table = Ordered(3)
    >>> table.eat(2, lambda: print("eating"))
    eating

How it works: a deadlock needs a circle of threads, each holding what the next
one wants. Numbered forks make no circle: along it the numbers would have to
rise for ever. With one seat empty, somebody at the table has both forks. In
the monitor nobody holds one fork while waiting for another.

Not one of them promises that everybody eats: a philosopher between two hungry
neighbours may wait long in the monitor.
"""

import time
from collections.abc import Callable
from functools import partial

from concur.problems import Say
from concur.problems._together import together
from concur.sync.condition import Condition
from concur.sync.mutex import Mutex
from concur.sync.semaphore import Semaphore

CHECK = "explore"


class Ordered:
    """Everybody takes the fork with the lower number first."""

    def __init__(self, size: int = 5) -> None:
        self.forks = [Mutex(name=f"fork-{i}") for i in range(size)]

    def eat(self, seat: int, meal: Callable[[], None]) -> None:
        low, high = sorted((seat, (seat + 1) % len(self.forks)))
        with self.forks[low], self.forks[high]:
            meal()


class Footman:
    """All but one may sit down at a time; then any order of taking forks will do."""

    def __init__(self, size: int = 5) -> None:
        self.forks = [Mutex(name=f"fork-{i}") for i in range(size)]
        self.footman = Semaphore(size - 1, name="footman")

    def eat(self, seat: int, meal: Callable[[], None]) -> None:
        left, right = seat, (seat + 1) % len(self.forks)
        with self.footman, self.forks[left], self.forks[right]:
            meal()


class AllOrNothing:
    """Nobody takes a fork before both are free."""

    def __init__(self, size: int = 5) -> None:
        self.size = size
        self.free = [True] * size  # guarded by the lock of put_back
        self.put_back = Condition(name="forks put back")

    def eat(self, seat: int, meal: Callable[[], None]) -> None:
        left, right = seat, (seat + 1) % self.size
        with self.put_back:
            while not (self.free[left] and self.free[right]):
                self.put_back.wait()
            self.free[left] = self.free[right] = False
        meal()
        with self.put_back:
            self.free[left] = self.free[right] = True
            self.put_back.notify_all()


Table = Ordered | Footman | AllOrNothing


def dinner(table: Table, size: int) -> None:
    """Everybody eats once; neighbours never at the same time."""
    eating = [list[str]() for _ in range(size)]  # a list for each: who eats far away touches nothing here
    eaten = [list[str]() for _ in range(size)]

    def meal(seat: int) -> None:
        eating[seat].append("eats")
        for neighbour in ((seat - 1) % size, (seat + 1) % size):
            assert not eating[neighbour], f"{seat} and {neighbour} eat side by side"
        eating[seat].pop()
        eaten[seat].append("meal")

    together(*(partial(table.eat, seat, partial(meal, seat)) for seat in range(size)))
    assert eaten == [["meal"]] * size


def scenario_ordered() -> None:
    dinner(Ordered(3), 3)


def scenario_footman() -> None:
    dinner(Footman(3), 3)


def scenario_all_or_nothing() -> None:
    dinner(AllOrNothing(3), 3)


def feast(table: Table, meals: int, say: Say) -> None:
    """Five philosophers eat on real threads; a meal takes some milliseconds."""
    names = ["Plato", "Kant", "Hume", "Marx", "Weil"]
    eaten = [0] * 5
    eating: list[str] = []
    companies: set[str] = set()
    noted = Mutex(name="who eats")

    def meal(seat: int) -> None:
        with noted:
            eating.append(names[seat])
            companies.add(" and ".join(sorted(eating)))
        time.sleep(0.003)
        with noted:
            eating.remove(names[seat])
            eaten[seat] += 1

    def philosopher(seat: int) -> None:
        for _ in range(meals):
            table.eat(seat, lambda: meal(seat))

    together(*(partial(philosopher, seat) for seat in range(5)))
    pairs = sorted(company for company in companies if " and " in company)
    say(f"  all five ate {meals} times, now and then two at once: {pairs[0] if pairs else 'not this time'}")
    assert eaten == [meals] * 5
    assert all(company.count(" and ") < 2 for company in companies), "five forks feed two at a time"


def demo(say: Say) -> None:
    for table, remedy in (
        (Ordered(), "everybody takes the fork with the lower number first"),
        (Footman(), "a footman lets four of the five sit down"),
        (AllOrNothing(), "a monitor gives both forks or none"),
    ):
        say(f"{remedy}:")
        feast(table, 10, say)
