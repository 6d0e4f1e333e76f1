"""How a wait ended otherwise than it should, and who was quicker at a lock."""

from concur.check import ops
from concur.check.account import Account, in_while, overlap, place_of, reads, where, writes
from concur.check.report import phrase
from concur.check.threads import ThreadFailure
from concur.check.trace import Recorded
from concur.check.why_waits import calls, hold_before, same_call, woken_by


def stolen_wakeup(run: Account, failure: ThreadFailure) -> str:
    """Said if the thread that failed had waited for a condition, with no ``while`` around the ``wait()``, was notified,
    and before it had the lock back a third thread left what it had looked at under the lock as it had found it."""
    tid, steps = failure.thread.tid, run.steps
    span = _last_wait(run, failure)
    if span is None:
        return ""
    start, end = span
    if in_while(steps[end].site):
        return ""
    woken = _notified(run, tid, start, end)
    use = f"use while, not if ({where(steps[end])})."
    if not woken:
        return ""
    notified, note = woken[0]
    for test in reversed(steps[hold_before(run, tid, start) : start]):
        if test.tid != tid or test.inside or not reads(test):
            continue
        changes = [
            (index, step)
            for index, step in enumerate(steps[:end])
            if index > start and writes(step) and overlap(place_of(step), place_of(test))
        ]
        if len(changes) < 2 or not _as_before(run, test, changes[-1][1], end):
            continue
        index, thief = changes[-1]
        if index > notified and thief.tid not in (tid, note.tid):
            return (
                f"{run.name(tid)} was woken by {run.name(note.tid)} ({where(note)}), but {run.name(thief.tid)} came"
                f" first ({phrase(thief.what, thief.value)}, {where(thief)}) before it had the lock back.\n"
                f"It had found {run.place(test)} so before {steps[end].inside}() ({where(test)}), and no while around"
                f" the wait made it look again: {use}"
            )
    return ""


def woken_for_nothing(run: Account, failure: ThreadFailure) -> str:
    """Said if the thread that failed had its spurious wake-up in its last wait for a condition, and no ``while`` is
    around that."""
    tid, span = failure.thread.tid, _last_wait(run, failure)
    if span is None or tid not in run.engine.woken_without_reason:
        return ""
    end = run.steps[span[1]]
    if in_while(end.site) or _notified(run, tid, *span):
        return ""
    return (
        f"{run.name(tid)} came back from {end.inside}() ({where(end)}) although nobody had notified it, as a condition"
        f" may let it.\nNo while around the wait made it look again: use while, not if ({where(end)})."
    )


def _notified(run: Account, tid: int, start: int, end: int) -> list[tuple[int, Recorded]]:
    """The notifications that woke a thread in a call of ``wait()`` with that first and last step."""
    notes = calls(run, run.steps[end].owner, "notify", "notify_all")
    return [note for note in notes if start < note[0] < end and tid in woken_by(run, note)]


def _last_wait(run: Account, failure: ThreadFailure) -> tuple[int, int] | None:
    """The first and the last step of the last call of ``wait()`` that the failing thread came back from."""
    mine = [index for index in range(failure.after) if run.steps[index].tid == failure.thread.tid]
    waits = [index for index in mine if run.steps[index].inside.endswith(".wait")]
    if not waits:
        return None
    start = end = waits[-1]
    for index in reversed([index for index in mine if index < end]):
        if not same_call(run.steps[index], run.steps[end]):
            break
        start = index
    return start, end


def _as_before(run: Account, test: Recorded, thief: Recorded, end: int) -> bool:
    """Whether the place holds again what the test had found when the thread decided to wait."""
    if test.before is None:
        return test.value is not None and test.value == thief.value
    after = [step for step in run.steps[end:] if step.op[1] == test.op[1]]
    return bool(after) and after[0].before == test.before


