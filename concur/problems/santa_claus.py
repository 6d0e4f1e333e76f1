"""Santa Claus: he sleeps until all reindeer are back, or three elves are stuck, and does one thing at a time.

Santa is woken by all nine reindeer, back from their holidays, or by three of
his elves, who have trouble making toys. He harnesses the reindeer and delivers
the presents, or he lets the three elves in and helps them. Further elves wait
until these have gone. If both groups are at the door, the reindeer come first:
Christmas is near (Trono, "A new exercise in concurrency", 1994; The Little Book
of Semaphores, 5.5).

How it works: reindeer and elves do the same. Each takes one of the group's
places at the door; who takes the last place wakes Santa. Santa calls the
members of the group one by one, and waits each time until that one says that he
is done: Trono's own solution did not, and let Santa fly off with reindeer still
unharnessed (Ben-Ari, "How to solve the Santa Claus problem", 1998). The places
become free together, when all have been called; so nobody who is quick to come
back is taken for a member of the group that he was in.

    >>> house = House(reindeer=1, elves=1)
    >>> elf = Thread(target=house.elves.visit, args=(lambda: print("an elf is helped"),))
    >>> elf.start()
    >>> group = house.wake()
    >>> group.name
    'elves'
    >>> group.receive()
    an elf is helped
    >>> elf.join()
"""

from collections.abc import Callable
from threading import Thread

from concur.problems import Say
from concur.problems._together import together
from concur.sync.mutex import Mutex
from concur.sync.semaphore import Semaphore

CHECK = "explore"
ATOMIC = (Semaphore,)


class Group:
    """So many who come before Santa together, and leave before others come."""

    def __init__(self, name: str, size: int, wake_santa: Callable[[], None]) -> None:
        self.name = name
        self.size = size
        self._wake_santa = wake_santa
        self._places = Semaphore(size, name=f"places for {name}")
        self._present = 0  # how many places are taken; guarded by _counting
        self._counting = Mutex(name=f"counting {name}")
        self._turn = Semaphore(0, name=f"turn of {name}")
        self._done = Semaphore(0, name=f"{name} done")

    def come(self) -> None:
        """Take a place at the door; the last one is to wake Santa."""
        self._places.acquire()
        with self._counting:
            self._present += 1
            if self._present == self.size:
                self._wake_santa()

    def visit(self, business: Callable[[], object]) -> None:
        """Come, wait to be called, and do one's *business* with Santa."""
        self.come()
        self._turn.acquire()
        business()
        self._done.release()

    @property
    def is_complete(self) -> bool:
        """Once true, it stays so until Santa receives the group."""
        return self._present == self.size

    def receive(self) -> None:
        """What Santa does: each has his turn, and then all leave."""
        for _ in range(self.size):
            self._turn.release()
            self._done.acquire()
        with self._counting:
            self._present = 0
        self._places.release(self.size)


class House:
    """Santa's house at the North Pole."""

    def __init__(self, reindeer: int = 9, elves: int = 3) -> None:
        self._bell = Semaphore(0, name="bell")  # rings once for each group that is complete
        self.reindeer = Group("reindeer", reindeer, self._bell.release)
        self.elves = Group("elves", elves, self._bell.release)

    def wake(self) -> Group:
        """Sleep until a group is there; which one it is."""
        self._bell.acquire()
        return self.reindeer if self.reindeer.is_complete else self.elves


class Served:
    """Who has been with Santa since he was woken."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def visit(self, group: Group, name: str, times: int = 1) -> None:
        for _ in range(times):
            group.visit(lambda: self.names.append(name))

    def all(self) -> list[str]:
        names, self.names = sorted(self.names), []
        return names


def scenario_all_of_a_group() -> None:
    """Santa does not begin before all reindeer are there, nor fly before all are harnessed."""
    house, served = House(reindeer=2), Served()
    for name in ("Dasher", "Comet"):
        Thread(target=served.visit, args=(house.reindeer, name), daemon=True).start()
    house.wake().receive()
    assert served.all() == ["Comet", "Dasher"]


def scenario_groups_do_not_mix() -> None:
    """Who is quick to come back waits for the next group, and takes nobody's turn."""
    house, served = House(elves=2), Served()
    Thread(target=served.visit, args=(house.elves, "quick", 2), daemon=True).start()
    Thread(target=served.visit, args=(house.elves, "slow", 1), daemon=True).start()
    house.wake().receive()
    assert served.all() == ["quick", "slow"]


def scenario_both_groups() -> None:
    """Of two groups that come together none is forgotten."""
    house, served = House(reindeer=1, elves=1), Served()
    for group in (house.elves, house.reindeer):
        Thread(target=served.visit, args=(group, group.name), daemon=True).start()
    house.wake().receive()
    house.wake().receive()
    assert served.all() == ["elves", "reindeer"]


def scenario_reindeer_first() -> None:
    """If both are at the door, it is the reindeer's turn, whoever came first."""
    house = House(reindeer=1, elves=1)
    together(house.elves.come, house.reindeer.come)
    assert house.wake() is house.reindeer


def demo(say: Say) -> None:
    house, served = House(), Served()
    seen: list[tuple[str, int]] = []
    elves = [f"elf {number}" for number in range(1, 10)]
    herd = ["Dasher", "Dancer", "Prancer", "Vixen", "Comet", "Cupid", "Donner", "Blitzen", "Rudolph"]

    def santa() -> None:
        for _ in range(2 + len(elves) // 3):
            group = house.wake()
            group.receive()
            names = served.all()
            seen.append((group.name, len(names)))
            say(
                f"Santa is woken by {len(names)} {group.name}: {', '.join(names[:3])}{' ...' * (len(names) > 3)}"
            )

    say("nine reindeer come back twice, nine elves get stuck once")
    together(
        santa,
        *(lambda name=name: served.visit(house.elves, name) for name in elves),
        *(lambda name=name: served.visit(house.reindeer, name, 2) for name in herd),
    )
    say(
        f"{len(seen)} times awake: {seen.count(('reindeer', 9))} for reindeer, {seen.count(('elves', 3))} for elves"
    )
    assert sorted(seen) == [("elves", 3)] * 3 + [("reindeer", 9)] * 2
