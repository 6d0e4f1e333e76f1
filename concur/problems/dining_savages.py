"""Dining savages: a tribe eats from one pot, and whoever finds it empty wakes the cook.

The pot holds so many servings. A savage who is hungry takes one; if there is
none, he wakes the cook and waits until the cook has filled the pot. The cook
sleeps unless he is woken, and he fills an empty pot only (Andrews, "Concurrent
Programming", 1991; The Little Book of Semaphores, 5.1).

How it works: who wants to eat takes the ladle, and holds it also while he
waits for the cook. So at most one savage looks at the pot, at most one call is
out to the cook, and the pot is the cook's alone from the call until he says
that it is full. It is a producer and a consumer with a buffer that is filled
all at once.

    >>> pot = Pot()
    >>> together(
    ...     lambda: pot.refill(lambda: ["stew", "soup"]),
    ...     lambda: print(pot.take(), pot.take()),
    ... )
    soup stew
"""

from collections.abc import Callable

from concur.problems import Say
from concur.problems._together import together
from concur.sync.mutex import Mutex
from concur.sync.semaphore import Semaphore

CHECK = "explore"
ATOMIC = (Semaphore,)


class Pot:
    """Servings that many take one by one, and one cook puts in all at once."""

    def __init__(self) -> None:
        self.servings: list[str] = []  # guarded by the ladle, or, between _empty and _full, the cook's
        self._ladle = Mutex(name="ladle")
        self._empty = Semaphore(0, name="empty")  # a permit: the cook is to come
        self._full = Semaphore(0, name="full")  # a permit: he has been here

    def take(self) -> str:
        """A serving, for which the cook may have to be woken."""
        with self._ladle:
            if not self.servings:
                self._empty.release()
                self._full.acquire()  # with the ladle in hand: nobody else is to wake the cook
            return self.servings.pop()

    def refill(self, cook: Callable[[], list[str]]) -> None:
        """Sleep until the pot is empty and somebody hungry; put in what *cook* makes."""
        self._empty.acquire()
        self.servings.extend(cook())
        self._full.release()


def scenario() -> None:
    """Everybody gets a serving of his own, and the cook comes to an empty pot only."""
    pot = Pot()
    dishes = ["fish", "rice", "stew", "soup"]
    eaten: list[str] = []

    def cook() -> list[str]:
        assert not pot.servings, f"the cook was woken with {pot.servings} in the pot"
        return [dishes.pop(), dishes.pop()]

    def work() -> None:
        pot.refill(cook)
        pot.refill(cook)

    def eat() -> None:
        eaten.append(pot.take())

    together(work, eat, eat, eat)
    assert len(eaten) == 3
    assert len({*eaten, *pot.servings}) == 4, f"eaten: {eaten}, left: {pot.servings}"


def demo(say: Say) -> None:
    pot = Pot()
    size, refills, savages = 5, 6, 3
    filled: list[int] = []
    eaten: list[str] = []

    def cook() -> list[str]:
        filled.append(len(pot.servings))
        say(f"the cook wakes up: {len(pot.servings)} servings left; he makes {size}")
        return [f"serving {len(filled)}.{number}" for number in range(size)]

    def work() -> None:
        for _ in range(refills):
            pot.refill(cook)

    def eat() -> None:
        for _ in range(size * refills // savages):
            eaten.append(pot.take())

    say(f"{savages} savages, a pot of {size}")
    together(work, *[eat] * savages)
    say(
        f"{len(eaten)} servings were eaten, {len(set(eaten))} of them different; {len(pot.servings)} are left"
    )
    assert filled == [0] * refills
    assert len(set(eaten)) == len(eaten) == size * refills
