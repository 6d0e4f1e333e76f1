"""``concur demo``: a race as it is seen here, or a classic on real threads and then under the checker."""

import difflib
import importlib
import re
import textwrap
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import click
from rich.text import Text

from concur import check as checker
from concur.check import report as pictures
from concur.check.verdict import Status, Verdict
from concur.cli.door import CODES, REFUTED, VERIFIED, ended_by_signals, worst
from concur.cli.screen import columns, show, terminal, working
from concur.errors import UsageError
from concur.grade import report
from concur.grade.pace import Pace
from concur.problems import Problem, catalogue
from concur.race import PARTS, PARTS_OF_PROCESSES

# What is not a classic: its summary, and the files of concur.race that it tells.
RACES = {
    "race": ("Two threads change one number: what is forced, what is luck, what is wrong.", PARTS),
    "race-processes": (
        "Two processes change one number in shared memory: forced, and at full speed.",
        PARTS_OF_PROCESSES,
    ),
}
PUBSUB = "pubsub"
SECONDS = 10.0  # for each scenario
SAMPLES = 1_000  # schedules of a scenario that is sampled
_STYLES = {Status.VERIFIED: "green", Status.REFUTED: "red"}


@click.command()
@click.argument("name", required=False)
def demo(name: str | None) -> int:
    """Show a race, a classic problem, or a queue whose broker is killed.

    Without NAME, all are listed. A classic runs on real threads, and then its scenarios are
    explored by the checker, or sampled where there are too many schedules.
    """
    if name is None:
        return list_all()
    if name.lower() == PUBSUB:
        from concur.cli.pubsub import (
            show_pubsub,
        )  # the other commands do not wait for the queue to be imported

        return show_pubsub()
    found = look_up(name)
    with ended_by_signals():  # no process that a demonstration has started outlives it
        return show_problem(found) if isinstance(found, Problem) else show_race(found)


def look_up(name: str) -> Problem | tuple[str, ...]:
    """The problem of that name, or the parts of the race."""
    wanted = name.lower().replace("_", "-")
    problems = {problem.name: problem for problem in catalogue()}
    if wanted in RACES:
        return RACES[wanted][1]
    if wanted not in problems:
        near = difflib.get_close_matches(wanted, [*RACES, PUBSUB, *problems], 1, 0.5)
        hint = f"; did you mean {near[0]}?" if near else "."
        raise UsageError(f"there is no demo called '{name}'{hint} `concur demo` lists them.")
    return problems[wanted]


def list_all() -> int:
    entries = [
        *((name, summary) for name, (summary, _) in RACES.items()),
        (PUBSUB, "A queue with brokers, after Kafka: one of them is killed while a producer sends."),
        *((problem.name, problem.summary) for problem in catalogue()),
    ]
    width = max(len(name) for name, _ in entries)
    lines = []
    for name, summary in entries:
        first, *rest = textwrap.wrap(summary, columns() - width - 2) or [""]
        lines.append(Text.assemble((f"{name:<{width}}", "bold"), f"  {first}"))
        lines += [Text(" " * (width + 2) + more) for more in rest]
    show([*lines, Text(), Text("next: concur demo race")])
    return VERIFIED


# Races


def show_race(parts: tuple[str, ...]) -> int:
    codes = []
    for number, part in enumerate(parts, 1):
        module = importlib.import_module(f"concur.race.{part}")
        title, why, *_ = str(module.__doc__).split("\n\n")
        show([Text(line, style="bold") for line in wrapped(f"{number} {title}", hang=2)])
        show([Text(line) for line in wrapped(why)])
        tell(module.demo)
        if hasattr(module, "scenario"):
            codes.append(refute(module))
        show([Text()])
    return worst(codes)


def refute(module: ModuleType) -> int:
    """Show by the checker that a program is wrong which passes here; 0 if that is so."""
    if not module.has_gil():
        show([Text("  The checker runs on builds with the global lock: see there how it is refuted.")])
        return VERIFIED
    verdict = explored(str(module.__file__), "scenario", ())
    show([Text()])
    show(report.folded(pictures.text(verdict, width=columns() - 4), 4, width=columns()))
    return VERIFIED if verdict.status is Status.REFUTED else REFUTED


# Classics


