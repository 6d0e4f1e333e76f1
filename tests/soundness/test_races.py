"""The races that the search reports are those of full enumeration, by a definition written a second time."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings

from concur.check import engine as runs
from concur.check.carriers import GreenletCarrier
from concur.check.dpor import Search
from concur.check.engine import Engine
from concur.check.knowledge import Knowledge
from concur.check.ops import ACQUIRE, CLOCK, LOCK, READ, RELEASE, THREAD, TIMED_ACQUIRE, TRY, WRITE, accesses
from concur.check.options import Options
from concur.check.race_text import text_of
from concur.check.races import Finder
from concur.check.scenario import Scenario

from .enumeration import Enumeration
from .programs import programs, source

_LARGEST = 60  # schedules
Sides = frozenset[Any]


def by_closure(engine: Engine, file: str) -> set[Sides]:
    """Every two conflicting accesses without a path of synchronisation: edges first, then their closure."""
    trace = engine.trace
    before: list[set[int]] = []  # for each step, all steps that happen before it
    ends = {thread.last for thread in engine.threads if thread.tid in engine.ended}
    polls = text_of(file).polls
    for later, (tid, op) in enumerate(trace):
        direct = set()
        for earlier, (other, rival) in enumerate(trace[:later]):
            same_place = op[1] is not None and op[1] == rival[1]
            orders = other == tid
            born = engine.threads[tid].born
            orders |= born >= 0 and earlier == born
            if same_place and op[3] is None and rival[3] is None and op[1] != CLOCK:
                what = op[1][1]
                taken = op[0] in (ACQUIRE, TRY, TIMED_ACQUIRE) and later not in engine.failed
                given_back = rival[0] == RELEASE and earlier not in engine.failed
                orders |= what == LOCK and taken and given_back
                orders |= what == THREAD and op[0] != WRITE and earlier in ends and later not in engine.failed
            if same_place and op[3] is not None and op[0] == READ and rival[0] == WRITE and other != tid:
                place = op[1]
                name = place[1] if isinstance(place, tuple) else place.rpartition(":")[2].rpartition(".")[2]
                last = not any(o[1] == place and o[0] == WRITE for _, o in trace[earlier + 1 : later])
                orders |= (name, op[3][1]) in polls and (last or name == "[]")
            if orders:
                direct.add(earlier)
        before.append(direct.union(*(before[step] for step in direct)))
    found = set()
    for later, (tid, op) in enumerate(trace):
        for earlier, (other, rival) in enumerate(trace[:later]):
            if tid == other or earlier in before[later] or op[3] is None or rival[3] is None:
                continue
            for place, mode in accesses(op):
                for rival_place, rival_mode in accesses(rival):
                    if place == rival_place and place != CLOCK and WRITE in (mode, rival_mode):
                        name = place[1] if isinstance(place, tuple) else place
                        found.add(frozenset([(name, op[3], mode), (name, rival[3], rival_mode)]))
    return found


def races(file: Path, strategy: Any, *, closure: bool) -> set[Sides]:
    """The races of all runs under a strategy, either way."""
    scenario, knowledge = Scenario(f"{file}::scenario"), Knowledge()
    found: set[Sides] = set()
    search, finder, done = strategy(), Finder(), 0
    while True:
        search.start()
        main = scenario.fresh()
        engine = runs.active = Engine(search, GreenletCarrier(), Options(max_steps=300), knowledge)
        try:
            engine.run(main)
        finally:
            runs.active = None
        assert engine.uncheckable is None
        if knowledge.revised:
            knowledge.settle()
            search, finder, found, done = strategy(), Finder(), set(), 0
            continue
        done += 1
        assume(done <= _LARGEST)
        if closure:
            found |= by_closure(engine, str(file))
        elif engine.pruned:
            finder.skip(search.base)
        else:
            finder.look(engine, search.base)
        if not search.next(engine):
            break
    if closure:
        return {frozenset((site, mode) for _, site, mode in sides) for sides in found}
    return {frozenset(tuple(side) for side in pair[:2]) for pair in finder.pairs}


def compare(folder: Path, program: Any) -> None:
    text = source(program, "ABC"[: len(program) - 1])
    file = folder / "program.py"
    file.write_text(text)
    every = races(file, lambda: Enumeration(lifecycle="is_alive" in text), closure=True)
    assert races(file, Search, closure=False) == every, text


@settings(
    deadline=None, derandomize=True, database=None, max_examples=70, suppress_health_check=list(HealthCheck)
)
@given(program=programs(with_time=False))
def test_the_search_finds_every_race(tmp_path_factory: pytest.TempPathFactory, program: Any) -> None:
    """One run of each class, and clocks on what is new in it, find what all runs show by their closure."""
    compare(tmp_path_factory.mktemp("program"), program)
