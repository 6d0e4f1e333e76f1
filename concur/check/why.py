"""Why a run went wrong, in a sentence or two that are true of that run."""

from typing import Any

from concur.check import ops
from concur.check.engine import Engine, ThreadFailure
from concur.check.trace import Recorded, Recorder, short_file


def why_stuck(engine: Engine, recorder: Recorder) -> str:
    """Who waits for what, and who holds it."""
    lines = []
    holders: dict[int, int] = {}
    for waiting in recorder.waiting:
        thread = engine.threads[waiting.tid]
        if thread.daemon:
            continue
        kind, _, thing, _, _ = waiting.op
        where = f"{short_file(waiting.site[0])}:{waiting.site[1]}"
        if kind in (ops.ACQUIRE, ops.TIMED_ACQUIRE):
            name, owner = recorder.shortened(recorder.name(thing)), engine.holders[id(thing)]
            if waiting.inside and owner == waiting.tid:  # a waiter's own lock, which another thread opens
                lines.append(
                    f"'{thread.name}' waits in {waiting.inside}() ({where}), and nobody is left to wake it"
                )
                lines += _lost_wakeup(engine, recorder, waiting)
            elif owner == waiting.tid:
                lines.append(f"'{thread.name}' holds {name}{_taken(thing)} and waits for it again ({where})")
            elif owner is None or owner >= len(engine.threads):
                lines.append(f"'{thread.name}' waits for {name} ({where})")
            else:
                holders[waiting.tid] = owner
                holder = engine.threads[owner]
                ended = ", which has ended without releasing it" if owner in engine.ended else ""
                lines.append(
                    f"'{thread.name}' waits for {name} ({where}), held by '{holder.name}'{_taken(thing)}{ended}"
                )
        elif kind in (ops.JOIN, ops.TIMED_JOIN):
            lines.append(f"'{thread.name}' waits for '{thing.name}' to end ({where})")
        else:
            lines.append(f"'{thread.name}' waits ({where})")
    cycle = _cycle(holders)
    if cycle:
        names = " -> ".join(f"'{engine.threads[tid].name}'" for tid in (*cycle, cycle[0]))
        lines.append(f"A cycle: {names}. Take the locks in one agreed order, or take them all at once.")
    return "\n".join(lines)


def _lost_wakeup(engine: Engine, recorder: Recorder, waiting: Recorded) -> list[str]:
    """A notify that came before the wait had begun."""
    condition, _, call = waiting.inside.rpartition(".")
    if call != "wait":
        return []
    begun = [
        index
        for index, step in enumerate(recorder.steps)
        if step.tid == waiting.tid and step.inside == waiting.inside and step.site == waiting.site
    ]
    notified = [
        (index, step)
        for index, step in enumerate(recorder.steps)
        if step.inside in (f"{condition}.notify", f"{condition}.notify_all")
    ]
    if not notified:
        return [f"  no thread called {condition}.notify()"]
    index, step = notified[-1]
    if begun and index < begun[0]:
        where = f"{short_file(step.site[0])}:{step.site[1]}"
        sentence = (
            f"  '{engine.threads[step.tid].name}' called {step.inside}() ({where}) before that wait began:"
            " nobody was waiting, and the notification was lost. Test and wait under one hold of the lock."
        )
        return [sentence]
    return []


def _taken(lock: Any) -> str:
    site = getattr(lock, "taken_at", None)
    return f" (taken at {short_file(site[0])}:{site[1]})" if site and site[1] else ""


def _cycle(holders: dict[int, int]) -> list[int]:
    for start in holders:
        path = [start]
        while path[-1] in holders and holders[path[-1]] not in path:
            path.append(holders[path[-1]])
        if holders.get(path[-1]) == start:
            return path
    return []


def why_failed(engine: Engine, recorder: Recorder, failure: ThreadFailure) -> str:
    """How the threads brought the failure about, where it is one of the classic ways; else nothing."""
    steps = recorder.steps[: failure.after]
    return _stolen_wakeup(engine, steps, failure) or _lost_update(engine, steps)