def show_problem(problem: Problem) -> int:
    show([Text(line, style="bold") for line in wrapped(f"{problem.title}: {problem.summary}", hang=2)])
    show([Text(), *(Text(line) for line in wrapped(told(problem.story)))])
    module = importlib.import_module(problem.module)
    show([Text(), Text("On real threads", style="bold")])
    tell(module.demo)
    show([Text(), Text("Under the checker", style="bold")])
    atomic = getattr(module, "ATOMIC", ())
    codes, bounds = [], []
    for scenario in checker.scenarios_in(problem.file):
        is_sampled = module.CHECK == "sample" or scenario in getattr(module, "SAMPLED", ())
        run = sampled if is_sampled else explored
        verdict = run(problem.file, scenario, atomic)
        codes.append(VERIFIED if is_sampled and not verdict.failure else CODES[verdict.status])
        bounds += [verdict.bound] if verdict.status is Status.VERIFIED else []
        show_verdict(verdict, scenario, is_sampled)
    for bound in dict.fromkeys(bounds):
        show([Text(line) for line in wrapped(f"verified: {bound}", hang=10)])
    show([Text(line) for line in next_step(problem)])
    return worst(codes)


def next_step(problem: Problem) -> list[str]:
    where = Path(problem.file)
    try:
        where = where.relative_to(Path.cwd())
    except ValueError:
        pass
    return [f"next: read {where}"]


def show_verdict(verdict: Verdict, scenario: str, is_sampled: bool) -> None:
    word = "sampled" if is_sampled and not verdict.failure else str(verdict.status)
    name = scenario.removeprefix("scenario").strip("_").replace("_", " ") or "the scenario"
    line = Text("  ").append(f"{word:<11}", style=_STYLES.get(verdict.status, "yellow"))
    line.append(f"{name}: {report.count(verdict.schedules, 'schedule')}, {verdict.seconds:.1f} s")
    show([line])
    if verdict.failure is not None:
        show(report.folded(pictures.text(verdict, width=columns() - 4), 4, width=columns()))
    elif verdict.reason:
        show([Text(f"{'':13}{more}") for more in textwrap.wrap(verdict.reason, columns() - 13)])


def explored(file: str, scenario: str, atomic: tuple[type, ...]) -> Verdict:
    with working(f"exploring {scenario}") as say:
        return checker.explore(
            f"{file}::{scenario}",
            max_seconds=SECONDS,
            atomic=atomic,
            progress=Pace(f"exploring {scenario}", say),
        )


def sampled(file: str, scenario: str, atomic: tuple[type, ...]) -> Verdict:
    with working(f"sampling {scenario}") as say:
        return checker.sample(
            f"{file}::{scenario}",
            runs=SAMPLES,
            max_seconds=SECONDS,
            atomic=atomic,
            progress=Pace(f"sampling {scenario}", say),
        )


# What both need


def tell(run: Callable[[Callable[[str], None]], None]) -> None:
    """Run a demonstration, and show what it tells as it tells it; a thread that fails makes it fail."""
    console, speaking = terminal(), threading.Lock()
    silent = False

    def say(line: str) -> None:
        with speaking:
            if not silent:
                console.print(Text(f"  {line}"), soft_wrap=True)

    with failures_of_threads() as failed:
        try:
            run(say)
        finally:
            with speaking:  # threads that are left after Ctrl-C say no more
                silent = True
    if failed:
        raise failed[0]


@contextmanager
def failures_of_threads() -> Iterator[list[BaseException]]:
    """Collect what ends a thread, which would only be printed."""
    failed: list[BaseException] = []

    def collect(ended: threading.ExceptHookArgs) -> None:
        if ended.exc_value is not None:
            failed.append(ended.exc_value)

    before, threading.excepthook = threading.excepthook, collect
    try:
        yield failed
    finally:
        threading.excepthook = before


def told(story: str) -> str:
    """A docstring without its examples."""
    paragraphs = [each for each in re.split(r"\n\s*\n", story) if not each.lstrip().startswith(">>>")]
    return "\n\n".join(paragraphs)


def wrapped(text: str, hang: int = 0) -> list[str]:
    """The paragraphs and list entries of a docstring at the width of the terminal, without its markup."""
    plain = re.sub(r":\w+:`([^`<]*)`", r"\1", text)
    plain = re.sub(r"`+|(?<![\w*])\*(?=\w)|(?<=\w)\*(?![\w*])", "", plain)
    lines: list[str] = []
    for paragraph in re.split(r"\n\s*\n", plain.strip()):
        lines += [""] * bool(lines)
        for entry in re.split(r"\n(?=- )", paragraph):
            deeper = " " * (2 if entry.startswith("- ") else hang)
            lines += textwrap.wrap(" ".join(entry.split()), columns(), subsequent_indent=deeper)
    return lines
