"""The command ``concur``: check a program, list the exercises, grade an attempt.

Exit codes: 0 verified or full score, 1 refuted, 2 wrong usage, 3 unfinished or uncheckable; of
several, the worst: 2, 1, 3, 0. Further: 70 a fault in concur itself, 130 stopped by Ctrl-C.
"""

import json
import os
import shlex
import signal
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, redirect_stdout
from pathlib import Path
from typing import Any, Literal, NoReturn, TypeVar

import click
from rich.console import Console
from rich.text import Text

from concur import check as checker
from concur.check import html
from concur.check import report as pictures
from concur.check.verdict import Status, Verdict
from concur.check.whole_file import check_writable, write_whole
from concur.errors import UsageError
from concur.grade import guide, report
from concur.grade.course import Course, Exercise
from concur.grade.judge import judge
from concur.grade.pace import Pace
from concur.grade.progress import is_solved, remember
from concur.grade.result import PropertyResult, Result

VERIFIED, REFUTED, WRONG_USAGE, NO_CLAIM, OUR_FAULT, STOPPED = 0, 1, 2, 3, 70, 130
_WORST_FIRST = (WRONG_USAGE, REFUTED, NO_CLAIM, VERIFIED)
_CODES = {
    Status.VERIFIED: VERIFIED,
    Status.REFUTED: REFUTED,
    Status.UNFINISHED: NO_CLAIM,
    Status.UNCHECKABLE: NO_CLAIM,
}


