"""Why a run came to a standstill: who waits for what, who holds it, who never came."""

from typing import Any

from concur.check import ops
from concur.check.account import Account, at, overlap, place_of, where, writes
from concur.check.trace import Recorded, source_line
from concur.check.virtual_locks import Lock
from concur.check.why_waits import tell_wait

_LOCKS = (ops.ACQUIRE, ops.TIMED_ACQUIRE)
_JOINS = (ops.JOIN, ops.TIMED_JOIN)


def why_stuck(run: Account) -> str:
    """One entry for each thread that waits, then the cycle that they form, if they do."""
    stuck = [waiting for waiting in run.waiting if not run.engine.threads[waiting.tid].daemon]
    stuck.sort(key=lambda waiting: (waiting.tid == 0, waiting.tid))
    told, edges = [], _edges(run, stuck)
    for waiting in stuck:
        if not is_bystander(run, waiting):
            told += entry_of(run, waiting)
    cycle = _cycle({tid: target for tid, (target, _) in edges.items()})
    if cycle:
        names = " -> ".join(run.name(tid) for tid in (*cycle, cycle[0]))
        told.append(f"A cycle: {names}. {_advice({edges[tid][1] for tid in cycle})}")
    else:
        told += _kept_apart(run, stuck, edges)
    for waiting in stuck:
        if is_bystander(run, waiting):
            told += entry_of(run, waiting)
    lines: list[str] = []
    for line in told:
        if not line.startswith(" ") or line not in lines:  # what is said of one is not said again of the next
            lines.append(line)
    return "\n".join(lines)


def who_is_stuck(run: Account) -> str:
    """The message: those who wait for each other or for nothing, without a main thread that only waits for them."""
    stuck = [waiting for waiting in run.waiting if not run.engine.threads[waiting.tid].daemon]
    tids = [waiting.tid for waiting in stuck if not is_bystander(run, waiting)]
    return f"thread{'' if len(tids) == 1 else 's'} {run.named(tids)} wait{'s' if len(tids) == 1 else ''} for ever"


def is_bystander(run: Account, waiting: Recorded) -> bool:
    """Whether it is the main thread, and it does nothing but wait for the end of one that is stuck."""
    stuck = [other for other in run.waiting if not run.engine.threads[other.tid].daemon]
    if waiting.tid != 0 or waiting.op[0] not in _JOINS or len(stuck) == 1:
        return False
    edges = _edges(run, stuck)
    return not any(target == 0 for target, _ in edges.values())


def _edges(run: Account, stuck: list[Recorded]) -> dict[int, tuple[int, str]]:
    """For each thread that waits for a certain other one: that one, and by what."""
    edges: dict[int, tuple[int, str]] = {}
    for waiting in stuck:
        kind, _, thing, _, _ = waiting.op
        if kind in _LOCKS:
            owner = run.engine.holders.get(id(thing))
            if owner is None or owner >= len(run.engine.threads) or run.ended(owner):
                continue
            if owner != waiting.tid or not waiting.inside:
                edges[waiting.tid] = (owner, "lock")
        elif kind in _JOINS and thing._cc_thread is not None:
            edges[waiting.tid] = (thing._cc_thread.tid, "join")
    return edges


def entry_of(run: Account, waiting: Recorded) -> list[str]:
    """What is said of one thread that waits."""
    kind, _, thing, _, _ = waiting.op
    me = run.name(waiting.tid)
    if kind in _LOCKS:
        owner = run.engine.holders.get(id(thing))
        if waiting.inside and owner == waiting.tid:  # a waiter's own lock, which another thread opens
            return tell_wait(run, waiting)
        name = _lock_name(run, waiting)
        if owner == waiting.tid:
            told = (
                f"{me} holds {name}{_taken(thing)} and waits for it again ({where(waiting)}). A Lock can be taken"
                " once, also by its holder: call what needs it from outside, or use an RLock."
            )
            return [told]
        if owner is None or owner >= len(run.engine.threads):
            return [f"{me} waits for {name} ({where(waiting)})"]
        ended = ""
        if run.ended(owner):
            ended = ", which has ended without releasing it. Use `with`, which releases in any case"
        return [f"{me} waits for {name} ({where(waiting)}), held by {run.name(owner)}{_taken(thing)}{ended}"]
    if kind in _JOINS:
        return [f"{me} waits for the end of {_called(run, thing)} ({where(waiting)})"]
    if kind == ops.SPIN:
        return _goes_round(run, waiting)
    return [f"{me} waits ({where(waiting)})"]


