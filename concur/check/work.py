"""One call of `explore`, `sample` or `replay`: the runs it makes, and the verdict it comes to."""

import contextlib
import gc
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from concur.check import engine as runs
from concur.check import tokens
from concur.check.carriers import GreenletCarrier, ThreadCarrier
from concur.check.dpor import Search
from concur.check.engine import Engine
from concur.check.follow import Follow
from concur.check.knowledge import Knowledge
from concur.check.linear import judge
from concur.check.options import Options
from concur.check.output import Output
from concur.check.sample import STRATEGIES
from concur.check.scenario import Scenario
from concur.check.story import failure_of
from concur.check.trace import Recorder
from concur.check.verdict import Failure, Status, Verdict
from concur.errors import TokenError, UsageError

_COLLECT_EVERY = 500  # runs between two collections of garbage; the collector is off during a run


class Work:
    """One call of `explore`, `sample` or `replay`."""

    def __init__(
        self, scenario: Scenario, options: Options, progress: Callable[[int], object] | None = None
    ) -> None:
        self.scenario = scenario
        self.options = options
        self.progress = progress
        self.knowledge = Knowledge()
        self.output = Output()
        self.began = time.perf_counter()
        self.run_count = 0
        self.fitting: set[Any] = set()  # histories of calls that were judged, see linear.py

    @contextlib.contextmanager
    def running(self, *, capture: bool = True) -> Iterator[None]:
        """The surroundings of runs: output caught, no garbage collection, the hooks quiet afterwards."""
        if runs.active is not None:
            raise UsageError("a scenario is being explored already; do not call explore() inside one")
        collecting = gc.isenabled()
        gc.disable()
        gc.freeze()
        streams = (sys.stdout, sys.stderr)
        try:
            if capture:
                sys.stdout = sys.stderr = self.output
            yield
        finally:
            sys.stdout, sys.stderr = streams
            runs.active = None
            self.scenario.loader.fresh()
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
            strategy, carrier or GreenletCarrier(), self.options, self.knowledge, full=full, recorder=recorder
        )
        runs.active = engine
        try:
            engine.run(main)
        finally:
            runs.active = None
        judge(engine, self.fitting)
        return engine

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self.began

    def verdict(self, status: Status, schedules: int, bound: str, **more: Any) -> Verdict:
        return Verdict(
            scenario=self.scenario.name,
            status=status,
            schedules=schedules,
            seconds=self.seconds,
            bound=bound,
            output=self.output.text,
            **more,
        )

    def bound(self) -> str:
        return (
            f"all interleavings of visible operations, under sequential consistency; {self.options.bound()}"
        )

    # The three ways

    def explore(self, max_schedules: int | None, max_seconds: float | None) -> Verdict:
        search, done = Search(), 0
        cut: str | None = None
        while True:
            search.start()
            engine = self.run(search)
            if engine.uncheckable is not None:
                return self.verdict(Status.UNCHECKABLE, done, "", reason=engine.uncheckable)
            if self.knowledge.revised:
                self.knowledge.settle()
                search, done, cut = Search(), 0, None
                continue
            if self.progress is not None:
                self.progress(done)
            if not engine.pruned:
                done += 1
                if engine.went_wrong:
                    return self.refuted([tid for tid, _ in engine.trace], done, engine)
                cut = cut or engine.cut
            more = search.next(engine)
            if engine.uncheckable is not None:
                return self.verdict(Status.UNCHECKABLE, done, "", reason=engine.uncheckable)
            if not more:
                break
            if max_schedules is not None and done >= max_schedules:
                return self.unfinished(done, f"the budget of {max_schedules:,} schedules is used up")
            if max_seconds is not None and self.seconds > max_seconds:
                return self.unfinished(done, f"the budget of {max_seconds:g} s is used up")
        if cut is not None:
            return self.unfinished(done, cut)
        return self.verdict(Status.VERIFIED, done, self.bound())

    def sample(self, count: int, seed: int, strategy: str, max_seconds: float | None) -> Verdict:
        chooser = STRATEGIES[strategy](seed)
        for done in range(1, count + 1):
            chooser.start()
            engine = self.run(chooser, full=True)
            if self.progress is not None:
                self.progress(done)
            if engine.uncheckable is not None:
                return self.verdict(Status.UNCHECKABLE, done, "", reason=engine.uncheckable)
            if engine.went_wrong:
                return self.refuted([tid for tid, _ in engine.trace], done, engine, full=True)
            if max_seconds is not None and self.seconds > max_seconds:
                return self.unfinished(done, f"the budget of {max_seconds:g} s is used up")
        return self.unfinished(count, f"{count:,} random schedules, seed {seed}; none failed")

    def replay(self, token: tokens.Token, backend: str) -> Verdict:
        self.knowledge.conflated.update(token.conflated)
        strategy = Follow(token.schedule)
        self.scenario.fresh()
        recorder = Recorder(self.scenario.own_files())
        carrier = ThreadCarrier() if backend == "threads" else GreenletCarrier()
        engine = self.run(strategy, full=True, recorder=recorder, carrier=carrier)
        if self.scenario.digest() != token.digest:
            raise TokenError(
                "the source has changed since this token was printed; explore again to get a new one"
            )
        if strategy.diverged is not None:
            raise TokenError(
                f"the program did not follow the token: {strategy.diverged}; it is not deterministic"
            )
        if engine.uncheckable is not None:
            return self.verdict(Status.UNCHECKABLE, 1, "", reason=engine.uncheckable)
        if engine.went_wrong:
            return self.verdict(Status.REFUTED, 1, "one schedule", failure=self.failure(engine, recorder))
        return self.unfinished(1, "one schedule was replayed, and it ended well")

    # Endings

    def unfinished(self, done: int, reason: str) -> Verdict:
        return self.verdict(
            Status.UNFINISHED, done, f"{done:,} schedules and no claim beyond them", reason=reason
        )

    def refuted(self, schedule: list[int], done: int, found: Engine, *, full: bool = False) -> Verdict:
        """Run the failing schedule again, with everything announced and recorded."""
        recorder = Recorder(self.scenario.own_files())
        strategy = Follow(schedule, skip_minor=not full)
        engine = self.run(strategy, full=True, recorder=recorder)
        if strategy.diverged is not None or _outcome(engine) != _outcome(found):
            reason = strategy.diverged or "the same schedule ended differently when it was run again"
            return self.verdict(
                Status.UNCHECKABLE, done, "", reason=f"the program is not deterministic: {reason}"
            )
        return self.verdict(Status.REFUTED, done, "one schedule", failure=self.failure(engine, recorder))

    def failure(self, engine: Engine, recorder: Recorder) -> Failure:
        token = tokens.Token(
            self.scenario.digest(),
            [tid for tid, _ in engine.trace],
            self.options.letters(),
            (),
            tuple(sorted(self.knowledge.conflated)),
            self.options.atomic,
        )
        return failure_of(engine, recorder, str(token))


def _outcome(engine: Engine) -> tuple[Any, ...]:
    """What must be the same when a failing schedule is run again."""
    errors = tuple((failure.thread.tid, type(failure.error).__name__) for failure in engine.failures)
    return errors, tuple(thread.tid for thread in engine.deadlocked), getattr(engine.misfit, "message", "")
