"""Turn a recorded run into a failure that explains itself."""

import traceback
from typing import Any

from concur.check import ops
from concur.check.engine import Engine, ThreadFailure
from concur.check.trace import Recorded, Recorder, source_line
from concur.check.verdict import Failure, Step


def failure_of(engine: Engine, recorder: Recorder, token: str) -> Failure:
    """Kind, message, reason and steps of a run that went wrong."""
    if engine.failures:
        first = engine.failures[0]
        steps = tuple(_step(engine, step) for step in relevant(recorder.steps[: first.after], []))
        kind = "assertion" if isinstance(first.error, AssertionError) else "exception"
        message = _message(first, recorder)
        why = why_failed(engine, recorder, first)
        where = _where(first, recorder)
        last = Step(first.thread.name, where[0], where[1], source_line(where), "raise", _text(first.error))
        steps = (*steps, last)
    else:
        kind = "deadlock"
        names = ", ".join(f"'{thread.name}'" for thread in engine.deadlocked)
        message = (
            f"thread {names} waits for ever"
            if len(engine.deadlocked) == 1
            else f"threads {names} wait for ever"
        )
        why = why_stuck(engine, recorder)
        waiting = [step for step in recorder.waiting if not engine.threads[step.tid].daemon]
        steps = tuple(_step(engine, step) for step in relevant(recorder.steps, waiting))
        steps += tuple(_step(engine, step, waits=True) for step in waiting)
    return Failure(kind, message, why, token, steps)


def relevant(steps: list[Recorded], waiting: list[Recorded]) -> list[Recorded]:
    """The steps at places that several threads touch and at least one changes."""
    threads: dict[Any, set[int]] = {}
    changed: set[Any] = set()
    for step in (*steps, *waiting):
        for place, mode in ops.accesses(step.op):
            threads.setdefault(place, set()).add(step.tid)
            if mode != ops.READ:
                changed.add(place)
    return [
        step
        for step in steps
        if any(len(threads[place]) > 1 and place in changed for place, _ in ops.accesses(step.op))
        and not (type(step.op[1]) is tuple and step.op[1][1] == "thread")
    ]


def _step(engine: Engine, recorded: Recorded, *, waits: bool = False) -> Step:
    inside = f"{recorded.inside}(): " if recorded.inside else ""
    return Step(
        engine.threads[recorded.tid].name,
        recorded.site[0],
        recorded.site[1],
        source_line(recorded.site),
        f"{'waits: ' if waits else ''}{inside}{recorded.what}",
        recorded.value,
    )


def _text(error: BaseException) -> str:
    message = " ".join(str(error).split())
    return f"{type(error).__name__}{': ' + message if message else ''}"


def _where(failure: ThreadFailure, recorder: Recorder) -> tuple[str, int]:
    """The innermost line of the user's files in the traceback."""
    where = ("", 0)
    for frame, line in traceback.walk_tb(failure.error.__traceback__):
        if frame.f_code.co_filename in recorder.own_files or not where[1]:
            where = (frame.f_code.co_filename, line)
    return where


def _message(failure: ThreadFailure, recorder: Recorder) -> str:
    file, line = _where(failure, recorder)
    return f"{_text(failure.error)} in thread '{failure.thread.name}' ({_short_file(file)}:{line})"


# Why


def why_stuck(engine: Engine, recorder: Recorder) -> str:
    """Who waits for what, and who holds it."""
    lines = []
    holders: dict[int, int] = {}
    for waiting in recorder.waiting:
        thread = engine.threads[waiting.tid]
        if thread.daemon:
            continue
        kind, _, thing, _, _ = waiting.op
        where = f"{_short_file(waiting.site[0])}:{waiting.site[1]}"
        if kind in (ops.ACQUIRE, ops.TIMED_ACQUIRE):
            name, owner = recorder.name(thing), engine.holders[id(thing)]
            if waiting.inside == "wait":
                lines.append(f"'{thread.name}' waits to be notified ({where}), and nobody is left to do it")
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


def _taken(lock: Any) -> str:
    site = getattr(lock, "taken_at", None)
    return f" (taken at {_short_file(site[0])}:{site[1]})" if site and site[1] else ""


def _short_file(file: str) -> str:
    return file.rpartition("/")[2]


def _cycle(holders: dict[int, int]) -> list[int]:
    for start in holders:
        path = [start]
        while path[-1] in holders and holders[path[-1]] not in path:
            path.append(holders[path[-1]])
        if holders.get(path[-1]) == start:
            return path
    return []


def why_failed(engine: Engine, recorder: Recorder, failure: ThreadFailure) -> str:
    """How the threads brought the failure about: a lost update, if there is one."""
    reads: dict[tuple[int, Any], int] = {}
    last_write: dict[Any, int] = {}
    for index, step in enumerate(recorder.steps[: failure.after]):
        place = step.op[1]
        if place is None or not _is_variable(place):
            continue
        if step.op[0] == ops.READ:
            reads[step.tid, place] = index
        elif step.op[0] == ops.WRITE:
            read, write = reads.pop((step.tid, place), None), last_write.get(place)
            if (
                read is not None
                and write is not None
                and write > read
                and recorder.steps[write].tid != step.tid
            ):
                return _lost_update(engine, recorder, read, write, index)
            last_write[place] = index
    return ""


def _is_variable(place: Any) -> bool:
    return isinstance(place, str) or place[1] not in ("lock", "thread", "[]", "next")


def _lost_update(engine: Engine, recorder: Recorder, read: int, between: int, write: int) -> str:
    first, other, second = (recorder.steps[index] for index in (read, between, write))
    name = first.what.partition(" ")[2]
    reader, writer = engine.threads[first.tid].name, engine.threads[other.tid].name
    return (
        f"An update was lost: '{reader}' read {name} = {first.value} ({_short_file(first.site[0])}:{first.site[1]})"
        f" and later wrote {second.value} over it ({_short_file(second.site[0])}:{second.site[1]}),"
        f" but in between '{writer}' had written {other.value}.\n"
        "Reading and writing have to be one step: hold one lock over both."
    )
