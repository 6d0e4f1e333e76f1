"""What a report says of tasks: where they stand, who waits for what, and not how the loop works."""

import re
import types
from typing import Any

from concur.check import ops
from concur.check.account import Account, at, relevant
from concur.check.aio.process import Callbacks, Process, Timer
from concur.check.engine import Engine
from concur.check.frames import variables_of
from concur.check.ops import FIRE, RESUME, SPIN, WRITE
from concur.check.threads import ThreadFailure
from concur.check.trace import Recorded, Recorder, source_line
from concur.check.why_stuck import entry_of

Site = tuple[str, int]

_STATEMENTS = {"__aenter__": "acquire", "__aexit__": "release"}
_TIMED = {"_set_result_unless_cancelled": "sleep", "_on_timeout": "time-out", "_release_waiter": "time-out"}
_INTERNAL = frozenset((ops.READY, ops.GATE, "_cancelled", "tail", "tasks", "settings", "the last callback"))
_WITHOUT_ROWS = frozenset(("TaskGroup", "Timeout", "Runner"))  # their steps are those of the tasks in them


def stand(process: Process, recorder: Recorder) -> tuple[Site, str, str, Any]:
    """Where a task is when it is about to go on: the line, the call that it awaits, what it does, of what."""
    if isinstance(process, Timer):
        return ("", 0), "", "fires", None
    frames = frames_of(process)
    own = [index for index, frame in enumerate(frames) if frame.f_code.co_filename in recorder.own_files]
    if not own:
        return ("", 0), "", "starts", None
    frame = frames[own[-1]]
    site = (frame.f_code.co_filename, frame.f_lineno)
    cancelled = _is_cancelled(process.task)
    if process.done == 0 or (process.done == 1 and frame.f_lasti <= 0):
        return site, "", "is cancelled before it starts" if cancelled else "starts", None
    what = "is cancelled" if cancelled else "goes on"
    inside, owner = "", None
    inner = frames[own[-1] + 1] if own[-1] + 1 < len(frames) else None
    waiter = process.task.__dict__.get("_fut_waiter")
    if inner is not None and inner.f_code.co_name not in ("__await__", "__iter__"):
        called = inner.f_code.co_name
        owner = variables_of(inner).get("self")
        inside = f"asyncio.{called}"
        if owner is not None:
            inside = f"{recorder.name(owner)}.{_STATEMENTS.get(called, called)}"
    elif waiter is not None and "_cc_process" not in waiter.__dict__:
        recorder.name(waiter)  # now, while its frames are there
    return site, inside, what, owner


def frames_of(process: Process) -> list[types.FrameType]:
    """The frames of a task that is suspended, the outermost first."""
    found: list[types.FrameType] = []
    thing: Any = None if process.task is None else process.task.__dict__.get("_coro")
    while thing is not None:
        frame = (
            getattr(thing, "cr_frame", None)
            or getattr(thing, "gi_frame", None)
            or getattr(thing, "ag_frame", None)
        )
        if isinstance(frame, types.FrameType):
            found.append(frame)
        thing = (
            getattr(thing, "cr_await", None)
            or getattr(thing, "gi_yieldfrom", None)
            or getattr(thing, "ag_await", None)
        )
    return found


def _is_cancelled(task: Any) -> bool:
    waiter = task.__dict__.get("_fut_waiter")
    return bool(task.__dict__.get("_must_cancel")) or getattr(waiter, "_state", "") == "CANCELLED"


def prepare(engine: Engine, recorder: Recorder) -> None:
    """Leave out of the run how the loop works, and say of which task a failure is."""
    if not engine.loops:
        return
    processes: dict[int, Process] = {}
    for loop in engine.loops:
        processes.update(loop.processes)
    for process in processes.values():
        process.thread.name = _name(process)
    for failure in engine.failures:
        owner = _owner(processes, failure.error)
        if failure.thread.tid == 0 and owner is not None:
            failure.thread = owner.thread
            failure.after = 1 + max(
                (index for index, step in enumerate(recorder.steps) if step.tid == owner.thread.tid),
                default=-1,
            )
    for step in relevant(recorder.steps, recorder.waiting):
        step.shared = True  # also if those who share it are left out now
    kept = [index for index, step in enumerate(recorder.steps) if _tells(step, recorder.own_files)]
    place = {old: new for new, old in enumerate(kept)}
    for failure in engine.failures:
        failure.after = sum(index < failure.after for index in kept)
    for step in recorder.waiting:
        if step.op[0] == SPIN:
            wait = step.op[2]
            wait.reads = {where: place[index] for where, index in wait.reads.items() if index in place}
    engine.failed = {place[index] for index in engine.failed if index in place}
    engine.trace[:] = [engine.trace[index] for index in kept]
    recorder.steps[:] = [recorder.steps[index] for index in kept]


def _name(process: Process) -> str:
    if isinstance(process, Callbacks):
        return "callbacks"
    if isinstance(process, Timer):
        name = process.thread.name.removeprefix("timer ").rpartition(".")[2]
        return _TIMED.get(name, name)
    given = process.task.__dict__.get("_name", "")
    return process.thread.name if given.startswith("Task-") else str(given)


def _owner(processes: dict[int, Process], error: BaseException) -> Process | None:
    """The task that an exception ended first."""
    for process in sorted(processes.values(), key=lambda process: -process.thread.tid):
        if process.task is not None and process.task.__dict__.get("_exception") is error:
            return process
    return None


