"""A recorded run that is over, and the questions that explanations ask of it."""

import ast
import functools
import traceback
from collections.abc import Iterable
from typing import Any

from concur.check import ops
from concur.check.engine import Engine
from concur.check.sources import compile_file
from concur.check.threads import ThreadFailure
from concur.check.trace import Recorded, Recorder
from concur.check.whereabouts import short_file
from concur.errors import UsageError

Site = tuple[str, int]


class Account:
    """What happened, in the program's own names."""

    def __init__(self, engine: Engine, recorder: Recorder) -> None:
        self.engine = engine
        self.recorder = recorder
        self.steps = recorder.steps
        self.waiting = recorder.waiting
        self.threads = _unique([thread.name for thread in engine.threads])  # by number

    def name(self, tid: int) -> str:
        """A thread, in quotes."""
        name = self.threads[tid]
        return "'main'" if name == "MainThread" else f"'{name}'"

    def named(self, tids: Iterable[int]) -> str:
        """Several threads: 'a', 'b' and 'c'; the main thread is the last."""
        names = [self.name(tid) for tid in sorted(set(tids), key=lambda tid: (tid == 0, tid))]
        return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"

    def place(self, step: Recorded) -> str:
        """What a step touches."""
        return self.recorder.shortened(self.recorder.place(step))

    def ended(self, tid: int) -> bool:
        return tid in self.engine.ended

    def alone(self, after: int) -> bool:
        """Whether the main thread was the only one left when so many steps had been taken."""
        return all(self.ended(thread.tid) for thread in self.engine.threads[1:]) and all(
            step.tid == 0 for step in self.steps[after:]
        )

    def failed_at(self, failure: ThreadFailure) -> Site:
        """The innermost line of the user's files in the traceback."""
        found = ("", 0)
        for frame, line in traceback.walk_tb(failure.error.__traceback__):
            if frame.f_code.co_filename in self.recorder.own_files or not found[1]:
                found = (frame.f_code.co_filename, line)
        return found


def relevant(steps: list[Recorded], waiting: list[Recorded]) -> list[Recorded]:
    """The steps at places that several threads touch and at least one changes."""
    threads: dict[Any, set[int]] = {}
    changed: set[Any] = set()
    for step in (*steps, *waiting):
        for place, mode in ops.accesses(step.op):
            threads.setdefault(place, set()).add(step.tid)
            if mode != ops.READ:
                changed.add(place)
    asked = {step.op[1] for step in steps if step.op[0] == ops.READ and _of_thread(step)}
    return [
        step
        for step in steps
        if (
            step.shared
            or step.op[0] >= ops.RESUME
            or any(len(threads[place]) > 1 and place in changed for place, _ in ops.accesses(step.op))
        )
        and (not _of_thread(step) or _looked_at(asked, step))
    ]


def _of_thread(step: Recorded) -> bool:
    return type(step.op[1]) is tuple and step.op[1][1] == ops.THREAD


def _looked_at(asked: set[Any], step: Recorded) -> bool:
    """Whether threads ask if that thread is alive, or start it more than once; its joins tell nothing."""
    return step.op[1] in asked and step.op[0] in (ops.READ, ops.WRITE) and bool(step.site[1])


def where(step: Recorded) -> str:
    """``file.py:12``"""
    return at(step.site)


def at(site: Site) -> str:
    """``file.py:12``"""
    return f"{short_file(site[0])}:{site[1]}"


def place_of(step: Recorded) -> Any:
    """The place that a step touches, an item of a container apart from the others; None: nothing that holds values.

    Bytes beside each other, and items with other keys, are not the same place.
    """
    place = step.op[1]
    if place is None or place in (ops.CLOCK, ops.ELSEWHERE):
        return None
    if isinstance(place, str):
        return place
    if place[1] in (ops.LOCK, ops.THREAD, ops.ITERATOR, ops.HISTORY):
        return None
    if place[1].startswith("[") and place[1] != "[]":
        return (place, step.what.partition(" ")[2])
    return place if step.key is None else (place, step.key)


def overlap(one: Any, other: Any) -> bool:
    """Whether two places are the same, or one is an item of the other."""
    return bool(one == other or _whole(one) == other or one == _whole(other))


def _whole(place: Any) -> Any:
    return place[0] if type(place) is tuple and type(place[0]) is tuple else place


def field_of(step: Recorded) -> str:
    """The place as the text of a file names it, see `race_text.py`: a field, a variable, or "[]"."""
    place = step.op[1]
    if isinstance(place, str):
        return place.rpartition(".")[2].rpartition(":")[2]
    return "[]" if place[1].startswith("[") else str(place[1])


def reads(step: Recorded) -> bool:
    return step.op[0] == ops.READ and place_of(step) is not None


def writes(step: Recorded) -> bool:
    return step.op[0] == ops.WRITE and place_of(step) is not None


@functools.lru_cache(maxsize=256)
def _blocks(source: str) -> list[ast.AST]:
    return [node for node in ast.walk(ast.parse(source)) if isinstance(node, (ast.If, ast.While, ast.IfExp))]


def tests_around(site: Site) -> frozenset[int]:
    """The lines of the tests of every ``if`` and ``while`` in whose body a line stands."""
    lines: set[int] = set()
    for block in _blocks_of(site[0]):
        if not isinstance(block, ast.IfExp) and block.body[0].lineno <= site[1] <= (
            block.body[-1].end_lineno or 0
        ):
            lines.update(range(block.test.lineno, (block.test.end_lineno or block.test.lineno) + 1))
    return frozenset(lines)


def in_while(site: Site) -> bool:
    """Whether a line stands in the test or in the body of a ``while``."""
    return any(
        isinstance(block, ast.While) and block.lineno <= site[1] <= (block.body[-1].end_lineno or 0)
        for block in _blocks_of(site[0])
    )


def _blocks_of(file: str) -> list[Any]:
    try:
        return _blocks(compile_file(file).source)
    except (UsageError, SyntaxError):
        return []


def _unique(names: list[str]) -> list[str]:
    """Names of threads; of several that are called alike, the later ones have a number."""
    found: list[str] = []
    for name in names:
        number, told = 1, name
        while told in found:
            number += 1
            told = f"{name} #{number}"
        found.append(told)
    return found
