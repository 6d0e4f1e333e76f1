"""`explore`, `sample` and `replay`: run a scenario under schedules, and give the verdict."""

import dataclasses
import os
from collections.abc import Callable, Iterable
from typing import Literal

from concur.check import tokens
from concur.check.crew import check_jobs
from concur.check.options import MAX_STEPS, Options
from concur.check.sample import STRATEGIES
from concur.check.scenario import Scenario
from concur.check.verdict import Verdict
from concur.check.work import Work
from concur.errors import UsageError

Given = Scenario | Callable[..., object] | str | os.PathLike[str]


def explore(
    scenario: Given,
    *,
    max_schedules: int | None = None,
    max_seconds: float | None = 10.0,
    timeouts: Literal["any", "idle"] = "any",
    notify: Literal["fifo", "any"] = "fifo",
    spurious_wakeups: bool = False,
    races: Literal["report", "fail", "off"] = "report",
    atomic: Iterable[type | str] = (),
    rewrite: Iterable[str] = (),
    ready: Literal["any", "fifo"] = "any",
    attempt: str | os.PathLike[str] | None = None,
    progress: Callable[[int], object] | None = None,
    jobs: int = 1,
) -> Verdict:
    """Run a scenario under every schedule that could make a difference, up to a budget.

    The scenario is a function without parameters, plain or ``async def``, or ``"path/to/file.py::name"``.
    Its file is loaded afresh for every run, so it may capture immutable values only.

    Args:
        scenario: makes its objects, starts threads or tasks, waits for their end and asserts.
        max_schedules: stop after that many schedules.
        max_seconds: stop after that many seconds.
        timeouts: ``"any"``: a time-out or a sleep may end at any moment;
            ``"idle"``: time passes only when nobody can run.
        notify: ``"fifo"``: a condition wakes its longest waiter, as in CPython; ``"any"``: any of them.
        spurious_wakeups: whether a thread may wake from ``Condition.wait`` once without a notify.
        races: ``"report"``: data races are listed in the verdict; ``"fail"``: one refutes the scenario;
            ``"off"``: they are not looked for.
        atomic: classes whose calls are one step each, as ``concur.Semaphore`` or ``"concur.Semaphore"``:
            right for a class that was itself verified. The verdict names them.
        rewrite: installed packages, by the name they are imported under, that are rewritten as the program is.
        ready: ``"any"``: what is ready on an event loop runs in any order; ``"fifo"``: in CPython's.
        attempt: the file of a student's module, given to the scenario as its parameter.
        progress: called after each schedule with the number of schedules so far; now and then, if processes
            share the search.
        jobs: how many processes share the search, if it takes longer than a moment. The verdict is that of one
            process, on the same schedules; only a budget in seconds ends elsewhere.

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
    options = Options.of(timeouts, notify, spurious_wakeups, races, atomic, rewrite, ready)
    check_jobs(jobs)
    work = Work(Scenario.of(scenario, attempt), options, progress)
    with work.running():
        return work.explore(max_schedules, max_seconds, jobs)


def sample(
    scenario: Given,
    *,
    runs: int = 1000,
    seed: int = 0,
    strategy: Literal["random", "pct"] = "pct",
    timeouts: Literal["any", "idle"] = "idle",
    notify: Literal["fifo", "any"] = "fifo",
    spurious_wakeups: bool = False,
    races: Literal["report", "fail", "off"] = "report",
    atomic: Iterable[type | str] = (),
    rewrite: Iterable[str] = (),
    ready: Literal["any", "fifo"] = "any",
    max_seconds: float | None = None,
    max_steps: int = MAX_STEPS,
    livelocks: bool = True,
    attempt: str | os.PathLike[str] | None = None,
    progress: Callable[[int], object] | None = None,
    jobs: int = 1,
) -> Verdict:
    """Run a scenario under random schedules, for programs too large for `explore`.

    Args:
        scenario: as for `explore`.
        runs: how many schedules to run.
        seed: the same seed gives the same schedules.
        strategy: ``"random"``: any thread at each step; ``"pct"``: random priorities with
            a few random changes (Burckhardt and others, ASPLOS 2010).
        timeouts: as for `explore`.
        notify: as for `explore`.
        spurious_wakeups: as for `explore`.
        races: as for `explore`.
        atomic: as for `explore`.
        rewrite: as for `explore`.
        ready: as for `explore`.
        max_seconds: stop after that many seconds.
        max_steps: a run is cut after so many visible operations; the verdict says how many were.
        livelocks: whether to look for states that come back. That compares all that a program has at each round
            of a loop that goes round often: large programs, with threads that do something again and again,
            are sampled without.
        attempt: as for `explore`.
        progress: as for `explore`.
        jobs: how many processes share the runs. The failure is that of the lowest number, as with one process.

    Returns:
        ``REFUTED`` or ``UNFINISHED``: sampling never verifies.

    Raises:
        UsageError: the scenario cannot be found or loaded, or an option is not one.
    """
    if strategy not in STRATEGIES:
        raise UsageError(f"strategy is 'random' or 'pct', not {strategy!r}")
    _check_budget(runs, max_seconds, max_steps)
    options = Options.of(timeouts, notify, spurious_wakeups, races, atomic, rewrite, ready)
    options = dataclasses.replace(options, max_steps=max_steps, livelocks=livelocks)
    check_jobs(jobs)
    work = Work(Scenario.of(scenario, attempt), options, progress)
    with work.running():
        return work.sample(runs, seed, strategy, max_seconds, jobs)


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
    options = Options.from_letters(parsed.options, parsed.atomic, parsed.rewrite)
    options = dataclasses.replace(options, max_steps=max(MAX_STEPS, len(parsed.schedule) + 1))
    work = Work(Scenario.of(scenario, attempt), options)
    with work.running(capture=backend == "greenlets"):
        return work.replay(parsed, backend)


def _check_budget(schedules: int | None, seconds: float | None, steps: int = MAX_STEPS) -> None:
    if schedules is not None and schedules < 1:
        raise UsageError(f"at least one schedule has to be run, not {schedules}")
    if steps < 1:
        raise UsageError(f"at least one visible operation has to be run, not {steps}")
    if seconds is not None and seconds <= 0:
        raise UsageError(f"the budget in seconds has to be above 0, not {seconds}")
