"""Why nobody wakes a thread that waits inside a call of a library: what was never called, or came too early."""

from collections.abc import Callable, Iterator
from typing import Any

from concur.check import ops
from concur.check.account import Account, overlap, place_of, reads, tests_around, where, writes
from concur.check.trace import Recorded


def tell_wait(run: Account, waiting: Recorded) -> list[str]:
    """Where the thread waits, and what is known of those who could have woken it."""
    name, _, method = waiting.inside.rpartition(".")
    first = f"{run.name(waiting.tid)} waits in {waiting.inside}() ({where(waiting)})"
    kind = type(waiting.owner).__name__
    for kinds, methods, tell in _TOLD:
        if kind in kinds and method in methods:
            more = tell(run, waiting, name)
            return [f"{first}, and nobody is left to wake it", *[f"  {line}" for line in more]]
    return [f"{first}, and nobody is left to wake it"]


def calls(run: Account, owner: object, *methods: str) -> Iterator[tuple[int, Recorded]]:
    """The calls of these methods: the index of the first step of each, and that step."""
    current: dict[int, tuple[str, tuple[str, int]] | None] = {}
    for index, step in enumerate(run.steps):
        call = None
        if step.owner is owner and step.inside.rpartition(".")[2] in methods:
            call = (step.inside, step.site)
            if call != current.get(step.tid):
                yield index, step
        current[step.tid] = call


def began(run: Account, waiting: Recorded) -> int:
    """How many steps had been taken when the call began in which a thread waits."""
    found = len(run.steps)
    for index in range(len(run.steps) - 1, -1, -1):
        step = run.steps[index]
        if step.tid == waiting.tid:
            if not same_call(step, waiting):
                break
            found = index
    return found


def hold_before(run: Account, tid: int, begun: int) -> int:
    """Since when a thread held the lock that it gave up in the wait that began at that step."""
    place, taken = None, 0
    for step in run.steps[begun:]:
        if step.tid == tid and step.op[0] == ops.RELEASE:
            place = step.op[1]
            break
    for index, step in enumerate(run.steps[:begun]):
        if step.tid == tid and step.op[0] in _TAKES and step.op[1] == place:
            taken = index
    return taken


def waited_at(run: Account, owner: object, index: int) -> dict[int, Recorded]:
    """Who was inside ``wait()`` of a condition before that step, and the last step of each until then."""
    found: dict[int, Recorded] = {}
    for tid, step in {step.tid: step for step in run.steps[:index]}.items():
        if step.owner is not owner or step.inside.rpartition(".")[2] not in _WAITS:
            continue
        now = next((later for later in run.steps[index:] if later.tid == tid), None) or _pending(run, tid)
        if now is not None and same_call(now, step):
            found[tid] = step
    return found


def woken_by(run: Account, note: tuple[int, Recorded]) -> dict[int, Recorded]:
    """Whom a call of ``notify()`` woke, that is, whose own lock it opened; with the last step of each until then."""
    index, call = note
    opened = set()
    for step in run.steps[index:]:
        if step.tid == call.tid:
            if not same_call(step, call):
                break
            if step.op[0] == ops.RELEASE:
                opened.add(step.op[1])
    return {
        tid: step
        for tid, step in waited_at(run, call.owner, index).items()
        if opened & _locks_of_wait(run, tid, index, step)
    }


def _locks_of_wait(run: Account, tid: int, index: int, last: Recorded) -> set[Any]:
    """The locks that a thread took in the call of ``wait()`` in which it is."""
    found = set()
    for step in reversed(run.steps[:index]):
        if step.tid == tid:
            if not same_call(step, last):
                break
            if step.op[0] in _TAKES:
                found.add(step.op[1])
    pending = _pending(run, tid)
    if pending is not None and same_call(pending, last):
        found.add(pending.op[1])
    later = next((step for step in run.steps[index:] if step.tid == tid), None)
    return found if later is None else found | {later.op[1]}


def same_call(one: Recorded, other: Recorded) -> bool:
    """Whether two steps of a thread belong to one call of a library, or to calls next to each other on a line."""
    return one.owner is other.owner and (one.inside, one.site) == (other.inside, other.site)