def _goes_round(run: Account, waiting: Recorded) -> list[str]:
    """A loop that waits for a change of what it reads."""
    line = source_line(waiting.site)
    start = f"{run.name(waiting.tid)} goes round at {where(waiting)}{f' ({line})' if line else ''}"
    reads = {run.place(step): step for step in run.recorder.steps_read_by(waiting.op[2])}
    if not reads:
        return [f"{start} and reads nothing that another thread could change: it never ends"]
    names = " or ".join(reads)
    lines = [f"{start} and waits for {names} to change; nobody who could change it is left"]
    for name, read in reads.items():
        if isinstance(read.op[2], Lock):
            lines += _held(run, name, read.op[2])
            continue
        changes = [
            step
            for step in run.steps
            if step.tid != waiting.tid and writes(step) and overlap(place_of(step), place_of(read))
        ]
        if not changes:
            lines.append(f"  no other thread changed {name}")
        else:
            last = changes[-1]
            value = f", to {last.value}" if last.value is not None and last.what.startswith("write ") else ""
            lines.append(f"  {name} was changed last by {run.name(last.tid)}{value} ({where(last)})")
    return lines


def _called(run: Account, thing: Any) -> str:
    thread = thing._cc_thread
    return f"'{thing._cc_name}'" if thread is None else run.name(thread.tid)


def _held(run: Account, name: str, lock: Lock) -> list[str]:
    """Who holds a lock at the end of the run."""
    if lock.owner is None or lock.owner >= len(run.engine.threads):
        return []
    ended = ", which has ended without releasing it" if run.ended(lock.owner) else ""
    return [f"  {name} is held by {run.name(lock.owner)}{_taken(lock)}{ended}"]


def _lock_name(run: Account, waiting: Recorded) -> str:
    """The lock that a thread waits for; inside a call of a library, the object whose method was called."""
    if waiting.inside and waiting.owner is not None:
        return waiting.inside.rpartition(".")[0]
    return run.recorder.shortened(run.recorder.name(waiting.op[2]))


def _taken(lock: Any) -> str:
    site = getattr(lock, "taken_at", None)
    return f" (taken at {at(site)})" if site and site[1] else ""


def _cycle(targets: dict[int, int]) -> list[int]:
    """A cycle of at least two."""
    for start in targets:
        path = [start]
        while path[-1] in targets and targets[path[-1]] not in path:
            path.append(targets[path[-1]])
        if targets.get(path[-1]) == start and len(path) > 1:
            return path
    return []


def _advice(ways: set[str]) -> str:
    if ways == {"lock"}:
        return "Take the locks in one agreed order, or take them all at once."
    if ways == {"join"}:
        return "A thread that others join must end without them."
    return "Release the lock before joining a thread that needs it."


def _kept_apart(run: Account, stuck: list[Recorded], edges: dict[int, tuple[int, str]]) -> list[str]:
    """A thread that holds a lock while it waits for something else than a lock or an end."""
    lines = []
    for waiting in stuck:
        holder, way = edges.get(waiting.tid, (None, ""))
        if way != "lock" or holder is None or holder in edges or run.ended(holder):
            continue
        if not any(other.tid == holder for other in stuck):
            continue
        lock = _lock_name(run, waiting)
        lines.append(
            f"{run.name(holder)} keeps {lock} while it waits. If it is {run.name(waiting.tid)} that it waits for, the"
            " lock keeps the two apart: do not wait for another thread while holding a lock that it needs."
        )
    return lines
