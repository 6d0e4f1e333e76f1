"""One call of `explore`, `sample` or `replay`: the runs it makes, and the verdict it comes to."""

import contextlib
import functools
import gc
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

from concur.check import batches, share, strangers, tokens
from concur.check import engine as runs
from concur.check.carriers import GreenletCarrier, ThreadCarrier
from concur.check.crew import other_threads
from concur.check.cycles import Cycles
from concur.check.dpor import Search
from concur.check.engine import Engine
from concur.check.follow import Follow
from concur.check.knowledge import Knowledge
from concur.check.linear import judge
from concur.check.options import Options
from concur.check.output import Output
from concur.check.race_kinds import MOST, Found, failing, races_of
from concur.check.races import Finder
from concur.check.sample import STRATEGIES
from concur.check.scenario import Scenario
from concur.check.shrink import shrink, way_of_failing
from concur.check.story import failure_of
from concur.check.threads import Abort
from concur.check.trace import LONGEST, Recorder
from concur.check.verdict import Failure, Status, Verdict
from concur.check.watch import Watch
from concur.errors import TokenError, UsageError

_COLLECT_EVERY = 500  # runs between two collections of garbage; the collector is off during a run

_HASHES = (
    "The order of a set of texts differs between processes: if the program depends on it, set PYTHONHASHSEED=0"
    " for the command that explores and for the one that replays"
)


def _but_for_the_end(report: Callable[[Any], object], found: Any) -> None:
    """What ends the threads of a run reaches callbacks of weak references too, where Python only reports it."""
    if found.exc_type is not Abort:
        report(found)