def _pending(run: Account, tid: int) -> Recorded | None:
    return next((waiting for waiting in run.waiting if waiting.tid == tid), None)


_EARLIER = " before that wait began"
_WAITS = ("wait", "wait_for")
_TAKES = (ops.ACQUIRE, ops.TRY, ops.TIMED_ACQUIRE)


def _condition(run: Account, waiting: Recorded, name: str) -> list[str]:
    begun = began(run, waiting)
    notes = list(calls(run, waiting.owner, "notify", "notify_all"))
    later = [note for note in notes if note[0] > begun]
    if later:
        return _woke_others(run, waiting, later[-1])
    lines = []
    if notes:
        index, step = notes[-1]
        call = f"{run.name(step.tid)} called {step.inside}() ({where(step)}){_EARLIER}"
        if waiting.tid in woken_by(run, notes[-1]):
            return [
                f"{call.removesuffix(_EARLIER)} and woke it; it came back and waited again",
                *_silent_change(run, waiting, begun, name),
            ]
        if waited_at(run, waiting.owner, index):
            return [f"{call}; nobody called it afterwards", *_silent_change(run, waiting, begun, name)]
        lines.append(f"{call}: nobody was waiting, and the notification was lost")
        lines += _early_test(run, waiting, begun, index)
    else:
        lines.append(f"nobody called {name}.notify() while it waited")
    return lines + _silent_change(run, waiting, begun, name)


def _woke_others(run: Account, waiting: Recorded, note: tuple[int, Recorded]) -> list[str]:
    """The last notification came while this thread waited, and went to others."""
    index, step = note
    woken = woken_by(run, note)
    if not woken or waiting.tid in woken:
        return []
    call = f"{run.name(step.tid)} called {step.inside}() ({where(step)}) while it waited"
    told = [f"{call}, and that woke {run.named(woken)}; nobody called it afterwards"]
    if len(woken) == 1 and step.inside.endswith(".notify"):
        ((tid, before),) = woken.items()
        following = index + 1
        again = [
            later
            for later in (*run.steps[following:], *run.waiting)
            if later.tid == tid
            and later.owner is waiting.owner
            and later.inside.rpartition(".")[2] in _WAITS
            and later.op[0] == ops.ACQUIRE
            and later.op[2].owner == tid
        ]
        useless = not any(
            later.tid == tid and writes(later) and not later.inside for later in run.steps[following:]
        )
        if before.site != waiting.site and useless and again:
            told.append(
                f"{run.name(tid)} waits for something else ({where(before)}) and waited again: use a condition for"
                " each, or notify_all()"
            )
        elif before.site == waiting.site:
            told.append(
                "notify() wakes one thread: use notify_all() if what it waits for is so for all of them"
            )
    return told


def _early_test(run: Account, waiting: Recorded, begun: int, note: int) -> list[str]:
    """The waiting thread tested before the other changed and notified; or it did not test at all."""
    around = tests_around(waiting.site)
    mine = [index for index in range(begun) if run.steps[index].tid == waiting.tid]
    seen = [index for index in mine if reads(run.steps[index]) and not run.steps[index].inside]
    for index in reversed([index for index in seen if run.steps[index].site[1] in around]):
        test = run.steps[index]
        for at in range(index + 1, note):
            step = run.steps[at]
            if step.tid == run.steps[note].tid and _changes(step, test):
                told = (
                    f"{run.name(waiting.tid)} had tested {run.place(test)} ({where(test)}) before {run.name(step.tid)}"
                    f" changed it ({where(step)}): test and wait under one hold of the lock"
                )
                return [told]
    held = hold_before(run, waiting.tid, begun)
    if not around and not any(index >= held for index in seen):
        return ["it waited without a test: keep a flag under the lock, and wait only while it is not set"]
    return []


