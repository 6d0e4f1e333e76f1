"""Unisex bathroom: men and women share a room, never both at once, only so many at a time, and nobody starves.

In an office there is one bathroom with three places. Men may be in it together,
and women may, but not a man and a woman (Andrews, "Concurrent Programming",
1991; The Little Book of Semaphores, 6.2). Letting in whoever fits is not
enough: while men come and go so that one is always inside, a woman at the door
would wait for ever.

How it works: everybody stands in line, asleep at a semaphore of his own. Whoever
comes or goes out lets in those at
the head of the line, as many as fit, counts them as inside, and only then wakes
them: Andrews calls it passing the baton. The first who does not fit ends it,
though one behind him might fit; so nobody who waits is overtaken.

    >>> bathroom = Bathroom()
    >>> with bathroom.visit("woman"), bathroom.visit("woman"):
    ...     bathroom
    <Bathroom inside=2 (woman) waiting=0>
"""

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

from concur.problems import Say
from concur.problems._together import together
from concur.sync.mutex import Mutex
from concur.sync.semaphore import Semaphore

CHECK = "explore"
ATOMIC = (Semaphore,)


class Bathroom:
    """A room for one kind at a time, and at most *places* of it, first come, first served."""

    def __init__(self, places: int = 3) -> None:
        self._places = places
        self._door = Mutex(name="door")
        # Guarded by _door. Invariant: those inside are of _kind, no more than _places,
        # and the first in line does not fit.
        self._inside = 0
        self._kind = ""
        self._line: deque[tuple[str, Semaphore]] = deque()

    @contextmanager
    def visit(self, kind: str) -> Iterator[None]:
        """Be inside, with others of this *kind* only."""
        turn = Semaphore(0)
        with self._door:
            self._line.append((kind, turn))
            self._let_in()
        turn.acquire()
        try:
            yield
        finally:
            with self._door:
                self._inside -= 1
                self._let_in()

    def _let_in(self) -> None:
        while self._line and self._has_room_for(self._line[0][0]):
            self._kind, turn = self._line.popleft()
            self._inside += 1  # here, and not when he wakes up: the place is his from now on
            turn.release()

    def _has_room_for(self, kind: str) -> bool:
        return self._inside == 0 or (kind == self._kind and self._inside < self._places)

    @property
    def waiting(self) -> int:
        """How many stand in line now."""
        return len(self._line)

    def __repr__(self) -> str:
        inside = f"{self._inside} ({self._kind})" if self._inside else "0"
        return f"<Bathroom inside={inside} waiting={self.waiting}>"


def crowd(places: int, *kinds: str) -> None:
    """Somebody of each of *kinds* comes once, and finds inside whom he may."""
    bathroom = Bathroom(places)
    inside: list[str] = []

    def visit(kind: str) -> None:
        with bathroom.visit(kind):
            inside.append(kind)
            seen = list(inside)
            assert len(seen) <= places, f"too many: {seen}"
            assert len(set(seen)) == 1, f"men and women at once: {seen}"
            inside.remove(kind)

    together(*(lambda kind=kind: visit(kind) for kind in kinds))
    assert not inside


def scenario_men_and_women() -> None:
    """Never a man and a woman at once."""
    crowd(2, "man", "man", "woman")


def scenario_places() -> None:
    """Never more than there are places for."""
    crowd(1, "man", "man", "man")


def scenario_two_at_once() -> None:
    """Two men who come while a woman is inside are later inside together: each waits there for the other."""
    bathroom = Bathroom(2)
    first, second = Semaphore(0), Semaphore(0)

    def meet(mine: Semaphore, other: Semaphore) -> None:
        with bathroom.visit("man"):
            mine.release()
            other.acquire()

    men = [Thread(target=meet, args=(first, second)), Thread(target=meet, args=(second, first))]
    with bathroom.visit("woman"):
        for man in men:
            man.start()
    for man in men:
        man.join()


def scenario_nobody_is_overtaken() -> None:
    """A woman who has waited since before a man came goes in before him, though he would fit."""
    bathroom = Bathroom(2)
    order: list[str] = []

    def visit(kind: str) -> None:
        with bathroom.visit(kind):
            order.append(kind)

    woman = Thread(target=visit, args=("woman",))
    man = Thread(target=visit, args=("man",))
    with bathroom.visit("man"):
        woman.start()
        while bathroom.waiting == 0:
            pass
        man.start()
    woman.join()
    man.join()
    assert order == ["woman", "man"]


def demo(say: Say) -> None:
    places, visits = 3, 5
    bathroom = Bathroom(places)
    inside: list[str] = []
    crowds: list[tuple[str, ...]] = []
    noted = Mutex()

    def visit(name: str, kind: str) -> None:
        for _ in range(visits):
            with bathroom.visit(kind):
                with noted:
                    inside.append(kind)
                    crowds.append(tuple(inside))
                time.sleep(0.002)  # long enough for others to come
                with noted:
                    inside.remove(kind)
        say(f"{name} has been there {visits} times")

    say(f"four men, two women, {places} places")
    together(
        *(lambda name=name: visit(name, "man") for name in ("Abe", "Ben", "Cal", "Dov")),
        *(lambda name=name: visit(name, "woman") for name in ("Eve", "Fay")),
    )
    say(f"{len(crowds)} visits, at most {max(map(len, crowds))} at once, never men and women at once")
    assert len(crowds) == 6 * visits
    assert all(len(crowd) <= places and len(set(crowd)) == 1 for crowd in crowds)
