"""The reference: every schedule, with the reduction switched off; and what a run came to."""

import os
from collections.abc import Callable
from typing import Any

from concur.check import engine as runs
from concur.check.carriers import GreenletCarrier, ThreadCarrier
from concur.check.cycles import Cycles
from concur.check.dpor import Search
from concur.check.engine import Engine
from concur.check.knowledge import Knowledge
from concur.check.ops import JOIN, THREAD
from concur.check.options import Options
from concur.check.scenario import Scenario
from concur.check.threads import VirtualThread


class Enumeration:
    """Depth first, every enabled thread at every step.

    With `lifecycle`, starts, ends and joins are choices as well. Without it,
    they are taken as soon as they can be: they commute with everything, unless
    the program looks whether a thread is alive or joins with a time-out.
    """

    def __init__(self, *, lifecycle: bool) -> None:
        self.lifecycle = lifecycle
        self.stack: list[list[int]] = []
        self.depth = 0

    def start(self) -> None:
        self.depth = 0

    def pick(self, engine: Engine, current: VirtualThread | None) -> VirtualThread | None:
        able = engine.enabled_threads()
        if not able:
            return None
        if not self.lifecycle:
            for thread in able:
                assert thread.op is not None
                place = thread.op[1]
                if thread.op[0] == JOIN or (type(place) is tuple and place[1] == THREAD):
                    return thread
        if self.depth == len(self.stack):
            self.stack.append([thread.tid for thread in able])
        tid = self.stack[self.depth][0]
        self.depth += 1
        return engine.threads[tid]

    def choose(self, engine: Engine, count: int) -> int:
        if self.depth == len(self.stack):
            self.stack.append(list(range(count)))
        self.depth += 1
        return self.stack[self.depth - 1][0]

    def stay(self, engine: Engine, thread: VirtualThread) -> None:
        raise AssertionError("the generated programs call nothing that is not rewritten")

    def next(self, engine: Engine) -> bool:
        while self.stack:
            self.stack[-1].pop(0)
            if self.stack[-1]:
                return True
            self.stack.pop()
        return False


CPYTHON = Options(max_steps=300)


class Classes:
    """Counts schedules, and the classes of equivalent ones: those in which the same steps come before each other."""

    def __init__(self) -> None:
        self.schedules = 0
        self.classes = 0
        self.begin()

    def begin(self) -> None:
        """A search begins, or begins again."""
        self.seen: set[Any] = set()

    def add(self, engine: Engine, clocks: list[list[int]]) -> None:
        """Take in a run; one that was given up, since it would repeat another, is a schedule without a class."""
        self.schedules += 1
        counts: list[int] = []  # of each step, the how manieth it is of its thread
        latest: dict[int, int] = {}
        for tid, _ in engine.trace:
            latest[tid] = latest.get(tid, 0) + 1
            counts.append(latest[tid])
        order = tuple(
            sorted(
                (tid, tuple(0 if step < 0 else counts[step] for step in clock))
                for (tid, _), clock in zip(engine.trace, clocks, strict=True)
            )
        )
        key = (order, tuple(engine.choices))
        if not engine.pruned and key not in self.seen:
            self.seen.add(key)
            self.classes += 1


LIVELOCK = "livelock"  # the outcome of a run that can go on for ever, each thread in turn


class TooLarge(Exception):
    """The program has more schedules than the reference can run."""


class Uncheckable(Exception):
    """The run was given up."""


def outcome(engine: Engine, scenario: Scenario) -> Any:
    """All that a program can observe of a finished run."""
    module = scenario.loader.main_module()
    o = module.o
    results = object.__getattribute__(module.mine, "_cc_local")[0]
    return (
        (
            o.x,
            o.y,
            tuple(o.items),
            tuple(sorted(o.table.items())),
            module.G,
            module.State.total,
            bytes(o.buf),
            bytes(o.numbers),
            getattr(getattr(module, "number", None), "_value", None),
            getattr(getattr(module, "permits", None), "_permits", None),
        ),
        tuple(sorted((engine.threads[tid].name, values.get("r")) for tid, values in results.items())),
        tuple(sorted((f.thread.name, type(f.error).__name__) for f in engine.failures)),
        tuple(sorted(thread.name for thread in engine.deadlocked)),
        engine.cut is not None,
    )


def outcomes(
    path: str | os.PathLike[str],
    strategy: Callable[[], Any] = Search,
    *,
    options: Options = CPYTHON,
    limit: int = 20_000,
    threads: bool = False,
    visible: bool = False,
    observe: Callable[[Engine, Scenario], Any] = outcome,
    classes: "Classes | None" = None,
) -> tuple[set[Any], int]:
    """Every outcome of the scenario under a strategy, and how many schedules that took.

    Args:
        path: the file of the scenario.
        strategy: makes the search.
        options: as of an exploration.
        limit: schedules after which to give up.
        threads: run on threads of the operating system.
        visible: take nothing as one step, not even atomics.
        observe: what counts as the outcome of a run.
        classes: counts the classes of equivalent schedules.
    """
    scenario = Scenario(f"{path}::scenario")
    scenario.loader.take_as_one_step(options.atomic)
    if visible:
        scenario.loader.always = ()
    knowledge = Knowledge()
    search = strategy()
    found: set[Any] = set()
    done = 0
    if classes is not None:
        classes.begin()
    while True:
        search.start()
        main = scenario.fresh()
        carrier = ThreadCarrier() if threads else GreenletCarrier()
        cycles = Cycles() if knowledge.cycles else None
        engine = Engine(search, carrier, options, knowledge, cycles=cycles)
        runs.active = engine
        try:
            engine.run(main)
        finally:
            runs.active = None
        if engine.uncheckable:
            raise Uncheckable(engine.uncheckable)
        if knowledge.revised:
            knowledge.settle()
            search, found, done = strategy(), set(), 0
            if classes is not None:
                classes.begin()
            continue
        if not engine.pruned:
            done += 1
            if engine.cycle is None:
                found.add(observe(engine, scenario))
            elif engine.livelocked:
                found.add(LIVELOCK)
        more = search.next(engine)
        if classes is not None:
            classes.add(engine, search.clocks)
        if not more:
            return found, done
        if done >= limit:
            raise TooLarge