def _silent_change(run: Account, waiting: Recorded, begun: int, name: str) -> list[str]:
    """The last change, while the thread waited, of what it had looked at under the lock before was of another thread
    that notified nobody afterwards, and left something else than the thread had found."""
    looked = [
        step
        for step in run.steps[hold_before(run, waiting.tid, begun) : begun]
        if step.tid == waiting.tid and reads(step) and not step.inside
    ]
    for test in reversed(looked):
        changes = [
            (index, step)
            for index, step in enumerate(run.steps)
            if index >= begun and writes(step) and overlap(place_of(step), place_of(test))
        ]
        if not changes:
            continue
        index, last = changes[-1]
        notes = calls(run, waiting.owner, "notify", "notify_all")
        if last.tid == waiting.tid or not _changes(last, test) or any(at > index for at, _ in notes):
            continue
        told = (
            f"{run.name(last.tid)} changed {run.place(last)} ({where(last)}), which it had looked at"
            f" ({where(test)}), and did not call {name}.notify() after that"
        )
        return [told]
    return []


def _changes(step: Recorded, test: Recorded) -> bool:
    """Whether a step left something else in a place than a test of it had found."""
    if not writes(step) or not overlap(place_of(step), place_of(test)):
        return False
    if test.before is None:
        return step.value is None or step.value != test.value
    return (step.after or step.value) != test.before


def _event(run: Account, waiting: Recorded, name: str) -> list[str]:
    turns = [(index, step) for index, step in calls(run, waiting.owner, "set", "clear")]
    if turns and turns[-1][1].inside.endswith(".clear"):
        sets = [step for _, step in turns if step.inside.endswith(".set")]
        if sets:
            last, clear = sets[-1], turns[-1][1]
            told = (
                f"{run.name(last.tid)} called {last.inside}() ({where(last)}), and {run.name(clear.tid)} called"
                f" {clear.inside}() ({where(clear)}) before {run.name(waiting.tid)} went on: what an event said is gone"
                " when it is cleared"
            )
            return [told]
    return [f"nobody called {name}.set() while it waited"]


def _semaphore(run: Account, waiting: Recorded, name: str) -> list[str]:
    begun = began(run, waiting)
    released = {step.tid for _, step in calls(run, waiting.owner, "release")}
    kept: dict[int, Recorded] = {}
    for index, step in calls(run, waiting.owner, "acquire"):
        still = (step.tid, step.site) == (waiting.tid, waiting.site) and index >= begun
        stuck = any(other.tid == step.tid and other.owner is step.owner for other in run.waiting)
        if step.tid not in released and not still and (not stuck or step.tid == waiting.tid):
            kept.setdefault(step.tid, step)
    lines = [
        f"{run.name(step.tid)} called {step.inside}() ({where(step)}) and never {name}.release()"
        for step in kept.values()
    ]
    return lines or [f"nobody called {name}.release() while it waited"]


def _barrier(run: Account, waiting: Recorded, name: str) -> list[str]:
    parties = getattr(waiting.owner, "_parties", None) or getattr(waiting.owner, "parties", None)
    there = [other.tid for other in run.waiting if other.owner is waiting.owner]
    if not isinstance(parties, int):
        return []
    return [f"{name} lets {parties} threads pass together, and {len(there)} came: {run.named(there)}"]


def _queue(run: Account, waiting: Recorded, name: str) -> list[str]:
    if waiting.inside.endswith(".join"):
        left = getattr(waiting.owner, "unfinished_tasks", 0)
        return [f"for {left} of its items nobody called {name}.task_done()"] if left else []
    getting = waiting.inside.endswith(".get")
    method = "put" if getting else "get"
    state = "empty" if getting else "full"
    since = began(run, waiting)
    later = [step for index, step in calls(run, waiting.owner, method, f"{method}_nowait") if index > since]
    if later:
        return [
            f"{name} is {state} again; the last to call {method}() was {run.name(later[-1].tid)} ({where(later[-1])})"
        ]
    return [f"{name} is {state}, and nobody called {method}() while it waited"]


_Tell = Callable[[Account, Recorded, str], list[str]]
_TOLD: tuple[tuple[tuple[str, ...], tuple[str, ...], _Tell], ...] = (
    (("Condition",), _WAITS, _condition),
    (("Event",), ("wait",), _event),
    (("Semaphore", "BoundedSemaphore"), ("acquire",), _semaphore),
    (("Barrier",), ("wait",), _barrier),
    (("Queue", "LifoQueue", "PriorityQueue", "SimpleQueue", "BoundedQueue"), ("get", "put", "join"), _queue),
)