class Door(click.Group):
    """The group of commands; whatever goes wrong inside becomes one line and an exit code."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> NoReturn:
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="backslashreplace")  # a source line may hold any character
        sys.exit(self._run(args, prog_name, complete_var, **extra))

    def _run(
        self, args: Sequence[str] | None, prog_name: str | None, complete_var: str | None, **extra: Any
    ) -> int:
        try:
            code = super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
            sys.stdout.flush()
            return code if isinstance(code, int) else VERIFIED
        except click.UsageError as error:
            path = error.ctx.command_path if error.ctx else "concur"
            return complain(f"{error.format_message()} See `{path} --help`.")
        except UsageError as error:
            return complain(str(error))
        except (KeyboardInterrupt, click.Abort):
            click.echo("stopped", err=True)
            return STOPPED
        except BrokenPipeError:
            # Whoever read our output has left: say no more, not even at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return REFUTED
        except Exception as error:
            if os.environ.get("CONCUR_TRACEBACK") == "1":
                traceback.print_exc()
            said = " ".join(f"{type(error).__name__}: {error}".split())
            click.echo(
                f"concur: a fault in concur itself, not in your program: {said}\n"
                "Please report it to the maintainers of concur, with what the same command prints "
                "under CONCUR_TRACEBACK=1.",
                err=True,
            )
            return OUR_FAULT


def complain(message: str) -> int:
    click.echo(f"concur: {message}", err=True)
    return WRONG_USAGE


def worst(codes: Iterable[int]) -> int:
    """The exit code of several.

    >>> worst([0, 3, 1, 0])
    1
    """
    found = set(codes)
    return next((code for code in _WORST_FIRST if code in found), VERIFIED)


@click.group(cls=Door, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80})
@click.version_option(package_name="concur")
def main() -> None:
    """Learn concurrency by building it; check programs under every interleaving."""


@main.command()
@click.argument("program", metavar="FILE.py[::NAME]")
@click.option("--seconds", type=click.FloatRange(0, min_open=True), help="Budget for each scenario [10].")
@click.option("--schedules", type=click.IntRange(1), help="Budget for each scenario; no limit on time.")
@click.option("--sample", type=click.IntRange(1), metavar="N", help="Sample N schedules instead of all.")
@click.option("--seed", type=int, metavar="K", help="The seed of --sample [0].")
@click.option("--replay", "token", metavar="TOKEN", help="Run one schedule again.")
@click.option("--backend", type=click.Choice(["greenlets", "threads"]), help="What --replay runs on.")
@click.option("--timeouts", type=click.Choice(["any", "idle"]), help="When a time-out may end.")
@click.option("--html", "page", metavar="FILE", help="Write a page to step through failing runs.")
@click.option("--notify", type=click.Choice(["fifo", "any"]), help="Which waiter notify wakes.")
@click.option("--spurious", is_flag=True, default=None, help="A wait may end without a notify.")
@click.option("--races", type=click.Choice(["report", "fail", "off"]), help="What a data race does.")
@click.option("--atomic", multiple=True, metavar="CLASS", help="Take its calls as one step; repeatable.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def explore(
    program: str,
    seconds: float | None,
    schedules: int | None,
    sample: int | None,
    seed: int | None,
    token: str | None,
    backend: Literal["greenlets", "threads"] | None,
    timeouts: str | None,
    page: str | None,
    notify: str | None,
    spurious: bool | None,
    races: str | None,
    atomic: tuple[str, ...],
    as_json: bool,
) -> int:
    """Run a program under every interleaving.

    NAME is a function without parameters that starts threads, joins them and asserts.
    Without it, every function called scenario* is run.
    """
    reject("--replay", token, ("--sample", sample), ("--seconds", seconds), ("--schedules", schedules))
    reject("--replay", token, ("--timeouts", timeouts), ("--notify", notify), ("--spurious", spurious))
    reject("--replay", token, ("--races", races), ("--atomic", atomic or None))
    reject("--sample", sample, ("--seconds", seconds), ("--schedules", schedules))
    require("--sample", sample, ("--seed", seed))
    require("--replay", token, ("--backend", backend))

    file, _, wanted = program.partition("::")
    if page is not None:
        check_writable(page, apart_from=file)
    given = {"timeouts": timeouts, "notify": notify, "spurious_wakeups": spurious, "races": races}
    options: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    options["atomic"] = atomic
    found: list[Verdict] = []
    problems: list[str] = []

    def run(scenario: str) -> Verdict:
        try:
            verdict = look_at(scenario)
        except UsageError as error:
            problems.append(str(error))
            raise
        found.append(verdict)
        return verdict

    def look_at(scenario: str) -> Verdict:
        aside = redirect_stdout(sys.stderr) if as_json else nullcontext()
        what = f"exploring {scenario}"
        with working(what, log=True) as say, aside:
            options["progress"] = Pace(what, say)
            if token is not None:
                return checker.replay(scenario, token, backend=backend or "greenlets")
            if sample is not None:
                return checker.sample(scenario, runs=sample, seed=seed or 0, **options)
            limit = seconds if seconds is not None or schedules is not None else 10.0
            return checker.explore(scenario, max_schedules=schedules, max_seconds=limit, **options)

    def again(verdict: Verdict) -> str:
        assert verdict.failure is not None
        name = f"{file}::{verdict.scenario}"
        return shlex.join(["concur", "explore", name, "--replay", verdict.failure.token])

    def show_verdict(verdict: Verdict) -> None:
        name = f"{file}::{verdict.scenario}"
        lines = report.folded(pictures.text(verdict, width=columns()), width=columns())
        lines += report.printed(Path(file).name, verdict.output)
        if verdict.failure is not None:
            if verdict.failure.token:
                lines.append(Text(f"again: {again(verdict)}", style="cyan"))
            lines.append(Text(f"next: edit {file}, then run: {shlex.join(['concur', 'explore', name])}"))
        show([*lines, Text()])

    def scenarios() -> Sequence[str]:
        names = [wanted] if wanted else checker.scenarios_in(file)
        if not names:
            raise UsageError(f"{file} has no function called scenario...; name one: {file}::NAME")
        if token is not None and len(names) > 1:
            raise UsageError(f"{file} has {len(names)} scenarios; say which to replay: {file}::{names[0]}")
        return [f"{file}::{name}" for name in names]

    code = each(scenarios, run, show_verdict, lambda verdict: _CODES[verdict.status], as_json)
    if page is not None and found:
        title = os.path.basename(file)
        write_whole(page, html.page(found, title=title, problems=problems, command=again))
        click.echo(f"html: {page}", err=as_json)
    return code


@main.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def list_(as_json: bool) -> int:
    """List the exercises of the course."""
    course = Course.above(Path.cwd())
    if as_json:
        solved = {exercise: is_solved(course, exercise) for exercise in course.exercises}
        print_json([{**exercise.to_json(), "solved": solved[exercise]} for exercise in course.exercises])
    else:
        show(guide.overview(course, columns()))
    return VERIFIED


@main.command()
@click.argument("names", nargs=-1, metavar="[NN|NAME]...")
@click.option("--attempt", metavar="FILE", help="Grade this file, not the one in the exercise.")
@click.option("--replay", "token", metavar="TOKEN", help="Run one schedule again.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def check(names: tuple[str, ...], attempt: str | None, token: str | None, as_json: bool) -> int:
    """Grade attempts at exercises: those named, or all."""
    if len(names) != 1 and (attempt is not None or token is not None):
        option = "--attempt" if attempt is not None else "--replay"
        raise click.UsageError(f"{option} needs exactly one exercise: `concur check 03 {option} ...`.")
    course: Course | None = None
    done: list[Result] = []

    def exercises() -> Sequence[Exercise]:
        nonlocal course
        course = Course.above(Path.cwd())
        found = [course.look_up(name) for name in names] if names else course.exercises
        return list(dict.fromkeys(found))

    def run(exercise: Exercise) -> Result:
        with working(f"{exercise.number} {exercise.name}") as say:
            result = judge(
                exercise,
                attempt=Path(attempt) if attempt is not None else None,
                token=token,
                on_property=lambda claim: say(f"{exercise.number} {exercise.name}: {claim.title}"),
            )
        assert course is not None
        if token is None:
            remember(course, result)
        done.append(result)
        return result

    def show_result(result: Result) -> None:
        show(report.result(result, score=token is None))

    with ended_by_signals():
        code = each(exercises, run, show_result, lambda result: result_code(result.properties), as_json)
    if course is not None and done and not as_json and token is None:
        show(guide.after(course, done))
    return code


Item = TypeVar("Item")
Found = TypeVar("Found", Verdict, Result)


def each(
    items: Callable[[], Sequence[Item]],
    run: Callable[[Item], Found],
    tell: Callable[[Found], None],
    code: Callable[[Found], int],
    as_json: bool,
) -> int:
    """Run every item and tell what is found; one that cannot be run does not stop the others."""
    codes, documents = [], []
    try:
        todo = items()
    except UsageError as error:
        todo = []
        codes.append(complain(str(error)))
    for item in todo:
        try:
            found = run(item)
        except UsageError as error:
            codes.append(complain(str(error)))
            continue
        codes.append(code(found))
        documents.append(found.to_json())
        if not as_json:
            tell(found)
    if as_json:
        print_json(documents)
    return worst(codes)


def result_code(properties: Sequence[PropertyResult]) -> int:
    """A full score is 0, also when a property was only sampled; else the worst of the others."""
    return worst(_CODES[each.status] for each in properties if not each.earned)


def require(option: str, value: object, *others: tuple[str, object]) -> None:
    for name, other in others:
        if other is not None and value is None:
            raise click.UsageError(f"{name} needs {option}.")


def reject(option: str, value: object, *others: tuple[str, object]) -> None:
    for name, other in others:
        if other is not None and value is not None:
            raise click.UsageError(f"{name} does not go with {option}.")


def terminal() -> Console:
    """Standard output, as it is now; without colour, and 80 columns wide, when it is no terminal."""
    return Console(highlight=False, markup=False, emoji=False, width=None if sys.stdout.isatty() else 80)


def show(lines: report.Lines) -> None:
    report.show(lines, terminal())


def columns() -> int:
    return min(terminal().width, 120)


def print_json(document: object) -> None:
    click.echo(json.dumps(document, indent=2))


@contextmanager
def working(text: str, *, log: bool = False) -> Iterator[Callable[[str], None]]:
    """Say what is going on while it does, on a terminal; what is yielded says something else.

    Where there is no terminal, a *log* has what is yielded, a line each time, on standard error.
    """
    stream = sys.stderr  # as it is now: the checker catches what the program under test writes to it
    console = Console(file=stream, highlight=False, emoji=False)
    if not (console.is_terminal and sys.stdout.isatty()):
        yield lambda more: print(more, file=stream, flush=True) if log else None
        return
    with console.status(Text(text)) as status:
        yield lambda more: status.update(Text(more))


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Make a request to end, or a closed terminal, leave through every ``finally``, as Ctrl-C does."""

    def leave(number: int, frame: object) -> NoReturn:
        raise SystemExit(128 + number)

    wanted = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = [(number, signal.signal(number, leave)) for number in wanted]
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)
