"""A refutation is shown with as few context switches as it takes."""

import functools
import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from concur.check import Status, replay, sample, trace, work
from concur.check.engine import Engine
from concur.check.options import Options
from concur.check.sample import RandomWalk
from concur.check.scenario import Scenario
from concur.check.shrink import Lenient, _Shrinker, shrink, switches, way_of_failing
from concur.check.threads import VirtualThread
from concur.check.work import Work

from .conftest import Check

BUGGY = Path(__file__).with_name("buggy.py")


def work_on(name: str) -> Work:
    return Work(Scenario(f"{BUGGY}::scenario_{name}"), Options(timeouts="idle", races="off"))


def schedule_of(engine: Engine) -> list[int]:
    return [tid for tid, _ in engine.trace]


def failing(work: Work, seed: int) -> Engine:
    """A failing run that a random walk happens to find."""
    walk = RandomWalk(seed)
    while True:
        walk.start()
        engine = work.run(walk, full=True)
        if engine.went_wrong:
            return engine


# program -> the most switches that its failure needs: the threads' turns in the shortest story of it
MOST = {
    "counter_2x1": 4,  # main | T1 reads | T2 reads and writes | T1 writes | main
    "counter_3x2": 5,  # the same, and the third thread's turn
    "philosophers_3": 3,  # main | one turn each
    "if_for_while": 6,  # main | T1 waits | T3 puts | T2 takes | T1 fails | T4 | main
    "one_condition": 7,
}


@pytest.mark.parametrize("seed", [0, 1, 2, 4])
@pytest.mark.parametrize("name", MOST)
def test_a_random_failing_schedule_is_shrunk(name: str, seed: int) -> None:
    """It fails in the same way, needs few switches, and its token gives the same run."""
    scenario = f"{BUGGY}::scenario_{name}"
    verdict = sample(scenario, seed=seed, strategy="random")
    assert verdict.failure is not None
    assert verdict.failure.switches <= MOST[name]
    work = work_on(name)
    with work.running():
        found = failing(work, seed)
        assert switches(schedule_of(found)) > verdict.failure.switches
    again = replay(scenario, verdict.failure.token)
    assert again.failure == verdict.failure
    assert again.failure.kind == (
        "deadlock" if found.deadlocked and not found.failures else again.failure.kind
    )


@pytest.mark.parametrize("name", ["counter_3x2", "philosophers_3", "philosophers_5"])
def test_it_does_not_matter_which_schedule_was_found(name: str) -> None:
    """Different failing schedules of one mistake are shrunk to one."""
    work = work_on(name)
    with work.running():
        runs = [failing(work, seed) for seed in range(3)]
        assert len({tuple(schedule_of(found)) for found in runs}) > 1
        shrunk = [tuple(shrink(functools.partial(work.run, full=True), found)[0]) for found in runs]
    assert len(set(shrunk)) == 1


class Walk:
    """Follow a prefix, then interrupt nobody; note every other thread that could have been picked."""

    def __init__(self, prefix: list[int]) -> None:
        self.prefix = prefix
        self.others: list[list[int]] = []

    def pick(self, engine: Engine, current: VirtualThread | None) -> VirtualThread | None:
        able = engine.enabled_threads()
        if not able:
            return None
        index = len(engine.trace)
        assert index == len(self.others)
        picked = current if current in able else able[0]
        if index < len(self.prefix):
            (picked,) = (thread for thread in able if thread.tid == self.prefix[index])
        self.others.append([thread.tid for thread in able if thread is not picked])
        return picked

    def stay(self, engine: Engine, thread: VirtualThread) -> None:
        raise AssertionError("no step of these programs is below foreign code")


