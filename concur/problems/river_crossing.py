"""River crossing: hackers and serfs cross in boats of four, and one of a kind never sits with three of the other.

People who write Linux (hackers) and people who work for Microsoft (serfs) come
to a river. The boat goes with four, no more and no fewer. Four of a kind are
safe together, and so are two and two; a single one among three of the others is
not. When the four are aboard one of them rows, and nobody boards the next boat
before that (The Little Book of Semaphores, 5.7, after Anthony Joseph, Berkeley).

How it works: people wait in two lines, each asleep at a semaphore of his own.
Whoever completes a crew is its captain. He takes its members out of the lines,
calls them one by one, each time until that one is aboard, and then rows. All
this time he holds the bank, so that nobody who comes meanwhile is counted, or
boards, or makes up a crew of his own. Those who are called do not need it.

    >>> ferry = Ferry(seats=2)
    >>> log = []
    >>> def cross(name, kind):
    ...     ferry.cross(kind, lambda: log.append(name), lambda: log.append("row"))
    >>> together(lambda: cross("Ada", "hacker"), lambda: cross("Bill", "serf"))
    >>> log
    ['Ada', 'Bill', 'row']
"""

from collections import deque
from collections.abc import Callable
from threading import Thread

from concur.problems import Say
from concur.problems._together import together
from concur.sync.mutex import Mutex
from concur.sync.semaphore import Semaphore

CHECK = "explore"
ATOMIC = (Semaphore,)


class Ferry:
    """Brings people over in boats of *seats*: all of a kind, or half and half."""

    def __init__(self, seats: int = 4) -> None:
        self.seats = seats
        self._bank = Mutex(name="bank")
        # Guarded by _bank. Invariant, while nobody holds it: those who wait are no crew.
        self._lines: dict[str, deque[Semaphore]] = {"hacker": deque(), "serf": deque()}
        self._aboard = Semaphore(0, name="aboard")  # a permit: he who was called is there

    def cross(self, kind: str, board: Callable[[], object], row: Callable[[], object]) -> None:
        """Wait for others with whom a *kind* can go, and *board*; one of the crew is to *row*."""
        call = Semaphore(0)
        with self._bank:
            self._lines[kind].append(call)
            crew = self._crew()
            for member in crew:
                if member is call:
                    board()
                else:
                    member.release()
                    self._aboard.acquire()
            if crew:
                row()
        if not crew:
            call.acquire()
            board()
            self._aboard.release()

    def _crew(self) -> list[Semaphore]:
        """Take a crew out of the lines; nobody, if those who wait are none."""
        hackers, serfs = self._lines["hacker"], self._lines["serf"]
        half = self.seats // 2
        if len(hackers) >= half and len(serfs) >= half:
            halves = [hackers, serfs]
        elif len(hackers) >= self.seats:
            halves = [hackers, hackers]
        elif len(serfs) >= self.seats:
            halves = [serfs, serfs]
        else:
            return []
        return [line.popleft() for line in halves for _ in range(half)]


class Boat:
    """The boat, as those see it who look on."""

    def __init__(self, seats: int) -> None:
        self.seats = seats
        self.aboard: list[str] = []
        self.trips: list[str] = []

    def row(self) -> None:
        crew = "".join(sorted(kind[0] for kind in self.aboard))
        assert len(crew) == self.seats, f"rows with {crew}"
        assert crew.count("h") in (0, self.seats // 2, self.seats), f"not safe: {crew}"
        self.aboard.clear()
        self.trips.append(crew)


def come(ferry: Ferry, boat: Boat, kind: str) -> None:
    ferry.cross(kind, lambda: boat.aboard.append(kind), boat.row)


def scenario_two_and_two() -> None:
    """Two and two cross together, in whatever order they came."""
    ferry, boat = Ferry(4), Boat(4)
    together(*(lambda kind=kind: come(ferry, boat, kind) for kind in ("hacker", "hacker", "serf", "serf")))
    assert boat.trips == ["hhss"]


def scenario_one_boat_after_the_other() -> None:
    """With two seats anybody can go with anybody; nobody boards while others have not gone."""
    ferry, boat = Ferry(2), Boat(2)
    together(*(lambda kind=kind: come(ferry, boat, kind) for kind in ("hacker", "hacker", "hacker", "serf")))
    assert len(boat.trips) == 2


def scenario_three_and_one() -> None:
    """Three and one are no crew, and wait for ever if nobody else comes; nobody waits for them here."""
    ferry, boat = Ferry(4), Boat(4)
    for kind in ("hacker", "hacker", "hacker", "serf"):
        Thread(target=come, args=(ferry, boat, kind), daemon=True).start()


def demo(say: Say) -> None:
    ferry, boat = Ferry(), Boat(4)
    people = ["hacker"] * 7 + ["serf"] * 9 + ["hacker"] * 5 + ["serf"] * 3

    def row() -> None:
        boat.row()
        say(f"boat {len(boat.trips)} crosses with {boat.trips[-1]}")

    def come(kind: str) -> None:
        ferry.cross(kind, lambda: boat.aboard.append(kind), row)

    say("twelve hackers (h) and twelve serfs (s) come to the river")
    together(*(lambda kind=kind: come(kind) for kind in people))
    say(f"{len(boat.trips)} boats, {len(''.join(boat.trips))} people, and never three with one")
    assert len(boat.trips) == 6
    assert not boat.aboard
