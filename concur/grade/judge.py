"""One exercise and one attempt: what it earns.

The graded tests run under pytest in a child process with limits. The child writes down each
property as soon as it is judged; if it dies, hangs or prints without end, the rest earns nothing
and one line says why.
"""

import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from concur.check.verdict import Status
from concur.errors import TokenError, UsageError
from concur.grade import attempt as student
from concur.grade.allowed import refusal
from concur.grade.course import Exercise, Property
from concur.grade.outcome import Outcome, events
from concur.grade.result import PropertyResult, Result
from concur.grade.sandbox import Ending, Limits, run

# Variables that would change how the child runs the tests.
_DROPPED = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTHONINSPECT", "PYTHONWARNINGS", "COVERAGE_PROCESS_START")
Seen = list[tuple[str, Any]]  # the events of a journal


def judge(
    exercise: Exercise,
    *,
    attempt: Path | None = None,
    token: str | None = None,
    only: Collection[str] | None = None,
    limits: Limits | None = None,
    on_property: Callable[[Property], None] = lambda claim: None,
) -> Result:
    """Judge *attempt*, or the student's own file, by the graded tests of *exercise*.

    Args:
        exercise: what is judged.
        attempt: another file than the exercise's own.
        token: replay this schedule; the result holds the property it belongs to, and no other.
        only: the names of the tests that are run; None for all. The result holds their properties alone.
        limits: for the child process.
        on_property: called when a property begins to be judged.

    Raises:
        UsageError: the file is not there, or the graded tests cannot be loaded.
        TokenError: the token is malformed, or belongs to another program.
    """
    path = (attempt or exercise.attempt).resolve()
    claims = {claim.name: claim for claim in exercise.properties if only is None or claim.name in only}
    if not path.is_file():
        what = "no such file" if attempt else "the file to edit is gone; `git checkout` brings it back"
        raise UsageError(f"{attempt or exercise.attempt}: {what}")
    started = time.monotonic()
    fault = _fault(path, exercise)
    if fault:
        results = tuple(_unjudged(claim, fault) for claim in claims.values())
        return Result(exercise, path, time.monotonic() - started, results)

    with tempfile.TemporaryDirectory(prefix="concur-") as folder:
        journal = Path(folder, "journal.jsonl")
        told: list[str] = []

        def progress() -> int:
            seen = list(events(journal))
            current = [value for event, value in seen if event == "start"]
            for name in current[len(told) :]:
                told.append(name)
                if name in claims:
                    on_property(claims[name])
            return len(seen)

        ending = run(
            _command(exercise, path, journal, token, None if only is None else list(claims)),
            cwd=Path(folder),
            env=_environment(),
            limits=limits or Limits(),
            progress=progress,
        )
        seen = list(events(journal))

    for event, value in seen:
        if event == "trouble":
            raise UsageError(f"{exercise.tests}: the graded tests cannot be loaded: {_last_line(value)}")
    outcomes = {value["name"]: Outcome.from_json(value) for event, value in seen if event == "outcome"}
    if token is not None:
        claims = _replayed(claims, seen)
        # Two properties of one shape may both follow the token: the one that fails is meant.
        failing = {name for name, each in outcomes.items() if each.status is Status.REFUTED}
        claims = {name: claim for name, claim in claims.items() if name in failing} or claims
    why = _why_unjudged(ending, seen, claims, path)
    results = tuple(
        _judged(claim, outcomes[name]) if name in outcomes else _unjudged(claim, why)
        for name, claim in claims.items()
    )
    printed = [each.output for each in outcomes.values()] + [ending.output]
    output = "\n".join(dict.fromkeys(text.rstrip("\n") for text in printed if text.strip()))
    return Result(exercise, path, time.monotonic() - started, results, output)


def _fault(attempt: Path, exercise: Exercise) -> str:
    """What is wrong with the text of *attempt*, before anything of it is run."""
    try:
        source = student.source(attempt)
    except UsageError as error:
        return str(error)
    return "" if exercise.only is None else refusal(attempt.name, source, exercise.only)


def _command(
    exercise: Exercise, attempt: Path, journal: Path, token: str | None, names: list[str] | None
) -> list[str]:
    settings = journal.with_name("pytest.ini")
    settings.write_text("[pytest]\n", encoding="utf-8")  # none but these: the course's own may differ
    command = [sys.executable, "-m", "pytest", "-c", str(settings), f"--rootdir={exercise.folder}"]
    command += ["-p", "concur.grade.graded", "-p", "no:cacheprovider", "-p", "no:terminal", "-s"]
    command += ["--import-mode=importlib", f"--attempt={attempt}", f"--concur-results={journal}"]
    if token is not None:
        command += [f"--concur-replay={token}"]
    tests = str(exercise.tests.resolve())
    return [*command, *([tests] if names is None else [f"{tests}::{name}" for name in names])]


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in _DROPPED}
    return {
        **kept,
        "PYTHONHASHSEED": "0",
        "PYTHONUTF8": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "MALLOC_ARENA_MAX": "2",  # or each thread reserves address space that the limit counts
    }


def _judged(claim: Property, outcome: Outcome) -> PropertyResult:
    earned = claim.points if outcome.passed else 0
    return PropertyResult(
        claim.name,
        claim.title,
        claim.points,
        earned,
        outcome.status,
        outcome.schedules,
        outcome.failure,
        outcome.reason,
        outcome.report,
    )


def _unjudged(claim: Property, reason: str) -> PropertyResult:
    return PropertyResult(claim.name, claim.title, claim.points, 0, Status.UNCHECKABLE, 0, reason=reason)


def _why_unjudged(ending: Ending, seen: Seen, claims: dict[str, Property], attempt: Path) -> str:
    started = [value for event, value in seen if event == "start"]
    done = [value["name"] for event, value in seen if event == "outcome"]
    last = claims.get(started[-1]) if started and started[-1] not in done else None
    during = f" during {last.title!r}" if last else ""
    kinds = [event for event, value in seen]
    if "import" in kinds and "imported" not in kinds:
        during = " while it was imported"
        if ending.code == 1:
            return f"{attempt.name} was not imported within {dict(seen)['import']} s, and was stopped"
    if ending.stopped:
        return f"{attempt.name} {ending.stopped}{during}, and was stopped"
    if ending.code < 0:
        try:
            name = signal.Signals(-ending.code).name
        except ValueError:
            name = f"signal {-ending.code}"
        return f"{attempt.name} ended its process ({name}){during}"
    return f"{attempt.name} ended its process with exit code {ending.code}{during}"


def _replayed(claims: dict[str, Property], seen: Seen) -> dict[str, Property]:
    """The properties that the token was replayed on; raises TokenError if there are none."""
    current = ""
    explored: dict[str, int] = {}  # explorations of the test that could have been replayed
    refusals: list[str] = []
    for event, value in seen:
        if event == "start":
            current = value
        elif event == "explore":
            explored[current] = explored.get(current, 0) + 1
        elif event == "foreign":
            explored[current] -= 1
            refusals.append(value)
    found = {name: claim for name, claim in claims.items() if explored.get(name)}
    if not found and len(set(refusals)) == 1:
        raise TokenError(refusals[0])
    if not found:
        raise TokenError("this token belongs to no property of the exercise, or the source has changed since")
    return found


def _last_line(text: str) -> str:
    lines = [line.removeprefix("E").strip() for line in text.strip().splitlines() if line.strip()]
    return lines[-1] if lines else "no reason was given"