def _lost_update(engine: Engine, steps: list[Recorded]) -> str:
    """A thread wrote over what another had written since it read."""
    reads: dict[tuple[int, Any], int] = {}
    last_write: dict[Any, int] = {}
    for index, step in enumerate(steps):
        place = step.op[1]
        if place is None or not _is_variable(place):
            continue
        if type(place) is tuple and place[1].startswith("["):  # bytes beside each other lose nothing
            place = (place, step.what.partition(" ")[2])
        if step.op[0] == ops.READ:
            reads[step.tid, place] = index
        elif step.op[0] == ops.WRITE:
            read, write = reads.pop((step.tid, place), None), last_write.get(place)
            if read is not None and write is not None and write > read and steps[write].tid != step.tid:
                return _tell_lost_update(engine, steps[read], steps[write], step)
            last_write[place] = index
    return ""


def _stolen_wakeup(engine: Engine, steps: list[Recorded], failure: ThreadFailure) -> str:
    """A thread was woken, and another changed what it waited for before it had the lock back."""
    tid = failure.thread.tid
    mine = [index for index, step in enumerate(steps) if step.tid == tid]
    waits = [index for index in mine if steps[index].inside.endswith(".wait")]
    if not waits:
        return ""
    end = waits[-1]
    call = (steps[end].inside, steps[end].site)
    start = min(index for index in waits if (steps[index].inside, steps[index].site) == call)
    after = [steps[index] for index in mine if index > end and not steps[index].inside]
    places = {step.op[1] for step in after if step.op[1] is not None}
    tested = {step.op[1] for step in after if step.op[0] == ops.READ}
    woken = [
        index for index in range(start, end) if steps[index].tid != tid and ".notify" in steps[index].inside
    ]
    if not woken:
        return ""
    for step in steps[woken[0] : end]:
        if step.tid != tid and step.op[0] == ops.WRITE and step.op[1] in places - tested and not step.inside:
            waker, thief = (engine.threads[t].name for t in (steps[woken[0]].tid, step.tid))
            if waker == thief:
                continue
            return (
                f"'{failure.thread.name}' was woken by '{waker}', but '{thief}' came first ({step.what},"
                f" {short_file(step.site[0])}:{step.site[1]}) before it had the lock back.\n"
                f"It tested its condition before {steps[end].inside}() and not again afterwards:"
                f" use while, not if ({short_file(steps[end].site[0])}:{steps[end].site[1]})."
            )
    return ""


def _is_variable(place: Any) -> bool:
    return isinstance(place, str) or place[1] not in ("lock", "thread", "[]", "next")


def _tell_lost_update(engine: Engine, first: Recorded, other: Recorded, second: Recorded) -> str:
    name = first.what.partition(" ")[2]
    reader, writer = engine.threads[first.tid].name, engine.threads[other.tid].name
    return (
        f"An update was lost: '{reader}' read {name} = {first.value} ({short_file(first.site[0])}:{first.site[1]})"
        f" and later wrote {second.value} over it ({short_file(second.site[0])}:{second.site[1]}),"
        f" but in between '{writer}' had written {other.value}.\n"
        "Reading and writing have to be one step: hold one lock over both."
    )


def why_livelocked(engine: Engine, recorder: Recorder, first: int) -> str:
    """Which steps repeat, and that nothing is to stop them."""
    lines = [
        "After the last step everything is as it was before: these steps can repeat for ever, each thread in turn"
    ]
    for tid in sorted({step.tid for step in recorder.steps[first:]}):
        mine = [step for step in recorder.steps[first:] if step.tid == tid]
        numbers = sorted({step.site for step in mine if step.site[1]})
        where = ", ".join(f"{short_file(file)}:{line}" for file, line in numbers)
        lines.append(f"'{engine.threads[tid].name}' goes round {where}")
    lines.append("Each gives way as often as the other does. Let one of them insist: agree whose turn it is.")
    return "\n".join(lines)
