"""The graph of waits, the watched lock and the detection, under every interleaving, their own code visible.

What only makes messages is replaced for that: the places of a program, and the register of threads.
"""

from collections.abc import Callable
from itertools import accumulate
from pathlib import Path
from threading import Thread
from types import ModuleType
from typing import Any

import pytest

from concur import deadlock
from concur.check import Status, Verdict, explore, linearizable
from concur.errors import DeadlockError

HOME = Path(deadlock.__file__).parent
Scenario = Callable[[ModuleType], None]


def together(*calls: Callable[[], object]) -> None:
    threads = [Thread(target=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


# The graph


def graph_two_by_two(module: ModuleType) -> None:
    graph = module.WaitForGraph()

    def take(name: str, mine: int, theirs: int) -> None:
        graph.holds(name, mine)
        graph.waits(name, theirs)

    together(lambda: take("A", 1, 2), lambda: take("B", 2, 1))
    assert graph.cycle() == ["A", "B"]


def graph_who_closes_sees_it(module: ModuleType) -> None:
    graph = module.WaitForGraph()
    graph.holds("A", 1)
    graph.holds("B", 2)
    found: list[list[str] | None] = []

    def wait(name: str, lock: int) -> None:
        graph.waits(name, lock)
        found.append(graph.cycle())

    together(lambda: wait("A", 2), lambda: wait("B", 1))
    assert ["A", "B"] in found
    assert all(each in (None, ["A", "B"]) for each in found)


def graph_three_by_one(module: ModuleType) -> None:
    graph = module.WaitForGraph()
    for name, lock in (("A", 1), ("B", 2), ("C", 3)):
        graph.holds(name, lock)
    together(lambda: graph.waits("A", 2), lambda: graph.waits("B", 3), lambda: graph.waits("C", 1))
    assert graph.cycle() == ["A", "B", "C"]


def graph_one_owner(module: ModuleType) -> None:
    graph = module.WaitForGraph()
    refused: list[str] = []

    def take(name: str) -> None:
        try:
            graph.holds(name, 1)
        except ValueError:
            refused.append(name)
        else:
            graph.waits(name, 2)

    together(lambda: take("A"), lambda: take("B"))
    assert len(refused) == 1
    owner = "B" if refused == ["A"] else "A"
    graph.released(owner, 1)


def graph_no_false_alarm(module: ModuleType) -> None:
    graph = module.WaitForGraph()
    graph.holds("A", 1)
    found: list[list[str] | None] = []

    def give_and_take() -> None:
        graph.released("A", 1)
        graph.waits("A", 2)

    def look() -> None:
        graph.waits("B", 1)
        found.append(graph.cycle())

    graph.holds("B", 2)
    together(give_and_take, look)
    assert found == [None]
    assert graph.cycle() is None


class Model:
    """The graph for one thread at a time."""

    def __init__(self) -> None:
        self.content: tuple[tuple[tuple[str, int], ...], tuple[tuple[int, str], ...]] = ((), ())

    def waits(self, thread: str, lock: int) -> None:
        waits, owner = dict(self.content[0]), dict(self.content[1])
        if owner.get(lock) != thread:
            waits[thread] = lock
        self.keep(waits, owner)

    def holds(self, thread: str, lock: int) -> None:
        waits, owner = dict(self.content[0]), dict(self.content[1])
        owner[lock] = thread
        waits.pop(thread, None)
        self.keep(waits, owner)

    def released(self, thread: str, lock: int) -> None:
        waits, owner = dict(self.content[0]), dict(self.content[1])
        del owner[lock]
        self.keep(waits, owner)

    def cycle(self) -> list[str] | None:
        waits, owner = dict(self.content[0]), dict(self.content[1])
        crossed = owner.get(waits.get("A", 0)) == "B" and owner.get(waits.get("B", 0)) == "A"
        return ["A", "B"] if crossed else None

    def keep(self, waits: dict[str, int], owner: dict[int, str]) -> None:
        self.content = (tuple(sorted(waits.items())), tuple(sorted(owner.items())))


def graph_linearizable(module: ModuleType) -> None:
    graph = linearizable(Model, module.WaitForGraph())
    graph.holds("B", 2)

    def one() -> None:
        graph.holds("A", 1)
        graph.waits("A", 2)

    def other() -> None:
        graph.waits("B", 1)
        graph.cycle()

    together(one, other)
    graph.cycle()


# The watched lock


class Room:
    """Keeps a log of who goes in and out; more than one inside at a time is too many."""

    def __init__(self) -> None:
        self.log: list[int] = []

    def visit(self) -> None:
        self.log.append(+1)
        self.log.append(-1)

    def visits(self) -> int:
        assert max(accumulate(self.log)) <= 1, f"a crowd: {self.log}"
        return self.log.count(+1)


def lock_two_by_two(module: ModuleType) -> None:
    lock, room = module.WatchedLock(None), Room()

    def twice() -> None:
        for _ in range(2):
            with lock:
                room.visit()

    together(twice, twice)
    assert room.visits() == 4
    assert not lock.locked()
    assert not lock.is_signal()


def lock_three_by_one(module: ModuleType) -> None:
    lock, room = module.WatchedLock(None), Room()

    def once() -> None:
        lock.acquire()
        room.visit()
        lock.release()

    together(once, once, once)
    assert room.visits() == 3
    assert not lock.locked()


def lock_times_out(module: ModuleType) -> None:
    """Who gives up takes nothing with it, not even a wake-up."""
    lock, room = module.WatchedLock(None), Room()

    def wait() -> None:
        with lock:
            room.visit()

    def wait_a_while() -> None:
        if lock.acquire(timeout=1):
            room.visit()
            lock.release()

    together(wait, wait_a_while)
    assert not lock.locked()


def lock_passes_a_wake_up_on(module: ModuleType) -> None:
    """Who is woken in the moment when its time is up leaves the lock to the other one that waits."""
    lock = module.WatchedLock(None)

    def wait_a_while() -> None:
        if lock.acquire(timeout=1):
            lock.release()

    lock.acquire()
    waiters = [Thread(target=wait_a_while), Thread(target=lock.acquire)]
    for waiter in waiters:
        waiter.start()
    lock.release()
    for waiter in waiters:
        waiter.join()
    assert lock.locked()


def lock_taken_again(module: ModuleType) -> None:
    lock, room = module.WatchedRLock(None), Room()

    def nested() -> None:
        with lock, lock:
            room.visit()

    together(nested, nested)
    assert room.visits() == 2
    assert not lock.locked()


# The detection


class Listener:
    def __init__(self) -> None:
        self.told: list[str] = []

    def deadlock(self, report: object) -> None:
        self.told.append("deadlock")
        raise DeadlockError

    def suspicion(self, report: object) -> None:
        self.told.append("suspicion")


def crosswise(module: ModuleType) -> None:
    """Whoever closes the circle is told, and nobody is told when there is none."""
    listener = Listener()
    module.live.LOOK, module.live.listener = None, listener
    one, other = module.WatchedLock(None), module.WatchedLock(None)
    holding: list[str] = []
    crossed: list[bool] = []

    def cross(name: str, mine: Any, theirs: Any) -> None:
        with mine:
            holding.append(name)
            try:
                with theirs:
                    pass
            except DeadlockError:
                crossed.append(len(holding) == 2)
            holding.remove(name)

    together(lambda: cross("A", one, other), lambda: cross("B", other, one))
    assert crossed == [True] * len(listener.told)
    assert len(crossed) <= 1
    assert not one.locked()
    assert not other.locked()


def in_order(module: ModuleType) -> None:
    """No alarm, however the threads meet."""
    listener = Listener()
    module.live.LOOK, module.live.listener = None, listener
    one, other = module.WatchedLock(None), module.WatchedLock(None)

    def climb() -> None:
        with one, other:
            pass

    together(climb, climb)
    assert not listener.told


def one_after_the_other(module: ModuleType) -> None:
    """A lock that was released is nobody's, also while another thread is on its way to take it."""
    listener = Listener()
    module.live.LOOK, module.live.listener = None, listener
    one, other = module.WatchedLock(None), module.WatchedLock(None)

    def first() -> None:
        with one:
            pass
        with other:
            pass

    def second() -> None:
        with other, one:
            pass

    together(first, second)
    assert not listener.told


SHORT = [
    graph_two_by_two,
    graph_who_closes_sees_it,
    graph_three_by_one,
    graph_one_owner,
    graph_no_false_alarm,
    graph_linearizable,
    lock_times_out,
]
LONG = [
    lock_two_by_two,
    lock_passes_a_wake_up_on,
    lock_three_by_one,
    lock_taken_again,
    crosswise,
    in_order,
    one_after_the_other,
]


STAND_INS = {
    "sites": """
class Site: ...
class Made: ...
OWN = INSIDE = ()
def caller(files=()): return None
def site_of(frame): return None
def is_in(frame, files): return False
""",
    "reports": """
class Waiting:
    def __init__(self, **about): ...
class Report:
    deadlock = suspicion = inversion = staticmethod(lambda *about, **more: None)
""",
    "parties": """
import threading
class Party:
    def __init__(self):
        self.waits = self.at = None
        self.held = []
        self.forgiven = []
        self.name = ""
    def has_ended(self): return False
class Hold:
    def __init__(self, party, scoped):
        self.party = party
        self.scoped = scoped
        self.held = party.held
class _Calling(threading.local):
    def __init__(self):
        self.party = Party()
        self.hold = Hold(self.party, False)
        self.scope = Hold(self.party, True)
calling = _Calling()
def hold_of(thread): return None
def everybody(): return [None]
""",
    "__init__": "",
    "attempt": """
from stand_in import live
from stand_in.graphs import WaitForGraph
from stand_in.locks import WatchedLock, WatchedRLock
""",
}


@pytest.fixture
def attempt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """The package under another name, with one change."""

    def write(file: str = "", right: str = "", wrong: str = "") -> str:
        home = tmp_path / "stand_in"
        home.mkdir()
        for name in ("graphs", "live", "locks"):
            text = (HOME / f"{name}.py").read_text(encoding="utf-8")
            if name == file:
                assert right in text, "the mutant does not fit the file"
                text = text.replace(right, wrong)
            (home / f"{name}.py").write_text(text.replace("concur.deadlock", "stand_in"), encoding="utf-8")
        for name, text in STAND_INS.items():
            (home / f"{name}.py").write_text(text, encoding="utf-8")
        return str(home / "attempt.py")

    monkeypatch.syspath_prepend(tmp_path)
    return write


def verdict_of(scenario: Scenario, module: str) -> Verdict:
    # Owners are written and read without a lock: that this is right is what is verified.
    return explore(scenario, attempt=module, max_schedules=50_000, max_seconds=None, races="off")


@pytest.mark.parametrize("scenario", SHORT, ids=lambda each: each.__name__)
def test_verified(scenario: Scenario, attempt: Callable[..., str]) -> None:
    """Under every interleaving the claim holds."""
    verdict = verdict_of(scenario, attempt())
    assert verdict.status is Status.VERIFIED, str(verdict)


@pytest.mark.slow
@pytest.mark.parametrize("scenario", LONG, ids=lambda each: each.__name__)
def test_verified_long(scenario: Scenario, attempt: Callable[..., str]) -> None:
    """The same for scenarios of some thousand schedules."""
    verdict = verdict_of(scenario, attempt())
    assert verdict.status is Status.VERIFIED, str(verdict)


# The same with a change: the file, what is changed into what, and who notices.
MUTANTS: dict[str, tuple[str, str, str, Scenario]] = {
    "the graph is read without its guard": (
        "graphs",
        "        with self._guard:\n            finished",
        "        if True:\n            finished",
        graph_linearizable,
    ),
    "a lock gets two owners": (
        "graphs",
        "owner = self._owner.setdefault(lock, thread)",
        "owner = self._owner[lock] = thread",
        graph_one_owner,
    ),
    "a released lock keeps its owner": (
        "graphs",
        "del self._depth[lock], self._owner[lock]",
        "del self._depth[lock]",
        graph_no_false_alarm,
    ),
    "only circles of two are found": (
        "graphs",
        "                if thread in path:\n",
        "                if thread in path[-2:-1]:\n",
        graph_three_by_one,
    ),
}

SLOW_MUTANTS: dict[str, tuple[str, str, str, Scenario]] = {
    "the lock wakes nobody": (
        "locks",
        "self._line.popleft().release()",
        "self._line.popleft()",
        lock_two_by_two,
    ),
    "the lock forgets a wake-up": (
        "locks",
        "            if self._box:\n                self._wake()",
        "            pass",
        lock_passes_a_wake_up_on,
    ),
    "a name is struck out too late": (
        "locks",
        "        self._owner = None\n        self._put(None)\n",
        "        self._put(None)\n        self._owner = None\n",
        lock_two_by_two,
    ),
    "a wait is told too late": (
        "live",
        "        party.waits = wanted\n        circle = _circle(party)\n",
        "        circle = _circle(party)\n        party.waits = wanted\n",
        crosswise,
    ),
    "both look at the same time": (
        "live",
        "    with _guard:\n        party.waits = wanted",
        "    if True:\n        party.waits = wanted",
        crosswise,
    ),
}


def refuted(mutant: tuple[str, str, str, Scenario], attempt: Callable[..., str]) -> None:
    *change, scenario = mutant
    verdict = verdict_of(scenario, attempt(*change))
    assert verdict.status is Status.REFUTED, str(verdict)


@pytest.mark.parametrize("mutant", MUTANTS)
def test_mutant_refuted(mutant: str, attempt: Callable[..., str]) -> None:
    """The scenarios notice."""
    refuted(MUTANTS[mutant], attempt)


@pytest.mark.slow
@pytest.mark.parametrize("mutant", SLOW_MUTANTS)
def test_slow_mutant_refuted(mutant: str, attempt: Callable[..., str]) -> None:
    """The same for the lock and the detection."""
    refuted(SLOW_MUTANTS[mutant], attempt)
