"""``concur explore``: a program under every interleaving."""

import os
import shlex
import sys
from collections.abc import Sequence
from contextlib import nullcontext, redirect_stdout
from pathlib import Path
from typing import Any, Literal

import click
from rich.text import Text

from concur import check as checker
from concur.check import html
from concur.check import report as pictures
from concur.check.verdict import Verdict
from concur.check.whole_file import check_writable, write_whole
from concur.cli.door import CODES
from concur.cli.screen import columns, each, show, working
from concur.errors import UsageError
from concur.grade import report
from concur.grade.pace import Pace


@click.command()
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
@click.option("--ready", type=click.Choice(["any", "fifo"]), help="In which order an event loop runs.")
@click.option("--races", type=click.Choice(["report", "fail", "off"]), help="What a data race does.")
@click.option("--atomic", multiple=True, metavar="CLASS", help="Take its calls as one step; repeatable.")
@click.option("--rewrite", multiple=True, metavar="PACKAGE", help="Rewrite it as well; repeatable.")
@click.option("--jobs", type=click.IntRange(1), metavar="N", help="Share it among N processes [1].")
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
    ready: str | None,
    races: str | None,
    atomic: tuple[str, ...],
    rewrite: tuple[str, ...],
    jobs: int | None,
    as_json: bool,
) -> int:
    """Run a program under every interleaving.

    NAME is a function without parameters that starts threads or tasks, waits for their end and asserts.
    Without it, every function called scenario* is run.
    """
    reject("--replay", token, ("--sample", sample), ("--seconds", seconds), ("--schedules", schedules))
    reject("--replay", token, ("--timeouts", timeouts), ("--notify", notify), ("--spurious", spurious))
    reject(
        "--replay",
        token,
        ("--races", races),
        ("--atomic", atomic or None),
        ("--jobs", jobs),
        ("--ready", ready),
    )
    reject("--replay", token, ("--rewrite", rewrite or None))
    reject("--sample", sample, ("--seconds", seconds), ("--schedules", schedules))
    require("--sample", sample, ("--seed", seed))
    require("--replay", token, ("--backend", backend))

    file, _, wanted = program.partition("::")
    if page is not None:
        check_writable(page, apart_from=file)
    given = {
        "timeouts": timeouts, "notify": notify, "spurious_wakeups": spurious, "races": races, "ready": ready,
    }  # fmt: skip
    options: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    options["atomic"], options["rewrite"] = atomic, rewrite
    options["jobs"] = jobs or 1
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
        with working(what, log=True, alone=options["jobs"] > 1) as say, aside:
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

    packages = [word for package in rewrite for word in ("--rewrite", package)]

    def show_verdict(verdict: Verdict) -> None:
        name = f"{file}::{verdict.scenario}"
        lines = report.folded(pictures.text(verdict, width=columns()), width=columns())
        lines += report.printed(Path(file).name, verdict.output)
        if verdict.failure is not None:
            if verdict.failure.token:
                lines.append(Text(f"again: {again(verdict)}", style="cyan"))
            lines.append(
                Text(f"next: edit {file}, then run: {shlex.join(['concur', 'explore', name, *packages])}")
            )
        show([*lines, Text()])

    def scenarios() -> Sequence[str]:
        names = [wanted] if wanted else checker.scenarios_in(file)
        if not names:
            raise UsageError(f"{file} has no function called scenario...; name one: {file}::NAME")
        if token is not None and len(names) > 1:
            raise UsageError(f"{file} has {len(names)} scenarios; say which to replay: {file}::{names[0]}")
        return [f"{file}::{name}" for name in names]

    code = each(scenarios, run, show_verdict, lambda verdict: CODES[verdict.status], as_json)
    if page is not None and found:
        title = os.path.basename(file)
        write_whole(page, html.page(found, title=title, problems=problems, command=again))
        click.echo(f"html: {page}", err=as_json)
    return code


def require(option: str, value: object, *others: tuple[str, object]) -> None:
    for name, other in others:
        if other is not None and value is None:
            raise click.UsageError(f"{name} needs {option}.")


def reject(option: str, value: object, *others: tuple[str, object]) -> None:
    for name, other in others:
        if other is not None and value is not None:
            raise click.UsageError(f"{name} does not go with {option}.")
