"""Another thread was quicker at a lock: it came before one that was woken, or gave away what was not its own."""

from concur.check import ops
from concur.check.account import Account, if_around, overlap, place_of, reads, where, writes
from concur.check.engine import ThreadFailure
from concur.check.report import phrase
from concur.check.trace import Recorded
from concur.check.why_waits import calls, woken_by


def stolen_wakeup(run: Account, failure: ThreadFailure) -> str:
    """Said if the thread that failed had tested a place in an ``if`` around a ``wait()`` of a condition, was notified,
    and before it had the lock back a third thread left that place as the test had found it."""
    tid, steps = failure.thread.tid, run.steps
    mine = [index for index in range(failure.after) if steps[index].tid == tid]
    waits = [index for index in mine if steps[index].inside.endswith(".wait")]
    if not waits:
        return ""
    end = waits[-1]
    call = (steps[end].owner, steps[end].site)
    start = end
    for index in reversed([index for index in mine if index <= end]):
        if (steps[index].owner, steps[index].site) != call or not steps[index].inside.endswith(".wait"):
            break
        start = index
    block = if_around(steps[end].site)
    if block is None:
        return ""
    lines = range(block.test.lineno, (block.test.end_lineno or block.test.lineno) + 1)
    tests = [
        steps[index]
        for index in mine
        if index < start and steps[index].site[1] in lines and reads(steps[index])
    ]
    woken = [
        note
        for note in calls(run, steps[end].owner, "notify", "notify_all")
        if start < note[0] < end and tid in woken_by(run, note)
    ]
    if not tests or not woken:
        return ""
    test, (notified, note) = tests[-1], woken[0]
    changes = [
        (index, step)
        for index, step in enumerate(steps[:end])
        if index > start and writes(step) and overlap(place_of(step), place_of(test))
    ]
    if not changes:
        return ""
    index, thief = changes[-1]
    made_true = [step for at, step in changes if at < index]
    if (
        index < notified
        or thief.tid in (tid, note.tid)
        or not made_true
        or not _as_before(run, test, thief, end, tid)
    ):
        return ""
    return (
        f"{run.name(tid)} was woken by {run.name(note.tid)} ({where(note)}), but {run.name(thief.tid)} came first"
        f" ({phrase(thief.what, thief.value)}, {where(thief)}) before it had the lock back.\n"
        f"It tested its condition before {steps[end].inside}() and not again afterwards:"
        f" use while, not if ({where(test)})."
    )


def _as_before(run: Account, test: Recorded, thief: Recorded, end: int, tid: int) -> bool:
    """Whether the place holds again what the test had found when it decided to wait."""
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
