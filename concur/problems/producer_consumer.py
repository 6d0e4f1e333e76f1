"""Producer and consumer: some threads make items, others use them, with a few places in between.

A consumer waits while there is nothing, a producer waits while every place is
taken (Dijkstra, EWD 123, 1965; The Little Book of Semaphores, 4.1).

    >>> buffer = Buffer(2)
    >>> buffer.put("one"); buffer.put("two")
    >>> buffer.get(), buffer.get()
    ('one', 'two')

How it works: one semaphore counts the items, another the free places; together
they never exceed the places there are. A mutex guards the line of items. It
is taken last: who waits for a place with the mutex in hand keeps out the
consumer who would make one.
"""

from collections import deque
from functools import partial
from typing import Any

from concur.problems import Say
from concur.problems._together import together
from concur.sync.mutex import Mutex
from concur.sync.semaphore import Semaphore

CHECK = "explore"


class Buffer:
    """A line of items with a fixed number of places; the first in is the first out."""

    def __init__(self, places: int) -> None:
        # Invariant, when nobody is inside a method: items counts what is in line, spaces what would still fit.
        self.items = Semaphore(0, name="items")
        self.spaces = Semaphore(places, name="spaces")
        self.mutex = Mutex(name="line")
        self.line: deque[Any] = deque()  # guarded by mutex

    def put(self, item: Any) -> None:
        self.spaces.acquire()
        with self.mutex:
            self.line.append(item)
        self.items.release()

    def get(self) -> Any:
        self.items.acquire()
        with self.mutex:
            item = self.line.popleft()
        self.spaces.release()
        return item


def scenario_two_producers() -> None:
    """What two producers put into one place, a consumer gets, each item once."""
    buffer, got = Buffer(1), list[str]()

    def consume() -> None:
        for _ in range(2):
            got.append(buffer.get())

    together(lambda: buffer.put("a"), lambda: buffer.put("b"), consume)
    assert sorted(got) == ["a", "b"]
    assert not buffer.line


def scenario_order() -> None:
    """The items of one producer come in their order, and never more than fit are in line."""
    buffer, got = Buffer(2), list[int]()

    def produce() -> None:
        for item in range(3):
            buffer.put(item)
            with buffer.mutex:
                assert len(buffer.line) <= 2

    def consume() -> None:
        for _ in range(3):
            got.append(buffer.get())

    together(produce, consume)
    assert got == [0, 1, 2]


def demo(say: Say) -> None:
    buffer, got = Buffer(3), list[str]()

    def bake(baker: str) -> None:
        for number in range(1, 7):
            say(f"  {baker} brings loaf {number}")
            buffer.put(f"{baker} {number}")

    def sell() -> None:
        for _ in range(12):
            loaf = buffer.get()
            got.append(loaf)
            say(f"  sold: loaf {loaf.replace('baker ', 'of ')}")

    say("Two bakers, a shelf for three loaves, one shop assistant:")
    together(partial(bake, "baker A"), partial(bake, "baker B"), sell)
    for baker in ("baker A", "baker B"):
        mine = [loaf for loaf in got if loaf.startswith(baker)]
        assert mine == [f"{baker} {number}" for number in range(1, 7)], mine
    say("All twelve were sold, those of each baker in the order of baking.")
