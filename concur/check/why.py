"""Why a run went wrong, in a sentence or two that are true of that run.

A wrong explanation is worse than none: each template has a condition on the run, stated in its
docstring, and the first one that holds is said. Deadlocks have their own: `why_stuck.py`.
"""

import itertools

from concur.check.account import Account, where
from concur.check.engine import ThreadFailure
from concur.check.trace import short_file
from concur.check.why_lost import came_between, changed_under_iteration, lost_update, stale_test, torn_pair
from concur.check.why_woken import overtaken, stolen_wakeup

_TEMPLATES = (
    changed_under_iteration,
    stolen_wakeup,
    stale_test,
    lost_update,
    torn_pair,
    came_between,
    overtaken,
)


def why_failed(run: Account, failure: ThreadFailure) -> str:
    """How the threads brought an exception about, and who waits for ever because of it."""
    lines = []
    for tell in (changed_under_iteration, uninterrupted, *_TEMPLATES[1:], elsewhere):
        told = tell(run, failure)
        if told:
            lines = [told]
            break
    for waiting in run.waiting:
        thread = run.engine.threads[waiting.tid]
        if not thread.daemon and waiting.site[1] and thread in run.engine.deadlocked:
            lines.append(f"Afterwards {run.name(waiting.tid)} waits for ever ({where(waiting)}).")
    return "\n".join(lines)


def uninterrupted(run: Account, failure: ThreadFailure) -> str:
    """Said if the steps of each thread up to the failure, starting and joining apart, follow one another."""
    if len(run.engine.threads) == 1:
        return "No other thread was started: it fails by itself."
    tids = [
        step.tid
        for step in run.steps[: failure.after]
        if not (type(step.op[1]) is tuple and step.op[1][1] == "thread")
    ]
    order = [tid for tid, _ in itertools.groupby(tids)]
    if failure.thread.tid not in order:
        order.append(failure.thread.tid)
    if len(order) != len(set(order)) or order[-1] != failure.thread.tid:
        return ""
    if len(order) == 1:
        return "No step of another thread came before it: it fails by itself."
    names = ", then ".join(run.name(tid) for tid in order)
    return (
        f"No thread came between the steps of another: {names}. So this is no matter of interleaving; look for"
        " what goes wrong when they run one after another in this order."
    )


def elsewhere(run: Account, failure: ThreadFailure) -> str:
    """Said if nothing else is: where the other threads were, those that had begun and were not at their end."""
    places = []
    for thread in run.engine.threads[1:]:
        tid = thread.tid
        begun = any(step.tid == tid for step in run.steps[: failure.after])
        later = [step for step in (*run.steps[failure.after :], *run.waiting) if step.tid == tid]
        if tid != failure.thread.tid and begun and later and later[0].site[1]:
            places.append(f"{run.name(tid)} was at {where(later[0])}")
    return f"At that moment {', '.join(places)}." if places else ""


def why_livelocked(run: Account, first: int) -> str:
    """Which threads repeat which lines, and that nothing is to stop them."""
    lines = []
    tids = sorted({step.tid for step in run.steps[first:]})
    for tid in tids:
        sites: dict[str, set[int]] = {}
        for step in run.steps[first:]:
            if step.tid == tid and step.site[1]:
                sites.setdefault(short_file(step.site[0]), set()).add(step.site[1])
        told = "; ".join(f"{file}:{', '.join(map(str, sorted(at)))}" for file, at in sites.items())
        lines.append(f"{run.name(tid)} goes round {told}")
    lines.append("Behind them all values and locks are as before, although each of these threads had its turn.")
    if len(tids) > 1:
        lines.append("Each takes back what it did because of the other: let one insist, or agree whose turn it is.")
    else:
        lines.append("No other thread can run, so nothing will end it.")
    return "\n".join(lines)
