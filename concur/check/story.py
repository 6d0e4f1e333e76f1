"""Turn a recorded run into a failure that explains itself."""

import traceback
from typing import Any

from concur.check import ops
from concur.check.changes import note_changes
from concur.check.engine import Engine, ThreadFailure
from concur.check.race_kinds import Found, why_race
from concur.check.shrink import switches
from concur.check.trace import Recorded, Recorder, short_file, source_line
from concur.check.verdict import Failure, Step
from concur.check.why import why_failed, why_livelocked, why_stuck


def failure_of(engine: Engine, recorder: Recorder, token: str, race: Found | None = None) -> Failure:
    """Kind, message, reason and steps of a run that went wrong."""
    for recorded in (*recorder.steps, *recorder.waiting):
        recorded.what = recorder.shortened(recorded.what)
        recorded.inside = recorder.shortened(recorded.inside)
    note_changes(engine, recorder)
    if engine.misfit is not None:
        kind, message, why = "not-linearizable", engine.misfit.message, engine.misfit.why
        steps = tuple(_step(engine, step) for step in relevant(recorder.steps, []))
    elif race is not None:
        kind, message, why = "race", race.race.message, why_race(race.race)
        steps = tuple(_step(engine, step) for step in relevant(recorder.steps[: race.at + 1], []))
    elif engine.failures:
        first = engine.failures[0]
        steps = tuple(_step(engine, step) for step in relevant(recorder.steps[: first.after], []))
        kind = "assertion" if isinstance(first.error, AssertionError) else "exception"
        message = _message(first, recorder)
        why = why_failed(engine, recorder, first)
        where = _where(first, recorder)
        last = Step(first.thread.name, where[0], where[1], source_line(where), "raise", _text(first.error))
        steps = (*steps, last)
    elif engine.livelocked:
        assert engine.cycle is not None
        start, _ = engine.cycle
        kind = "livelock"
        inside = sorted({tid for tid, _ in engine.trace[start:]})
        names = ", ".join(f"'{engine.threads[tid].name}'" for tid in inside)
        message = (
            f"threads {names} go round for ever" if len(inside) > 1 else f"thread {names} goes round for ever"
        )
        why = why_livelocked(engine, recorder, start)
        shown = relevant(recorder.steps, [])
        steps = tuple(_step(engine, step) for step in shown)
    else:
        kind = "deadlock"
        names = ", ".join(f"'{thread.name}'" for thread in engine.deadlocked)
        message = (
            f"thread {names} waits for ever"
            if len(engine.deadlocked) == 1
            else f"threads {names} wait for ever"
        )
        why = why_stuck(engine, recorder)
        waiting = [step for step in recorder.waiting if not engine.threads[step.tid].daemon]
        steps = tuple(_step(engine, step) for step in relevant(recorder.steps, waiting))
        steps += tuple(_step(engine, step, waits=True) for step in waiting)
    error = engine.failures[0].error if engine.failures else None
    return Failure(kind, message, why, token, steps, switches([tid for tid, _ in engine.trace]), error)


def relevant(steps: list[Recorded], waiting: list[Recorded]) -> list[Recorded]:
    """The steps at places that several threads touch and at least one changes."""
    threads: dict[Any, set[int]] = {}
    changed: set[Any] = set()
    for step in (*steps, *waiting):
        for place, mode in ops.accesses(step.op):
            threads.setdefault(place, set()).add(step.tid)
            if mode != ops.READ:
                changed.add(place)
    return [
        step
        for step in steps
        if any(len(threads[place]) > 1 and place in changed for place, _ in ops.accesses(step.op))
        and not (type(step.op[1]) is tuple and step.op[1][1] == "thread")
    ]


def _step(engine: Engine, recorded: Recorded, *, waits: bool = False) -> Step:
    inside = f"{recorded.inside}(): " if recorded.inside else ""
    return Step(
        engine.threads[recorded.tid].name,
        recorded.site[0],
        recorded.site[1],
        source_line(recorded.site),
        f"{'waits: ' if waits else ''}{inside}{recorded.what}",
        recorded.value,
        recorded.changes,
    )


def _text(error: BaseException) -> str:
    message = " ".join(str(error).split())
    return f"{type(error).__name__}{': ' + message if message else ''}"


def _where(failure: ThreadFailure, recorder: Recorder) -> tuple[str, int]:
    """The innermost line of the user's files in the traceback."""
    where = ("", 0)
    for frame, line in traceback.walk_tb(failure.error.__traceback__):
        if frame.f_code.co_filename in recorder.own_files or not where[1]:
            where = (frame.f_code.co_filename, line)
    return where


def _message(failure: ThreadFailure, recorder: Recorder) -> str:
    file, line = _where(failure, recorder)
    return f"{_text(failure.error)} in thread '{failure.thread.name}' ({short_file(file)}:{line})"
