"""Random schedules: repeatable, and decided only where threads can meet."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from concur.check import Status, sample
from concur.check.engine import Engine
from concur.check.ops import JOIN, READ, THREAD, WRITE
from concur.check.options import Options
from concur.check.places import Places
from concur.check.sample import STRATEGIES, Priorities, RandomWalk
from concur.check.scenario import Scenario
from concur.check.threads import VirtualThread
from concur.check.work import Work
from concur.errors import UsageError

from .conftest import Check

BUGGY = Path(__file__).with_name("buggy.py")
NAMES = ("counter_3x2", "philosophers_3", "philosophers_5", "if_for_while", "one_condition")

PRINT_SCHEDULES = """
import sys
from concur.check.options import Options
from concur.check.sample import STRATEGIES
from concur.check.scenario import Scenario
from concur.check.work import Work
from concur.errors import UsageError

work = Work(Scenario(sys.argv[1]), Options(timeouts="idle"))
schedules = []
with work.running():
    for strategy in STRATEGIES.values():
        chooser = strategy(5)
        for _ in range(6):
            chooser.start()
            schedules.append([tid for tid, _ in work.run(chooser, full=True).trace])
print(schedules)
"""


def test_a_seed_gives_the_same_schedules_in_every_process() -> None:
    """Neither addresses nor the hashes of texts decide anything."""

    def schedules(hash_seed: str) -> str:
        command = [sys.executable, "-c", PRINT_SCHEDULES, f"{BUGGY}::scenario_one_condition"]
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(sys.path)}
        return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout

    first = schedules("1")
    assert first.count("[") == 13
    assert schedules("2") == first


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_seed_gives_the_same_verdict(strategy: Any) -> None:
    """And another seed another one."""
    found = [
        sample(f"{BUGGY}::scenario_philosophers_5", seed=seed, strategy=strategy) for seed in (3, 3, 4, 5, 6)
    ]
    assert found[0].failure == found[1].failure
    assert found[0].schedules == found[1].schedules
    assert len({verdict.schedules for verdict in found}) > 1


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("name", NAMES)
def test_classic_mistakes_are_found(name: str, strategy: Any) -> None:
    """Each within the 400 schedules in which the benchmark never missed one."""
    verdict = sample(f"{BUGGY}::scenario_{name}", runs=400, seed=1, strategy=strategy)
    assert verdict.status is Status.REFUTED


MOSTLY_ALONE = """
class Box: n = 0
def scenario():
    common = Box()
    def work():
        mine = Box()
        for _ in range({rounds}):
            mine.n += 1
        common.total = 1
        for _ in range({rounds}):
            mine.n += 1
    together(work, work)
"""


class Counting:
    """What a strategy decided, and before which steps PCT lowered a priority."""

    decisions = 0
    lowered: list[Any]

    def decide(self, able: list[VirtualThread]) -> VirtualThread:
        self.decisions += 1
        before = dict(getattr(self, "priority", {}))
        picked: VirtualThread = super().decide(able)  # type: ignore[misc]  # of the strategy beside this class
        for thread in able:
            assert thread.op is not None
            if before.get(thread.tid, 0) != getattr(self, "priority", before).get(thread.tid, 0) < 0:
                self.lowered.append(thread.op[1][1])
        return picked


class CountingWalk(Counting, RandomWalk):
    pass


class CountingPriorities(Counting, Priorities):
    pass


def runs_of(check: Check, tmp_path: Path, chooser: Any, rounds: int, count: int) -> list[int]:
    """How many decisions each run of the program takes."""
    check(MOSTLY_ALONE.format(rounds=rounds))
    work = Work(Scenario(f"{tmp_path / 'program.py'}::scenario"), Options(timeouts="idle", races="off"))
    decisions = []
    chooser.lowered = []
    with work.running():
        for _ in range(count):
            chooser.start()
            chooser.decisions = 0
            engine: Engine = work.run(chooser, full=True)
            assert not engine.went_wrong
            assert len(engine.trace) > 8 * rounds
            decisions.append(chooser.decisions)
    return decisions


@pytest.mark.parametrize("strategy", [CountingWalk, CountingPriorities])
@pytest.mark.parametrize("rounds", [5, 50])
def test_steps_that_are_not_shared_cost_no_decision(
    check: Check, tmp_path: Path, strategy: Any, rounds: int
) -> None:
    """Only the first run decides everywhere; later it is two starts, two ends, two blocks, two shared steps."""
    first, *later = runs_of(check, tmp_path, strategy(1), rounds, 10)
    assert first > 8 * rounds
    assert all(4 <= decisions <= 8 for decisions in later), later


def test_priorities_change_at_shared_steps_only(check: Check, tmp_path: Path) -> None:
    """The first run apart, which knows of no place what it is."""
    chooser = CountingPriorities(2)
    runs_of(check, tmp_path, chooser, 20, 1)
    assert set(chooser.lowered) > {"n"}
    again = CountingPriorities(1)
    again.places = chooser.places
    assert chooser.last is not None
    again.places.learn_from(chooser.last)
    runs_of(check, tmp_path, again, 20, 20)
    assert set(again.lowered) == {"total"}


def test_a_loop_that_waits_at_an_unshared_place_is_left(check: Check, tmp_path: Path) -> None:
    """A flag that nobody raised in the runs before may be raised in this one."""
    check(
        """
        class Box: pass
        def scenario():
            box = Box()
            box.flag = 0
            def wait():
                while not box.flag: pass
            def raise_it(): box.flag = 1
            together(wait, raise_it)
        """,
        max_schedules=1,
    )
    work = Work(Scenario(f"{tmp_path / 'program.py'}::scenario"), Options(timeouts="idle", races="off"))
    walk = RandomWalk(0)
    walk.is_quiet = lambda thread: True  # type: ignore[method-assign]  # as if nothing were known to be shared
    with work.running():
        for _ in range(10):
            walk.start()
            assert work.run(walk, full=True).cut is None


def test_what_is_shared_only_grows() -> None:
    """A place counts once two threads touch it and one changes it; threads' starts and ends do not."""
    box, thread = object(), object()
    field = (id(box), "n")
    read, write = (READ, field, box, ("f", 1), None), (WRITE, field, box, ("f", 2), None)
    start = (WRITE, (id(thread), THREAD), thread, None, None)
    join = (JOIN, (id(thread), THREAD), thread, None, None)
    look = (READ, (id(thread), THREAD), thread, None, None)
    places = Places()
    assert not places.quiet(read)  # unknown
    places.learn([(1, read), (2, read), (1, start), (2, start), (1, join)])
    assert all(map(places.quiet, (read, start, join)))
    places.learn([(1, write), (1, read)])
    assert places.quiet(write)
    places.learn([(1, write), (2, read)])
    assert not places.quiet(write)
    places.learn([(1, write), (1, read), (2, look), (1, start)])
    assert not any(map(places.quiet, (write, read, look, start)))