def every_run(work: Work, most: int) -> Iterator[Engine]:
    """Every schedule with at most that many switches, without any reduction; and some with more."""
    todo: list[list[int]] = [[]]
    while todo:
        prefix = todo.pop()
        walk = Walk(prefix)
        engine = work.run(walk, full=True)
        schedule = schedule_of(engine)
        for index in range(len(prefix), len(schedule)):
            branches = ([*schedule[:index], tid] for tid in walk.others[index])
            todo += [branch for branch in branches if switches(branch) <= most]
        yield engine


@pytest.mark.parametrize(
    ("name", "most", "at_least"),
    [("counter_2x1", 4, 100), ("philosophers_3", 3, 100), ("two_mistakes", 4, 100)],
)
def test_no_schedule_with_fewer_switches_fails(name: str, most: int, at_least: int) -> None:
    """Full enumeration finds no failing run that is better than the one that is shown."""
    work = work_on(name)
    with work.running():
        found = [failing(work, seed) for seed in range(8)]
        shrunk = [shrink(functools.partial(work.run, full=True), each)[0] for each in found]
        runs = [(way_of_failing(run), schedule_of(run)) for run in every_run(work, most)]
    assert len(runs) > at_least
    for each, schedule in zip(found, shrunk, strict=True):
        same = [other for way, other in runs if way == way_of_failing(each)]
        assert min(same, key=lambda other: (switches(other), len(other), other)) == schedule


