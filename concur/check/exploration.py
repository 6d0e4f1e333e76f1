"""`explore`, `sample` and `replay`: run a scenario under schedules, and give the verdict."""

import contextlib
import gc
import os
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any, Literal

from concur.check import engine as runs
from concur.check import tokens
from concur.check.carriers import GreenletCarrier, ThreadCarrier
from concur.check.dpor import Search
from concur.check.engine import Engine
from concur.check.follow import Follow
from concur.check.knowledge import Knowledge
from concur.check.output import Output
from concur.check.sample import STRATEGIES
from concur.check.scenario import Scenario
from concur.check.story import failure_of
from concur.check.threads import Options
from concur.check.trace import Recorder
from concur.check.verdict import Failure, Status, Verdict
from concur.errors import TokenError, UsageError

Given = Callable[..., object] | str | os.PathLike[str]

_COLLECT_EVERY = 500  # runs between two collections of garbage; the collector is off during a run


def explore(
    scenario: Given,
    *,
    max_schedules: int | None = None,
    max_seconds: float | None = 10.0,
    timeouts: Literal["any", "idle"] = "any",
    attempt: str | os.PathLike[str] | None = None,
    progress: Callable[[int], object] | None = None,
) -> Verdict:
    """Run a scenario under every schedule that could make a difference, up to a budget.

    The scenario is a function without parameters, or ``"path/to/file.py::name"``.
    Its file is loaded afresh for every run, so it may capture immutable values only.

    Args:
        scenario: makes its objects, starts threads, joins them and asserts.
        max_schedules: stop after that many schedules.
        max_seconds: stop after that many seconds.
        timeouts: ``"any"``: a time-out or a sleep may end at any moment;
            ``"idle"``: time passes only when nobody can run.
        attempt: the file of a student's module, given to the scenario as its parameter.
        progress: called after each schedule with the number of schedules so far.

    Returns:
        ``VERIFIED`` if every schedule ended well, ``REFUTED`` with the first that did
        not, ``UNFINISHED`` if the budget ended first, ``UNCHECKABLE`` if something
        could not be controlled.

    Raises:
        UsageError: the scenario cannot be found or loaded, or an option is not one.

    The verdict is over all interleavings of the visible operations, under
    sequential consistency.
    """
    _check_budget(max_schedules, max_seconds)
    work = _Work(Scenario(scenario, attempt), _options(timeouts), progress)
    with work.running():
        return work.explore(max_schedules, max_seconds)


def sample(
    scenario: Given,
    *,
    runs: int = 1000,
    seed: int = 0,
    strategy: Literal["random", "pct"] = "pct",
    timeouts: Literal["any", "idle"] = "idle",
    max_seconds: float | None = None,
    attempt: str | os.PathLike[str] | None = None,
    progress: Callable[[int], object] | None = None,
) -> Verdict:
    """Run a scenario under random schedules, for programs too large for `explore`.

    Args:
        scenario: as for `explore`.
        runs: how many schedules to run.
        seed: the same seed gives the same schedules.
        strategy: ``"random"``: any thread at each step; ``"pct"``: random priorities with
            a few random changes (Burckhardt and others, ASPLOS 2010).
        timeouts: as for `explore`.
        max_seconds: stop after that many seconds.
        attempt: as for `explore`.
        progress: as for `explore`.

    Returns:
        ``REFUTED`` or ``UNFINISHED``: sampling never verifies.

    Raises:
        UsageError: the scenario cannot be found or loaded, or an option is not one.
    """
    if strategy not in STRATEGIES:
        raise UsageError(f"strategy is 'random' or 'pct', not {strategy!r}")
    _check_budget(runs, max_seconds)
    work = _Work(Scenario(scenario, attempt), _options(timeouts), progress)
    with work.running():
        return work.sample(runs, seed, strategy, max_seconds)


def replay(
    scenario: Given,
    token: str,
    *,
    backend: Literal["greenlets", "threads"] = "greenlets",
    attempt: str | os.PathLike[str] | None = None,
) -> Verdict:
    """Run the one schedule that a token names.

    Args:
        scenario: the one that the token was printed for.
        token: from a report.
        backend: ``"threads"`` runs it on threads of the operating system, so that a debugger works.
        attempt: as for `explore`.

    Returns:
        ``REFUTED`` if the schedule fails again, else ``UNFINISHED``: one schedule verifies nothing.

    Raises:
        TokenError: the token is malformed, or the sources have changed since it was printed.
        UsageError: the scenario cannot be found or loaded.
    """
    if backend not in ("greenlets", "threads"):
        raise UsageError(f"backend is 'greenlets' or 'threads', not {backend!r}")
    parsed = tokens.parse(token)
    work = _Work(Scenario(scenario, attempt), _options("idle" if parsed.idle else "any"))
    with work.running(capture=backend == "greenlets"):
        return work.replay(parsed, backend)


def _options(timeouts: str) -> Options:
    if timeouts == "idle":
        return Options(timeouts="idle")
    if timeouts == "any":
        return Options(timeouts="any")
    raise UsageError(f"timeouts is 'any' or 'idle', not {timeouts!r}")


def _check_budget(schedules: int | None, seconds: float | None) -> None:
    if schedules is not None and schedules < 1:
        raise UsageError(f"at least one schedule has to be run, not {schedules}")
    if seconds is not None and seconds <= 0:
        raise UsageError(f"the budget in seconds has to be above 0, not {seconds}")


class _Work:
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
        moments = (
            "a time-out or sleep may end at any moment"
            if self.options.timeouts == "any"
            else "time passes only when idle"
        )
        return f"all interleavings of visible operations, under sequential consistency; {moments}"

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
            self.options.timeouts == "idle",
            tuple(sorted(self.knowledge.conflated)),
        )
        return failure_of(engine, recorder, str(token))


def _outcome(engine: Engine) -> tuple[Any, ...]:
    """What must be the same when a failing schedule is run again."""
    errors = tuple((failure.thread.tid, type(failure.error).__name__) for failure in engine.failures)
    return errors, tuple(thread.tid for thread in engine.deadlocked)
