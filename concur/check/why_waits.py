"""Why nobody wakes a thread that waits inside a call of a library: what was never called, or came too early."""

from collections.abc import Callable, Iterator

from concur.check import ops
from concur.check.account import Account, overlap, place_of, reads, tested_lines, where, writes
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
            if (step.owner, step.inside, step.site) != (waiting.owner, waiting.inside, waiting.site):
                break
            found = index
    return found


def waited_at(run: Account, owner: object, index: int) -> dict[int, tuple[Recorded, int | None]]:
    """Who was inside ``wait()`` of a condition before that step: its last step, and the index of its next one."""
    found: dict[int, tuple[Recorded, int | None]] = {}
    last: dict[int, Recorded] = {step.tid: step for step in run.steps[:index]}
    for tid, step in last.items():
        if step.owner is not owner or step.inside.rpartition(".")[2] not in _WAITS:
            continue
        following = next((at for at in range(index, len(run.steps)) if run.steps[at].tid == tid), None)
        now = run.steps[following] if following is not None else _pending(run, tid)
        if now is not None and (now.owner, now.inside, now.site) == (step.owner, step.inside, step.site):
            found[tid] = (step, following)
    return found


def _pending(run: Account, tid: int) -> Recorded | None:
    return next((waiting for waiting in run.waiting if waiting.tid == tid), None)


_WAITS = ("wait", "wait_for")


def _condition(run: Account, waiting: Recorded, name: str) -> list[str]:
    begun = began(run, waiting)
    notes = list(calls(run, waiting.owner, "notify", "notify_all"))
    later = [note for note in notes if note[0] > begun]
    if later:
        return _woke_others(run, waiting, later[-1])
    lines = []
    if notes:
        index, step = notes[-1]
        call = f"{run.name(step.tid)} called {step.inside}() ({where(step)}) before that wait began"
        others = set(waited_at(run, waiting.owner, index)) - {waiting.tid}
        if others:
            return [f"{call}; nobody called it afterwards", *_silent_change(run, waiting, begun, name)]
        lines.append(f"{call}: nobody was waiting, and the notification was lost")
        lines += _early_test(run, waiting, begun, index)
    else:
        lines.append(f"nobody called {name}.notify() while it waited")
    return lines + _silent_change(run, waiting, begun, name)


def _woke_others(run: Account, waiting: Recorded, note: tuple[int, Recorded]) -> list[str]:
    """The last notification came while this thread waited, and went to others."""
    index, step = note
    woken = {
        tid: (before, following)
        for tid, (before, following) in waited_at(run, waiting.owner, index).items()
        if following is not None and tid != waiting.tid
    }
    if not woken:
        return []
    call = f"{run.name(step.tid)} called {step.inside}() ({where(step)}) while it waited"
    told = [f"{call}, and that woke {run.named(woken)}; nobody called it afterwards"]
    if len(woken) == 1 and step.inside.endswith(".notify"):
        ((tid, (before, following)),) = woken.items()
        assert following is not None
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
            told.append("notify() wakes one thread: use notify_all() if what it waits for is so for all of them")
    return told


def _early_test(run: Account, waiting: Recorded, begun: int, note: int) -> list[str]:
    """The waiting thread tested before the other changed and notified; or it did not test at all."""
    mine = [index for index in range(begun) if run.steps[index].tid == waiting.tid]
    tests = [index for index in mine if _is_test(run.steps[index])]
    for index in reversed(tests):
        test = run.steps[index]
        for at in range(index + 1, note):
            step = run.steps[at]
            if step.tid == run.steps[note].tid and writes(step) and overlap(place_of(step), place_of(test)):
                return [
                    f"{run.name(waiting.tid)} had tested {run.place(test)} ({where(test)}) before {run.name(step.tid)}"
                    f" changed it ({where(step)}): test and wait under one hold of the lock"
                ]
    if not tests:
        return ["it waited without a test: keep a flag under the lock, and wait only while it is not set"]
    return []


def _silent_change(run: Account, waiting: Recorded, begun: int, name: str) -> list[str]:
    """Somebody changed what the thread had tested, while it waited, and notified nobody afterwards."""
    tests = [step for step in run.steps[:begun] if step.tid == waiting.tid and _is_test(step)]
    hold = [
        index
        for index, step in calls(run, waiting.owner, "acquire")
        if step.tid == waiting.tid and index < begun
    ]
    recent = run.steps[hold[-1] : begun] if hold else run.steps[:begun]
    tests = [step for step in tests if any(step is other for other in recent)]
    places = [place_of(step) for step in tests]
    notified = {step.tid for index, step in calls(run, waiting.owner, "notify", "notify_all") if index > begun}
    for step in run.steps[begun:]:
        if step.tid in (waiting.tid, *notified) or step.inside or not writes(step):
            continue
        if any(overlap(place_of(step), place) for place in places):
            return [
                f"{run.name(step.tid)} changed {run.place(step)} ({where(step)}), which it had tested, and did not"
                f" call {name}.notify()"
            ]
    return []


def _is_test(step: Recorded) -> bool:
    return reads(step) and not step.inside and step.site[1] in tested_lines(step.site[0])


def _event(run: Account, waiting: Recorded, name: str) -> list[str]:
    turns = [(index, step) for index, step in calls(run, waiting.owner, "set", "clear")]
    if turns and turns[-1][1].inside.endswith(".clear"):
        sets = [step for _, step in turns if step.inside.endswith(".set")]
        if sets:
            last, clear = sets[-1], turns[-1][1]
            return [
                f"{run.name(last.tid)} called {last.inside}() ({where(last)}), and {run.name(clear.tid)} called"
                f" {clear.inside}() ({where(clear)}) before {run.name(waiting.tid)} went on: what an event said is gone"
                " when it is cleared"
            ]
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
    getting = waiting.inside.endswith(".get")
    method = "put" if getting else "get"
    state = "empty" if getting else "full"
    since = began(run, waiting)
    later = [step for index, step in calls(run, waiting.owner, method, f"{method}_nowait") if index > since]
    if later:
        return [f"{name} is {state} again; the last to call {method}() was {run.name(later[-1].tid)} ({where(later[-1])})"]
    return [f"{name} is {state}, and nobody called {method}() while it waited"]


_Tell = Callable[[Account, Recorded, str], list[str]]
_TOLD: tuple[tuple[tuple[str, ...], tuple[str, ...], _Tell], ...] = (
    (("Condition",), _WAITS, _condition),
    (("Event",), ("wait",), _event),
    (("Semaphore", "BoundedSemaphore"), ("acquire",), _semaphore),
    (("Barrier",), ("wait",), _barrier),
    (("Queue", "LifoQueue", "PriorityQueue", "SimpleQueue", "BoundedQueue"), ("get", "put"), _queue),
)