@pytest.mark.parametrize("name", ["counter_2x1", "counter_3x2", "philosophers_3"])
def test_the_search_from_below_needs_no_good_start(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It reaches the same schedule from the one that was found as from one that is short already."""
    work = work_on(name)
    with work.running():
        found = failing(work, 3)
        shrunk = shrink(functools.partial(work.run, full=True), found)[0]
        monkeypatch.setattr(_Shrinker, "greedily", lambda self: None)
        assert shrink(functools.partial(work.run, full=True), found)[0] == shrunk


def test_it_stays_the_same_failure() -> None:
    """A lost update is not taken for the exception that fewer switches lead to."""
    work = work_on("two_mistakes")
    best = {}
    with work.running():
        for seed in range(12):
            found = failing(work, seed)
            shrunk = work.run(Lenient(*shrink(functools.partial(work.run, full=True), found)), full=True)
            assert way_of_failing(shrunk) == way_of_failing(found)
            best[way_of_failing(found)[1][1]] = switches(schedule_of(shrunk))
    assert best == {"AssertionError": 4, "KeyError": 3}


def test_the_budget_is_kept() -> None:
    """No more runs than that are made, and what was best by then is returned."""
    work = work_on("one_condition")
    with work.running():
        found = failing(work, 3)
        before = work.run_count
        assert shrink(functools.partial(work.run, full=True), found, max_runs=0)[0] == schedule_of(found)
        some = shrink(functools.partial(work.run, full=True), found, max_runs=10)[0]
        assert work.run_count == before + 10
        shrink(functools.partial(work.run, full=True), found, max_steps=1)
        assert work.run_count == before + 11
    assert switches(some) < switches(schedule_of(found))


def test_whoever_cannot_run_is_skipped() -> None:
    """A list of threads that no run could follow leads to a whole run, without interruptions at its end."""
    work = work_on("philosophers_3")
    with work.running():
        engine = work.run(Lenient([7, 0, 3, 0, 0, 2, 2, 2]), full=True)
    blocks = [tid for tid, _ in itertools.groupby(schedule_of(engine))]
    assert blocks[:2] == [0, 2]
    assert not engine.deadlocked
    assert len(engine.ended) == len(engine.threads)


def test_ctrl_c_ends_it() -> None:
    """An interrupt is not a candidate that failed in another way."""

    def interrupted(strategy: object) -> Engine:
        raise KeyboardInterrupt

    work = work_on("counter_2x1")
    with work.running():
        found = failing(work, 3)
    with pytest.raises(KeyboardInterrupt):
        shrink(interrupted, found)


@pytest.mark.parametrize("kept", [1, 2])
def test_a_program_that_fails_only_at_first_is_uncheckable(check: Check, tmp_path: Path, kept: int) -> None:
    """The found schedule has to fail again before it is shrunk, and the shrunk one when it is shown."""
    count = tmp_path / "count"
    count.write_text("")
    verdict = check(
        f"""
        def scenario():
            with open({str(count)!r}, "a") as file: file.write("x")
            with open({str(count)!r}) as file: runs = len(file.read())
            together(print, print)
            assert runs > {kept}
        """
    )
    assert verdict.status is Status.UNCHECKABLE, verdict
    assert "not deterministic" in verdict.reason


def test_the_report_counts_them() -> None:
    """The headline says how many, and so does the document."""
    verdict = sample(f"{BUGGY}::scenario_counter_2x1", seed=0)
    assert str(verdict).splitlines()[0].endswith("s: assertion, 4 context switches")
    assert verdict.to_json()["failure"]["switches"] == 4


LONG = """
from threading import Thread

class Till: total = 0

def scenario():
    till = Till()
    def add():
        for _ in range({rounds}): till.total += 1
    threads = [Thread(target=add) for _ in range(2)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    assert till.total == 2 * {rounds}
"""


def test_a_long_run_is_told_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not made shorter, which would take for ever; the report says so, ends with the failure, and replays."""
    monkeypatch.setattr(trace, "LONGEST", 50)
    monkeypatch.setattr(trace, "_TOLD", 50)
    monkeypatch.setattr(work, "LONGEST", 50)
    file = tmp_path / "long.py"
    file.write_text(LONG.format(rounds=40), encoding="utf-8")
    verdict = sample(f"{file}::scenario", runs=30)
    assert verdict.failure is not None
    assert "so neither a shorter one that fails was looked for, nor the reason" in verdict.failure.why
    length = int(verdict.failure.why.split()[3].replace(",", ""))
    assert length > 160
    assert f"Steps are told from number {length - 49} on" in verdict.failure.why
    assert 10 < len(verdict.failure.steps) <= 51
    assert verdict.failure.steps[-1].op == "raise"
    assert [step.op for step in verdict.failure.steps[:-1] if not step.value] == []
    again = replay(f"{file}::scenario", verdict.failure.token)
    assert again.failure is not None
    assert again.failure.message == verdict.failure.message
    assert again.failure.steps == verdict.failure.steps


def test_a_run_that_is_not_long_is_told_in_full(tmp_path: Path) -> None:
    """Whatever was written down of it."""
    file = tmp_path / "short.py"
    file.write_text(LONG.format(rounds=3), encoding="utf-8")
    verdict = sample(f"{file}::scenario", runs=30)
    assert verdict.failure is not None
    assert "looked for" not in verdict.failure.why
    assert "overwrites" in verdict.failure.why or "lost" in verdict.failure.why


STUCK = """
from threading import Lock, Thread

class Till: total = 0

def scenario():
    first, second, till = Lock(), Lock(), Till()
    def one():
        with first:
            with second: pass
    def two():
        with second:
            with first: pass
    def add():
        for _ in range(200): till.total += 1
    threads = [Thread(target=target, name=target.__name__) for target in (one, two, add)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
"""


def test_a_thread_that_waits_since_long_ago_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it announced was not among the last steps, and the report has its line and its lock all the same."""
    monkeypatch.setattr(trace, "LONGEST", 50)
    monkeypatch.setattr(trace, "_TOLD", 20)
    monkeypatch.setattr(work, "LONGEST", 50)
    file = tmp_path / "stuck.py"
    file.write_text(STUCK, encoding="utf-8")
    verdict = sample(f"{file}::scenario", runs=200, strategy="random")
    assert verdict.failure is not None
    assert verdict.failure.kind == "deadlock"
    waits = {
        (step.thread, step.op, step.line)
        for step in verdict.failure.steps
        if step.op.startswith("waits: acq")
    }
    assert waits == {("one", "waits: acquire second", 10), ("two", "waits: acquire first", 13)}
