"""Turn a recorded run into a failure that explains itself."""

from concur.check import ops
from concur.check.account import Account, relevant
from concur.check.aio import told
from concur.check.changes import note_changes
from concur.check.engine import Engine
from concur.check.race_kinds import Found, why_race
from concur.check.shrink import switches
from concur.check.threads import ThreadFailure
from concur.check.trace import Recorded, Recorder, source_line
from concur.check.verdict import Failure, Step
from concur.check.whereabouts import short_file
from concur.check.why import why_failed, why_livelocked
from concur.check.why_stuck import is_bystander, who_is_stuck, why_stuck


def failure_of(engine: Engine, recorder: Recorder, token: str, race: Found | None = None) -> Failure:
    """Kind, message, reason and steps of a run that went wrong."""
    told.prepare(engine, recorder)
    for recorded in (*recorder.steps[recorder.skipped :], *recorder.waiting):
        recorded.what = recorder.shortened(recorded.what)
        recorded.inside = recorder.shortened(recorded.inside)
    for index, recorded in enumerate(recorder.steps):
        if recorded.op[0] == ops.TRY and not recorded.inside:
            recorded.value = str(index not in engine.failed)
    note_changes(engine, recorder)
    run = Account(engine, recorder)
    repeats = None
    if engine.misfit is not None:
        kind, message, why = "not-linearizable", engine.misfit.message, engine.misfit.why
        steps = _steps(run, _shown(run, recorder.steps, []))
    elif race is not None:
        kind, message, why = "race", race.race.message, _of_long(run) or why_race(race.race)
        steps = _steps(run, _shown(run, recorder.steps[: race.at + 1], []))
    elif engine.failures:
        first = engine.failures[0]
        kind = "assertion" if isinstance(first.error, AssertionError) else "exception"
        message, why = _message(run, first), _of_long(run) or why_failed(run, first)
        steps = (*_steps(run, _shown(run, recorder.steps[: first.after], [])), _raised(run, first))
    elif engine.livelocked:
        assert engine.cycle is not None
        start = max(engine.cycle[0], recorder.skipped)
        kind = "livelock"
        tids = {tid for tid, _ in engine.trace[start:]}
        several = len(tids) > 1
        message = f"thread{'s' * several} {run.named(tids)} go{'' if several else 'es'} round for ever"
        why = _of_long(run) or why_livelocked(run, start)
        shown = _shown(run, recorder.steps, [])
        if not any(step is shown_step for step in recorder.steps[start:] for shown_step in shown):
            shown += [step for step in recorder.steps[start:] if step.site[1]]  # it goes round by itself
        steps = _steps(run, shown)
        repeating = {id(step) for step in recorder.steps[start:]}
        at = [index for index, step in enumerate(shown) if id(step) in repeating]
        repeats = (at[0], at[-1]) if at else None
    else:
        if on_a_loop(engine):
            message, why = told.who_is_stuck(run), told.why_stuck(run)
            waiting = told.stuck(run)
        else:
            message, why = who_is_stuck(run), _of_long(run) or why_stuck(run)
            waiting = [step for step in recorder.waiting if not engine.threads[step.tid].daemon]
        kind = "deadlock"
        steps = _steps(run, _shown(run, recorder.steps, waiting))
        steps += _steps(run, [step for step in waiting if not is_bystander(run, step)], waits=True)
    error = engine.failures[0].error if engine.failures else None
    if engine.loops:
        why = "\n".join([*told.within(run, error), told.of_tasks(why)])
    return Failure(
        kind, message, why, token, steps, switches([tid for tid, _ in engine.trace]), error, repeats
    )


def _of_long(run: Account) -> str:
    """What is said instead of a reason, of a run that was not written down in full: nothing, if it was."""
    skipped, length = run.recorder.skipped, len(run.steps)
    if not skipped:
        return ""
    return (
        f"The run has {length:,} steps, so neither a shorter one that fails was looked for, nor the reason. Steps are"
        f" told from number {skipped + 1:,} on."
    )


def on_a_loop(engine: Engine) -> bool:
    """Whether it is an event loop that the main thread waits for."""
    return any(loop._running for loop in engine.loops)


def _steps(run: Account, recorded: list[Recorded], *, waits: bool = False) -> tuple[Step, ...]:
    return tuple(_step(run, step, waits=waits) for step in recorded)


def _shown(run: Account, steps: list[Recorded], waiting: list[Recorded]) -> list[Recorded]:
    """The steps that matter, without those that a thread of a library takes on lines of the library."""
    return [
        step
        for step in relevant(steps[run.recorder.skipped :], waiting)
        if not step.site[1] or step.site[0] in run.recorder.own_files
    ]


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
    where = run.failed_at(failure)
    return Step(run.threads[failure.thread.tid], *where, source_line(where), "raise", _text(failure.error))


def _text(error: BaseException) -> str:
    message = " ".join(str(error).split())
    return f"{type(error).__name__}{': ' + message if message else ''}"


def _message(run: Account, failure: ThreadFailure) -> str:
    file, line = run.failed_at(failure)
    daemon = "task" if failure.thread.quiet else "daemon thread" if failure.thread.daemon else "thread"
    name = run.name(failure.thread.tid)
    return f"{_text(failure.error)}, in {daemon} {name} ({short_file(file)}:{line})"
