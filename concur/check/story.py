"""Turn a recorded run into a failure that explains itself."""

import traceback
from typing import Any

from concur.check import ops
from concur.check.account import Account
from concur.check.changes import note_changes
from concur.check.engine import Engine, ThreadFailure
from concur.check.race_kinds import Found, why_race
from concur.check.shrink import switches
from concur.check.trace import Recorded, Recorder, short_file, source_line
from concur.check.verdict import Failure, Step
from concur.check.why import why_failed, why_livelocked
from concur.check.why_stuck import is_bystander, who_is_stuck, why_stuck


def failure_of(engine: Engine, recorder: Recorder, token: str, race: Found | None = None) -> Failure:
    """Kind, message, reason and steps of a run that went wrong."""
    for recorded in (*recorder.steps, *recorder.waiting):
        recorded.what = recorder.shortened(recorded.what)
        recorded.inside = recorder.shortened(recorded.inside)
    note_changes(engine, recorder)
    run = Account(engine, recorder)
    repeats = None
    if engine.misfit is not None:
        kind, message, why = "not-linearizable", engine.misfit.message, engine.misfit.why
        steps = _steps(run, relevant(recorder.steps, []))
    elif race is not None:
        kind, message, why = "race", race.race.message, why_race(race.race)
        steps = _steps(run, relevant(recorder.steps[: race.at + 1], []))
    elif engine.failures:
        first = engine.failures[0]
        kind = "assertion" if isinstance(first.error, AssertionError) else "exception"
        message, why = _message(run, first), why_failed(run, first)
        steps = (*_steps(run, relevant(recorder.steps[: first.after], [])), _raised(run, first))
    elif engine.livelocked:
        assert engine.cycle is not None
        start, _ = engine.cycle
        kind = "livelock"
        tids = {tid for tid, _ in engine.trace[start:]}
        message = f"thread{'s' if len(tids) > 1 else ''} {run.named(tids)} go{'' if len(tids) > 1 else 'es'} round for ever"
        why = why_livelocked(run, start)
        shown = relevant(recorder.steps, [])
        steps = _steps(run, shown)
        repeating = {id(step) for step in recorder.steps[start:]}
        at = [index for index, step in enumerate(shown) if id(step) in repeating]
        repeats = (at[0], at[-1]) if at else None
    else:
        kind, message, why = "deadlock", who_is_stuck(run), why_stuck(run)
        waiting = [step for step in recorder.waiting if not engine.threads[step.tid].daemon]
        steps = _steps(run, relevant(recorder.steps, waiting))
        steps += _steps(run, [step for step in waiting if not is_bystander(run, step)], waits=True)
    error = engine.failures[0].error if engine.failures else None
    return Failure(
        kind, message, why, token, steps, switches([tid for tid, _ in engine.trace]), error, repeats
    )


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
        and (not _of_thread(step) or _looked_at(steps, step))
    ]


def _of_thread(step: Recorded) -> bool:
    return type(step.op[1]) is tuple and step.op[1][1] == "thread"


def _looked_at(steps: list[Recorded], step: Recorded) -> bool:
    """Whether threads ask if that thread is alive, or start it more than once; its joins tell nothing."""
    asked = [other for other in steps if other.op[1] == step.op[1] and other.op[0] == ops.READ]
    return bool(asked) and step.op[0] in (ops.READ, ops.WRITE) and bool(step.site[1])


def _steps(run: Account, recorded: list[Recorded], *, waits: bool = False) -> tuple[Step, ...]:
    return tuple(_step(run, step, waits=waits) for step in recorded)


def _step(run: Account, recorded: Recorded, *, waits: bool) -> Step:
    inside = f"{recorded.inside}(): " if recorded.inside else ""
    return Step(
        run.threads[recorded.tid],
        recorded.site[0],
        recorded.site[1],
        source_line(recorded.site),
        f"{'waits: ' if waits else ''}{inside}{recorded.what}",
        recorded.value,
        recorded.changes,
    )


def _raised(run: Account, failure: ThreadFailure) -> Step:
    where = _where(failure, run.recorder)
    return Step(
        run.threads[failure.thread.tid], *where, source_line(where), "raise", _text(failure.error)
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


def _message(run: Account, failure: ThreadFailure) -> str:
    file, line = _where(failure, run.recorder)
    daemon = "daemon thread" if failure.thread.daemon else "thread"
    name = run.name(failure.thread.tid)
    return f"{_text(failure.error)}, in {daemon} {name} ({short_file(file)}:{line})"
