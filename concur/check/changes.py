"""What each step of a recorded run left behind in the variables, containers and locks that threads share.

Only what the program's own lines touch is told; the insides of a condition or
a queue have no name in the program. What a step does not show is not guessed.
"""

from typing import Any

from concur.check import ops
from concur.check.engine import Engine
from concur.check.trace import Recorded, Recorder
from concur.check.virtual_locks import Lock

FREE = "free"
UNKNOWN = "not known"

_TAKEN = (ops.ACQUIRE, ops.TRY, ops.TIMED_ACQUIRE)
_ALL_OR_NOTHING = ("append(", "add(", "pop(", "popleft(", "popitem(", "remove(")  # if they raise


def note_changes(engine: Engine, recorder: Recorder) -> None:
    """Write down, with each step, what it shows: pairs of a name and what that holds after the step."""
    in_full = recorder.steps[recorder.skipped :]
    own = {step.op[1] for step in in_full if not step.inside}
    changed = {place for step in recorder.steps for place, mode in ops.accesses(step.op) if mode != ops.READ}
    wanted = own & changed - {None, ops.CLOCK, ops.ELSEWHERE}
    names: dict[Any, str] = {}
    taken: set[str] = set()
    for index, step in enumerate(in_full, start=recorder.skipped):
        place = step.op[1]
        if place not in wanted:
            continue
        if isinstance(step.op[2], Lock):
            after = _lock(engine, step) if index not in engine.failed else None
        elif not isinstance(place, str) and place[1] == "[]":
            after = _content(step)
        elif isinstance(place, str) or place[1] not in (ops.THREAD, ops.ITERATOR):
            after = _variable(step)
        else:
            after = None
        if after is not None:
            if place not in names:
                names[place] = _unique(_name(recorder, step), taken)
                taken.add(names[place])
            step.changes = ((names[place], after),)


def _lock(engine: Engine, step: Recorded) -> str | None:
    if step.op[0] in _TAKEN:
        return f"held by {engine.threads[step.tid].name}"
    return FREE if step.op[0] == ops.RELEASE else None


def _content(step: Recorded) -> str | None:
    """A call of a method records the whole content, and so does what was done to an item; other changes do not."""
    if step.op[0] != ops.WRITE:
        return None
    if step.after is not None:
        return step.after
    if not step.what.endswith(")"):
        return UNKNOWN
    if step.value is not None:
        return step.value
    return None if step.what.partition("(")[0].rpartition(".")[2] + "(" in _ALL_OR_NOTHING else UNKNOWN


def _variable(step: Recorded) -> str | None:
    if step.op[0] == ops.WRITE:
        return UNKNOWN if step.value is None else step.value
    return step.value if step.op[0] == ops.READ else None


def _name(recorder: Recorder, step: Recorded) -> str:
    known = recorder.names.get(id(step.op[2]))
    place = step.op[1]
    content = not isinstance(place, str) and place[1] == "[]"
    if known is not None and (content or isinstance(step.op[2], Lock)):
        return recorder.shortened(known)
    return step.what.partition(" ")[2] or step.what


def _unique(name: str, taken: set[str]) -> str:
    """Two places never go by one name."""
    number, found = 1, name
    while found in taken:
        number += 1
        found = f"{name} #{number}"
    return found