def overtaken(run: Account, failure: ThreadFailure) -> str:
    """Said if, when a thread failed, another one had been notified of a condition and had not returned from its
    ``wait()``, and the one that failed had taken that condition's lock after the notification."""
    tid, steps = failure.thread.tid, run.steps
    owners = {id(step.owner): step.owner for step in steps if step.inside.endswith(".wait")}
    for owner in owners.values():
        notes = [note for note in calls(run, owner, "notify", "notify_all") if note[0] < failure.after]
        for index, note in reversed(notes):
            entered = [
                step
                for at, step in calls(run, owner, "acquire")
                if step.tid == tid and index < at < failure.after
            ]
            if not entered or note.tid == tid:
                continue
            for waiter, before in woken_by(run, (index, note)).items():
                if waiter == tid or any(step.tid == waiter for step in steps[index : failure.after]):
                    continue
                return (
                    f"{run.name(waiter)} waits in {before.inside}() ({where(before)}) and had been woken by"
                    f" {run.name(note.tid)} ({where(note)}), but {run.name(tid)} took the lock first"
                    f" ({where(entered[-1])}).\n"
                    "Whoever is woken competes for the lock with those who come new. Where nobody may be overtaken,"
                    " hand the turn over to the longest waiter instead of setting it free."
                )
    return ""


def released_by_other(run: Account, failure: ThreadFailure) -> str:
    """Said if the release of a free lock failed, and another thread had released it since this one took it."""
    tid = failure.thread.tid
    if not isinstance(failure.error, RuntimeError) or "release unlocked lock" not in str(failure.error):
        return ""
    mine = [index for index in range(failure.after) if run.steps[index].tid == tid]
    tries = [index for index in mine if run.steps[index].op[0] == ops.RELEASE and index in run.engine.failed]
    if not tries:
        return ""
    place = run.steps[tries[-1]].op[1]
    taken = [
        index
        for index in mine
        if run.steps[index].op[0] in (ops.ACQUIRE, ops.TRY, ops.TIMED_ACQUIRE)
        and run.steps[index].op[1] == place
        and index not in run.engine.failed
    ]
    for step in run.steps[taken[-1] : tries[-1]] if taken else ():
        if step.tid != tid and step.op[0] == ops.RELEASE and step.op[1] == place:
            return (
                f"{run.name(step.tid)} released {run.place(step)} ({where(step)}), which {run.name(tid)} had taken"
                f" ({where(run.steps[taken[-1]])}).\nOnly who has taken a lock may release it."
            )
    return ""


def timed_out(run: Account, failure: ThreadFailure) -> str:
    """Said if the last call of a library that the failing thread made was a wait that its time-out ended."""
    tid, steps = failure.thread.tid, run.steps
    mine = [
        index for index in range(failure.after) if steps[index].tid == tid and steps[index].owner is not None
    ]
    made = [index for index in mine if not steps[index].inside.endswith(".release")]
    if not made or tid in run.engine.woken_without_reason:
        return ""
    last = steps[made[-1]]
    call = [index for index in made if same_call(steps[index], last)]
    if not any(_ended_by_time(run, index, call) for index in call):
        return ""
    when = ", as it may at any moment" if run.engine.options.timeouts == "any" else ""
    return (
        f"{run.name(tid)} stopped waiting in {last.inside}() ({where(last)}): its time-out came first{when}."
    )


def _ended_by_time(run: Account, index: int, call: list[int]) -> bool:
    """Whether a step of a call is the end of a time-out.

    A thread waits for a lock of its own that it has taken, after it has given up another. With ``timeouts="any"`` a
    time-out is an attempt at it that fails.
    """
    steps, step = run.steps, run.steps[index]
    if index in run.engine.expired_steps:
        return True
    if step.op[0] != ops.TRY or index not in run.engine.failed:
        return False
    taken = [
        at for at in call if at < index and steps[at].op[0] == ops.ACQUIRE and steps[at].op[1] == step.op[1]
    ]
    between = [steps[at].op for at in call if taken and taken[-1] < at < index]
    return any(op[0] == ops.RELEASE and op[1] != step.op[1] for op in between)