LONG = """
from threading import Thread

total = 0

def count():
    global total
    for _ in range(50):
        total += 1

def scenario():
    threads = [Thread(target=count) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert total > 100  # never so
"""


def test_a_sample_says_how_many_runs_did_not_reach_the_end(tmp_path: Path) -> None:
    """What comes after the cut was never seen; with more steps, it is, and replays."""
    file = tmp_path / "long.py"
    file.write_text(LONG, encoding="utf-8")
    verdict = sample(f"{file}::scenario", runs=3, max_steps=60, races="off")
    assert verdict.status is Status.UNFINISHED
    assert "3 of them did not reach the end: a run was cut after 60 visible operations" in verdict.reason
    assert sample(f"{file}::scenario", runs=3, races="off").status is Status.REFUTED
    with pytest.raises(UsageError, match="at least one visible operation"):
        sample(f"{file}::scenario", max_steps=0)


def test_a_sample_that_runs_out_of_time_says_it_too(tmp_path: Path) -> None:
    """The runs until then count: how many they were, and how many were cut; one cut by the clock is one of them."""
    file = tmp_path / "long.py"
    file.write_text(LONG, encoding="utf-8")
    verdict = sample(f"{file}::scenario", runs=3, max_steps=60, races="off", max_seconds=1e-9)
    assert verdict.status is Status.UNFINISHED
    assert verdict.schedules == 1
    assert "the budget of 1e-09 s is used up after 1 random schedules" in verdict.reason
    assert "1 of them did not reach the end: " in verdict.reason
    enough = sample(f"{file}::scenario", runs=2, max_steps=60, races="off", max_seconds=1000.0)
    assert "used up" not in enough.reason
    assert "2 of them did not reach the end: a run was cut after 60 visible operations" in enough.reason


POLITE = """
from threading import Thread

wants = [True, True]

def enter(me):
    while wants[1 - me]:
        wants[me] = False
        wants[me] = True

def scenario():
    threads = [Thread(target=enter, args=(me,)) for me in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
"""


def test_livelocks_are_looked_for_unless_told_otherwise(tmp_path: Path) -> None:
    """Two who give way to each other are found by a state that comes back, or else go on until the cut."""
    file = tmp_path / "polite.py"
    file.write_text(POLITE, encoding="utf-8")
    found = sample(f"{file}::scenario", runs=30, strategy="random", races="off")
    assert found.failure is not None
    assert found.failure.kind == "livelock"
    cut = sample(f"{file}::scenario", runs=30, strategy="random", max_steps=100, races="off", livelocks=False)
    assert cut.status is Status.UNFINISHED
    assert "livelocks were not looked for" in cut.reason