class Work:
    """One call of `explore`, `sample` or `replay`."""

    def __init__(
        self, scenario: Scenario, options: Options, progress: Callable[[int], object] | None = None
    ) -> None:
        self.scenario = scenario
        scenario.loader.take_as_one_step(options.atomic)
        scenario.loader.rewrite_too(options.rewrite)
        self.options = options
        self.progress = progress
        self.knowledge = Knowledge()
        self.output = Output()
        self.watch = Watch()
        self.races = Finder()
        self.began = time.perf_counter()
        self.run_count = 0
        self.on_loops = False  # the program runs event loops
        self.until: float | None = None  # when the budget of seconds is used up; not for what is run again
        self.fitting: set[Any] = set()  # histories of calls that were judged, see linear.py

    @contextlib.contextmanager
    def running(self, *, capture: bool = True) -> Iterator[None]:
        """The surroundings of runs: output caught, no garbage collection, the hooks quiet afterwards."""
        if runs.active is not None:
            raise UsageError("a scenario is being explored already; do not call explore() inside one")
        collecting = gc.isenabled()
        gc.disable()
        gc.freeze()
        warned = warnings.catch_warnings()
        warned.__enter__()
        warnings.filterwarnings(
            "ignore", "coroutine .* was never awaited", RuntimeWarning
        )  # of runs that were ended
        streams, unraisable = (sys.stdout, sys.stderr), sys.unraisablehook
        sys.unraisablehook = functools.partial(_but_for_the_end, unraisable)
        try:
            if capture:
                sys.stdout = sys.stderr = self.output
            # Without capture a debugger is at work.
            with self.watch.on() if capture else contextlib.nullcontext(), strangers.refused():
                yield
        finally:
            (sys.stdout, sys.stderr), sys.unraisablehook = streams, unraisable
            runs.active = None
            self.scenario.loader.fresh()
            if self.on_loops:
                gc.collect()  # coroutines that nobody has awaited are dropped where that is not reported
            warned.__exit__(None, None, None)
            gc.unfreeze()
            if collecting:
                gc.enable()

    def run(
        self, strategy: Any, *, full: bool = False, recorder: Recorder | None = None, carrier: Any = None
    ) -> Engine:
        """One run."""
        self.run_count += 1
        if self.run_count % _COLLECT_EVERY == 0:
            gc.collect()
        self.output.clear()
        main = self.scenario.fresh()
        engine = Engine(
            strategy,
            carrier or GreenletCarrier(),
            self.options,
            self.knowledge,
            full=full,
            recorder=recorder,
            cycles=Cycles(recorder) if self.knowledge.cycles else None,
            until=self.until,
        )
        runs.active = engine
        self.watch.begin(engine)
        try:
            engine.run(main)
        finally:
            runs.active = None
            self.watch.begin(None)
        self.on_loops = self.on_loops or bool(engine.loops)
        judge(engine, self.fitting)
        return engine

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self.began

    def verdict(self, status: Status, schedules: int, bound: str, **more: Any) -> Verdict:
        races = [found.race for found in races_of(self.races.pairs, self.scenario.own_files())]
        return Verdict(
            scenario=self.scenario.name,
            status=status,
            schedules=schedules,
            seconds=self.seconds,
            bound=bound,
            output=self.output.text,
            races=tuple(races[:MOST]),
            races_left_out=max(len(races) - MOST, 0),
            **more,
        )

    def bound(self) -> str:
        return self.options.bound(self.knowledge.one_step, on_loops=self.on_loops)

    # The three ways

    def explore(self, max_schedules: int | None, max_seconds: float | None, jobs: int = 1) -> Verdict:
        search, done, began = Search(), 0, self.began
        cut: str | None = None
        fails = False  # another process has found that the next schedule does
        until = None if max_seconds is None else self.began + max_seconds
        while True:
            search.start()
            self.until = None if fails else until
            engine = self.run(search)
            if engine.uncheckable is not None:
                return self.verdict(Status.UNCHECKABLE, done, "", reason=engine.uncheckable)
            if self.knowledge.revised:
                self.knowledge.settle()
                search, done, cut, fails = Search(), 0, None, False
                began = time.perf_counter()
                self.races = Finder()
                continue
            if self.progress is not None:
                self.progress(done)
            self.look(engine, search.base)
            if not engine.pruned:
                done += 1
                self.see_that_all_are_taken()
                if engine.went_wrong or self.race_in(engine):
                    return self.refuted([tid for tid, _ in engine.trace], done, engine)
                cut = cut or engine.cut
            more = search.next(engine)
            if engine.uncheckable is not None:
                return self.verdict(Status.UNCHECKABLE, done, "", reason=engine.uncheckable)
            if fails:
                return self.differs(done)
            steps, budget = len(engine.trace), self.used_up(done, max_schedules, max_seconds)
            if more and budget is None and jobs > 1 and time.perf_counter() - began >= share.ALONE:
                if self.may_fork():
                    shared = share.share(self, jobs, search, done, cut, steps, max_schedules, until)
                    search, more, fails = shared.search, shared.more, shared.fails
                    done, cut, steps = shared.done, shared.cut, shared.steps
                    if shared.stopped is not None:
                        return self.unfinished(done, f"{shared.stopped}; {cut or search.covered(steps)}")
                    budget = None if fails else self.used_up(done, max_schedules, max_seconds)
                else:
                    jobs = 1
            if not more and cut is None:
                return self.verdict(Status.VERIFIED, done, self.bound())
            if budget is not None:
                covered = cut or search.covered(steps)
                return self.unfinished(done, f"the budget of {budget} is used up; {covered}")
            if not more:
                return self.unfinished(done, cut or "")

    def may_fork(self) -> bool:
        """Whether there are no other threads: what the program imports may have started some."""
        with self.watch.off():
            return not other_threads()

    def differs(
        self, done: int, how: str = "the same schedule ended differently when it was run again"
    ) -> Verdict:
        reason = f"the program is not deterministic: {how}"
        return self.verdict(Status.UNCHECKABLE, done, "", reason=reason)

    def used_up(self, done: int, max_schedules: int | None, max_seconds: float | None) -> str | None:
        """The budget that is used up, in words; None if there is some left."""
        if max_schedules is not None and done >= max_schedules:
            return f"{max_schedules:,} schedule{'' if max_schedules == 1 else 's'}"
        if max_seconds is not None and self.seconds > max_seconds:
            return f"{max_seconds:g} s"
        return None

    def sample(
        self, count: int, seed: int, strategy: str, max_seconds: float | None, jobs: int = 1
    ) -> Verdict:
        chooser = STRATEGIES[strategy](seed)
        until = None if max_seconds is None else self.began + max_seconds
        cuts, cut, done, began = 0, None, 0, self.began
        fails = False  # another process has found that the next run does
        while done < count:
            done += 1
            self.until = None if fails else until
            chooser.start(done)
            engine = self.run(chooser, full=True)
            while self.knowledge.revised:  # its schedule means something else from now on: take another
                self.knowledge.settle()
                fails, began = False, time.perf_counter()
                chooser.start(done)
                engine = self.run(chooser, full=True)
            if self.progress is not None:
                self.progress(done)
            if engine.uncheckable is not None:
                return self.verdict(Status.UNCHECKABLE, done, "", reason=engine.uncheckable)
            self.look(engine)
            self.see_that_all_are_taken()
            if engine.went_wrong or self.race_in(engine):
                return self.refuted([tid for tid, _ in engine.trace], done, engine, full=True)
            if fails:
                return self.differs(done)
            if engine.cut is not None:
                cuts, cut = cuts + 1, engine.cut
            if max_seconds is None or self.seconds <= max_seconds:
                if jobs == 1 or done == count or time.perf_counter() - began < share.ALONE:
                    continue
                if not self.may_fork():
                    jobs = 1
                    continue
                sampled = batches.share(self, jobs, chooser, done, count, until)
                done, fails = sampled.done, sampled.fails
                cuts, cut = cuts + sampled.cuts, sampled.cut or cut
                if sampled.stopped is not None:
                    return self.unfinished(done, sampled.stopped)
            if done < count and not fails and max_seconds is not None and self.seconds > max_seconds:
                break
        told = f"{done:,} random schedules, seed {seed}; none failed"
        if done < count:
            told = f"the budget of {max_seconds:g} s is used up after {told}"
        if not self.options.livelocks:
            told += "; livelocks were not looked for"
        if cut is not None:  # what comes after the cut was never seen
            told += f"; {cuts:,} of them did not reach the end: {cut}"
        return self.unfinished(done, told)

    def replay(self, token: tokens.Token, backend: str) -> Verdict:
        self.knowledge.conflated.update(token.conflated)
        self.knowledge.closed = True
        self.knowledge.cycles = token.livelock
        strategy = Follow(token.schedule, token.choices)
        self.scenario.fresh()
        recorder = Recorder(self.scenario.own_files(), len(token.schedule))
        carrier = ThreadCarrier() if backend == "threads" else GreenletCarrier()
        engine = self.run(strategy, full=True, recorder=recorder, carrier=carrier)
        if self.scenario.digest() != token.digest:
            raise TokenError(
                "the source has changed since this token was printed; explore again to get a new one"
            )
        if strategy.diverged is not None:
            raise TokenError(
                f"the program did not follow the token: {strategy.diverged}; it is not deterministic. {_HASHES}"
            )
        if engine.uncheckable is not None:
            return self.verdict(Status.UNCHECKABLE, 1, "", reason=engine.uncheckable)
        self.look(engine)
        if engine.went_wrong or self.race_in(engine):
            return self.verdict(Status.REFUTED, 1, "one schedule", failure=self.failure(engine, recorder))
        return self.unfinished(1, "one schedule was replayed, and it ended well")

    def see_that_all_are_taken(self) -> None:
        """A class that is to be taken as one step has to exist: the verdict will name it.

        Those of concur are known to exist, and a program need not use them: a graded test is for every attempt.
        """
        loader = self.scenario.loader
        for name in loader.atomic:
            if name not in loader.taken and not name.startswith("concur."):
                raise UsageError(
                    f"atomic: no module that scenario {self.scenario.name} loads has the class '{name}'"
                )

    # Data races

    def look(self, engine: Engine, base: int = 0) -> None:
        """Collect the races of a run that shares the steps before `base` with the one before."""
        if self.options.races == "off" or engine.loops:  # tasks take turns
            return
        if engine.pruned:
            self.races.skip(base)
        else:
            self.races.look(engine, base)

    def race_in(self, engine: Engine) -> Found | None:
        """The race that makes a run fail, if races do."""
        return failing(engine, self.scenario.own_files()) if self.options.races == "fail" else None

    # Endings

    def unfinished(self, done: int, reason: str) -> Verdict:
        return self.verdict(
            Status.UNFINISHED, done, f"{done:,} schedules and no claim beyond them", reason=reason
        )

    def refuted(self, schedule: list[int], done: int, found: Engine, *, full: bool = False) -> Verdict:
        """See that the failing schedule fails again, and show the simplest one that fails in the same way."""
        self.knowledge.closed = True
        self.until = None
        strategy = Follow(schedule, found.choices, skip_minor=not full)
        engine = self.run(strategy, full=True)
        if strategy.diverged is None and self.outcome(engine) == self.outcome(found):
            found = engine
            simplest = self.simplest(found)
            strategy = Follow(*simplest)
            recorder = Recorder(self.scenario.own_files(), len(simplest[0]))
            engine = self.run(strategy, full=True, recorder=recorder)
            if strategy.diverged is None and self.way_of_failing(engine) == self.way_of_failing(found):
                failure = self.failure(engine, recorder)
                return self.verdict(Status.REFUTED, done, "one schedule", failure=failure)
        return self.differs(done, *filter(None, [strategy.diverged]))

    def simplest(self, found: Engine) -> tuple[list[int], list[int]]:
        """The schedule and the choices of a run that fails as this one does; of a long run, its own."""
        if len(found.trace) > LONGEST:  # a few runs of it would be all that can be tried
            return [tid for tid, _ in found.trace], found.choices
        return shrink(functools.partial(self.run, full=True), found, self.way_of_failing)

    def failure(self, engine: Engine, recorder: Recorder) -> Failure:
        token = tokens.Token(
            self.scenario.digest(),
            [tid for index, (tid, _) in enumerate(engine.trace) if index not in engine.inner],
            self.options.letters(),
            tuple(engine.choices),
            tuple(sorted(self.knowledge.conflated)),
            self.options.atomic,
            self.options.rewrite,
            engine.livelocked,
        )
        return failure_of(engine, recorder, str(token), self.race_in(engine))

    def outcome(self, engine: Engine) -> tuple[Any, ...]:
        """What must be the same when a failing schedule is run again."""
        race = self.race_in(engine)
        errors = tuple((failure.thread.tid, type(failure.error).__name__) for failure in engine.failures)
        return (
            errors,
            tuple(thread.tid for thread in engine.deadlocked),
            engine.livelocked,
            race and race.race,
            engine.misfit and engine.misfit.message,
        )

    def way_of_failing(self, engine: Engine) -> tuple[Any, ...]:
        """What must stay the same when a failing schedule is made simpler."""
        race = self.race_in(engine)
        return (*way_of_failing(engine), engine.misfit is not None, race and race.race)