def _tells(step: Recorded, own_files: frozenset[str]) -> bool:
    """Whether a step tells something of the program."""
    kind, place, thing, _, _ = step.op
    if kind == FIRE:
        return isinstance(thing, Timer) and "_set_result_unless_cancelled" not in thing.thread.name
    if kind == RESUME:
        return (
            isinstance(thing, Process)
            and thing.task is not None
            and bool(step.site[1])
            and step.what != "starts"
        )
    if step.site[1] and step.site[0] not in own_files:
        return False
    if type(place) is tuple and (place[1] in _INTERNAL or str(place[1]).startswith("callback ")):
        return False
    if not step.inside:
        return True
    name = step.inside.rpartition(".")[2]
    if step.owner is None or name.startswith("__"):
        return False
    return type(step.owner).__name__ not in _WITHOUT_ROWS


def within(run: Account, error: BaseException | None) -> list[str]:
    """What the exceptions in a group are, and of which tasks."""
    if not isinstance(error, BaseExceptionGroup):
        return []
    processes = {tid: process for loop in run.engine.loops for tid, process in loop.processes.items()}
    lines = []
    for inner in error.exceptions:
        owner = _owner(processes, inner)
        if owner is not None:
            text = " ".join(f"{type(inner).__name__}: {inner}".split())
            where = at(run.failed_at(ThreadFailure(owner.thread, inner, 0)))
            lines.append(f"In the group: {text}, in task {run.name(owner.thread.tid)} ({where})")
    return lines


def of_tasks(why: str) -> str:
    """An explanation in which threads are spoken of, for a run of tasks."""
    return re.sub(r"\bthread(s?)\b", r"task\1", why)


# Tasks that wait for ever


def stuck(run: Account) -> list[Recorded]:
    """Where each task that has not ended stands, if the loop has come to a standstill."""
    threads = run.engine.threads
    found = [
        step
        for step in run.waiting
        if threads[step.tid].quiet
        and (step.op[0] not in (RESUME, FIRE) or getattr(step.op[2], "task", None) is not None)
    ]
    blocked = [step for step in found if step.op[0] != RESUME]
    if blocked:  # the others could go on, if the loop went round
        return blocked
    for step in found:
        if not step.inside:
            names = " and ".join(run.threads[tid] for tid in _awaited(step.op[2].task))
            future = run.recorder.names.get(id(step.op[2].task.__dict__.get("_fut_waiter")), "a future")
            step.what = f"join {names}" if names else f"acquire {run.recorder.shortened(future)}"
    return found


def who_is_stuck(run: Account) -> str:
    """The message of a deadlock."""
    tids = [step.tid for step in stuck(run)]
    if not tids:
        return "the event loop waits for ever: there is no task left that could stop it"
    return (
        f"task{'' if len(tids) == 1 else 's'} {run.named(tids)} wait{'s' if len(tids) == 1 else ''} for ever"
    )


def why_stuck(run: Account) -> str:
    """An entry for each task."""
    lines: list[str] = []
    for step in stuck(run):
        if step.op[0] != RESUME:
            lines += entry_of(run, step)
            lines.append(
                "  It waits without an await, so the event loop stands still, and no other task goes on."
            )
            continue
        where = f" ({at(step.site)}: {source_line(step.site)})" if step.site[1] else ""
        verb, _, thing = step.what.partition(" ")
        end = "the end of " if verb == "join" else ""
        waits = f"waits in {step.inside}()" if step.inside else f"waits for {end}{thing}"
        lines.append(f"{run.name(step.tid)} {waits}{where}")
        lines += _known_of(run, step)
    return "\n".join(lines)


def _awaited(task: Any) -> list[int]:
    waiter = task.__dict__.get("_fut_waiter")
    children = getattr(waiter, "_children", None) or ([waiter] if waiter is not None else [])
    return [
        child.__dict__["_cc_process"].thread.tid
        for child in children
        if child._state == "PENDING" and "_cc_process" in child.__dict__
    ]


def _known_of(run: Account, step: Recorded) -> list[str]:
    """What the run shows of the lock or the event that a task waits for."""
    owner = step.owner
    kind = type(owner).__name__
    if kind == "Lock":
        taken = _last(run, owner, "_locked", "True")
        if taken is not None and owner.__dict__.get("_locked"):
            ended = run.engine.threads[taken.tid].done
            told = (
                ", which has ended without releasing it. Use `async with`, which releases in any case"
                if ended
                else ""
            )
            me = " itself" if taken.tid == step.tid else ""
            return [f"  it is held by {run.name(taken.tid)}{me} (taken at {at(taken.site)}){told}"]
    if kind == "Event":
        was = _last(run, owner, "_value", "True")
        cleared = _last(run, owner, "_value", "False")
        if was is None:
            return ["  nobody has set it"]
        if cleared is not None:
            who = "" if cleared.tid == was.tid else f"{run.name(cleared.tid)} "
            return [
                f"  {run.name(was.tid)} set it ({at(was.site)}), and {who}cleared it again ({at(cleared.site)})"
            ]
    return []


def _last(run: Account, owner: Any, field: str, value: str) -> Recorded | None:
    found = None
    for step in run.steps:
        if step.op[0] == WRITE and step.op[1] == (id(owner), field) and step.value == value:
            found = step
    return found
