"""Why a run went wrong, in a sentence or two that are true of that run.

A wrong explanation is worse than none: each template has a condition on the run, stated in its
docstring, and the first one that holds is said. Deadlocks have their own: `why_stuck.py`.
"""

import itertools

from concur.check.account import Account, place_of, relevant, where
from concur.check.ops import READ
from concur.check.threads import ThreadFailure
from concur.check.trace import source_line
from concur.check.whereabouts import short_file
from concur.check.why_lost import came_between, changed_under_iteration, lost_update, stale_test, torn_pair
from concur.check.why_stuck import is_bystander
from concur.check.why_woken import overtaken, released_by_other, stolen_wakeup, timed_out, woken_for_nothing


def why_failed(run: Account, failure: ThreadFailure) -> str:
    """How the threads brought an exception about, and who waits for ever because of it."""
    lines = []
    for tell in _TEMPLATES:
        told = tell(run, failure)
        if told:
            lines = [told]
            break
    stuck = [
        waiting
        for waiting in run.waiting
        if run.engine.threads[waiting.tid] in run.engine.deadlocked and not is_bystander(run, waiting)
    ]
    if stuck:
        told = ", ".join(f"{run.name(waiting.tid)} ({where(waiting)})" for waiting in stuck)
        lines.append(f"Afterwards {told} wait{'s' if len(stuck) == 1 else ''} for ever.")
    return "\n".join(lines)


def uninterrupted(run: Account, failure: ThreadFailure) -> str:
    """Said if, of the steps at what threads share and change, those of each thread follow one another up to the
    failure, and no thread but the one that failed had others still to take."""
    tid = failure.thread.tid
    if len(run.engine.threads) == 1:
        return "No other thread was started: it fails by itself."
    every = relevant(run.steps, [])
    before = {id(step) for step in run.steps[: failure.after]}
    order = [each for each, _ in itertools.groupby(step.tid for step in every if id(step) in before)]
    if tid not in order:
        order.append(tid)
    others = {step.tid for step in every if id(step) not in before} - {tid}
    if len(order) != len(set(order)) or order[-1] != tid or others & set(order):
        return ""
    seen = {step.tid for step in run.steps[: failure.after] if place_of(step) is not None}
    if tid == 0 and not seen - {0}:
        return "The threads that were started did nothing that another can see."
    if order[0] == 0 and len(order) > 1:
        del order[0]  # it set up
    if len(order) == 1:
        return f"No other thread came before or between: {run.name(tid)} fails when it runs first."
    names = ", then ".join(run.name(each) for each in order)
    return (
        f"No thread came between the steps of another: {names}. Look for what goes wrong when they run one after"
        " another in this order."
    )


def elsewhere(run: Account, failure: ThreadFailure) -> str:
    """Said if nothing else is: where the other threads were, those that had begun and were not at their end."""
    places = []
    for thread in run.engine.threads[1:]:
        tid = thread.tid
        begun = any(step.tid == tid for step in run.steps[: failure.after])
        later = [step for step in (*run.steps[failure.after :], *run.waiting) if step.tid == tid]
        if tid != failure.thread.tid and begun and later and later[0].site[1]:
            places.append(f"{run.name(tid)} had come to {where(later[0])} ({source_line(later[0].site)})")
    return f"At that moment {', '.join(places)}." if places else ""


def ran_meanwhile(run: Account, failure: ThreadFailure) -> str:
    """Said if nothing else is: the first thread that had taken some steps, at what threads share, and not its last
    one when another took some, and where it was then."""
    steps = relevant(run.steps[: failure.after], [])
    for last, then in enumerate(steps):
        before = [index for index in range(last) if steps[index].tid == then.tid]
        if before and before[-1] < last - 1 and then.tid != 0:
            first = steps[before[-1]]
            names = run.named(step.tid for step in steps[before[-1] + 1 : last])
            middle = f"between {where(first)} and {where(then)}"
            if first.site == then.site:
                middle = f"in the middle of {where(first)} ({source_line(first.site)})"
            return f"{names} ran while {run.name(then.tid)} was {middle}."
    return ""


_TEMPLATES = (
    changed_under_iteration,  # may have begun before the first step
    woken_for_nothing,
    timed_out,
    uninterrupted,
    stolen_wakeup,
    released_by_other,
    stale_test,
    lost_update,
    torn_pair,
    came_between,
    overtaken,
    elsewhere,
    ran_meanwhile,
)


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
    lines.append(
        "After these steps all values and locks are as before them, and each that could run had its turn."
    )
    acting = {step.tid for step in run.steps[first:] if not step.inside and step.op[0] != READ}
    if len(tids) > 1:
        if acting == set(tids):
            lines.append(
                "Each takes back what it has done: let one of them insist, or agree whose turn it is."
            )
    else:
        lines.append("No other thread can run, so nothing will end it.")
    return "\n".join(lines)
