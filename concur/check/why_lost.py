"""What came between two steps of a thread: a lost update, a test that no longer held, half of a pair.

Each template says when it is said. Positions are those of one run; what belongs together (that a
line writes what it computed from a read, or changes what another line tested) is taken from the text
of the program, see `race_text.py`. What was overwritten on purpose is not called lost.
"""

import re
from collections.abc import Iterator
from typing import Any

from concur.check.account import Account, field_of, overlap, place_of, reads, where, writes
from concur.check.race_text import Link, text_of
from concur.check.report import phrase
from concur.check.threads import ThreadFailure
from concur.check.trace import Recorded, source_line

_LATEST = 40
Between = tuple[
    int, int, int
]  # a thread's step, one of another thread behind it, and the first thread's next


def lost_update(run: Account, failure: ThreadFailure) -> str:
    """Said if a thread read a place, another wrote a different value there, and the first then wrote over that what
    the text computes from its read; and the thread that failed could see it."""
    found = list(_between(run, failure, "updates"))
    for first, other, last in _most_telling(run, failure, found):
        read, written, over = (run.steps[index] for index in (first, other, last))
        if _unchanged(read, written, over):
            continue
        name = run.place(over)
        said = "" if written.value is None or not _tells_value(written) else f" {written.value}"
        mine = "" if over.value is None or not _tells_value(over) else f" {over.value}"
        return (
            f"An update was lost: {run.name(over.tid)} read {name}{_is(read)} ({where(read)}) and later wrote{mine}"
            f" over it ({where(over)}), but in between {run.name(written.tid)} had written{said} ({where(written)}).\n"
            "Reading and writing have to be one step: hold one lock over both."
        )
    return ""


def stale_test(run: Account, failure: ThreadFailure) -> str:
    """Said if a thread tested a place, another changed it, and the first then made the change that the text makes
    depend on that test, without testing again; and the thread that failed could see it."""
    found = [*_between(run, failure, "tests"), *_between(run, failure, "claims")]
    for first, other, last in _most_telling(run, failure, found):
        test, changed, then = (run.steps[index] for index in (first, other, last))
        if _unchanged(test, changed, then):
            continue
        return (
            f"{run.name(test.tid)} tested {run.place(test)} ({where(test)}) and went on to change it"
            f" ({where(then)}), but in between {run.name(changed.tid)} had changed it: {_done(changed)}"
            f" ({where(changed)}).\n"
            "What was tested may no longer be so: hold one lock over the test and the change."
        )
    return ""


def torn_pair(run: Account, failure: ThreadFailure) -> str:
    """Said if one function writes two places, and the thread that failed read both together, one of them before and
    one after the other thread had written it."""
    steps, tid = run.steps, failure.thread.tid
    mine = [index for index in range(failure.after) if steps[index].tid == tid and reads(steps[index])]
    mine = mine[-_LATEST:]  # what it read long before it failed is hardly why
    for second in reversed(mine):
        for first in (index for index in mine if index < second):
            one, two = steps[first], steps[second]
            if field_of(one) == field_of(two) or one.site[0] != two.site[0] or _owner(one) != _owner(two):
                continue
            pair = sorted(((field_of(one), one.site[1]), (field_of(two), two.site[1])))
            if (pair[0], pair[1]) not in text_of(one.site[0]).read:
                continue
            for low, high in _writes_of_pair(steps, tid, one, two):
                if (low < first) != (high < second):
                    new, old = (one, two) if low < first else (two, one)
                    return (
                        f"{run.name(tid)} read {run.place(one)}{_is(one)} and {run.place(two)}{_is(two)}"
                        f" ({where(one)}): {run.place(new)} is what {run.name(steps[low].tid)} wrote"
                        f" ({where(steps[low if new is one else high])}), {run.place(old)} is from before it wrote"
                        f" that too ({where(steps[high if new is one else low])}).\n"
                        "Hold one lock while both are written, and the same lock while both are read."
                    )
    return ""


def _writes_of_pair(
    steps: list[Recorded], reader: int, one: Recorded, two: Recorded
) -> Iterator[tuple[int, int]]:
    """Steps in which another thread writes the two places, in a function that writes both."""
    for low, first in enumerate(steps):
        if first.tid == reader or not writes(first) or place_of(first) != place_of(one):
            continue
        for high, second in enumerate(steps):
            if second.tid != first.tid or not writes(second) or place_of(second) != place_of(two):
                continue
            pair = sorted(((field_of(first), first.site[1]), (field_of(second), second.site[1])))
            if first.site[0] == second.site[0] and (pair[0], pair[1]) in text_of(first.site[0]).written:
                yield low, high


def changed_under_iteration(run: Account, failure: ThreadFailure) -> str:
    """Said if Python reports a change during iteration, and only other threads changed that container."""
    message = str(failure.error)
    if not isinstance(failure.error, RuntimeError) or "during iteration" not in message:
        return ""
    tid = failure.thread.tid
    before = run.steps[: failure.after]
    seen = [step for step in before if step.tid == tid and step.op[1] is not None and field_of(step) == "[]"]
    if not seen:
        return ""
    place = seen[-1].op[1]
    changes = [step for step in before if writes(step) and step.op[1] == place]
    if not changes or any(step.tid == tid for step in changes):
        return ""
    name = run.recorder.shortened(run.recorder.name(seen[-1].op[2]))
    last = changes[-1]
    return (
        f"{run.name(tid)} had begun to go through {name} ({where(seen[-1])}) when {run.name(last.tid)} changed it:"
        f" {_done(last)} ({where(last)}).\n"
        f"Hold one lock over the loop and over the change, or make a copy under the lock and go through that."
    )


def came_between(run: Account, failure: ThreadFailure) -> str:
    """Said if another thread changed a place between two steps that a thread took there next to each other, the second
    of them on the line that fails; or, if the main thread fails when it is alone, the first reads and the second
    changes a place that the failing line names."""
    tid, site = failure.thread.tid, run.failed_at(failure)
    alone = tid == 0 and run.alone(failure.after)
    for last in range(failure.after - 1, -1, -1):
        then = run.steps[last]
        if place_of(then) is None or then.inside:
            continue
        if alone:
            name = re.split(r"\W", run.place(then))[0]
            if not writes(then) or not re.search(rf"\b{name}\b", source_line(site)):
                continue
        elif then.tid != tid or then.site != site:
            continue
        told = _what_came_between(run, last, alone)
        if told:
            return told
    return ""


def _what_came_between(run: Account, last: int, alone: bool) -> str:
    then = run.steps[last]
    before = [
        index
        for index in range(last)
        if run.steps[index].tid == then.tid
        and not run.steps[index].inside
        and place_of(run.steps[index]) is not None
        and overlap(place_of(run.steps[index]), place_of(then))
    ]
    if not before or (
        alone and (run.steps[before[-1]].site != then.site or not reads(run.steps[before[-1]]))
    ):
        return ""
    first = run.steps[before[-1]]
    for changed in reversed(run.steps[before[-1] + 1 : last]):
        if (
            changed.tid == then.tid
            or changed.inside
            or not writes(changed)
            or _unchanged(first, changed, then)
        ):
            continue
        if overlap(place_of(changed), place_of(then)):
            return (
                f"{run.name(changed.tid)} came between two steps of {run.name(then.tid)}: after {_done(first)}"
                f" ({where(first)}) and before {_done(then)} ({where(then)}) it did {_done(changed)}"
                f" ({where(changed)}).\n"
                "If the second step relies on the first, hold one lock over both."
            )
    return ""


def _between(run: Account, failure: ThreadFailure, kind: str) -> Iterator[Between]:
    """A step that reads, another thread's that writes, and a step that writes because of what was read."""
    steps = run.steps[: failure.after]
    for last, then in enumerate(steps):
        if not writes(then) or then.inside or not then.site[1]:
            continue
        links: set[Link] = getattr(text_of(then.site[0]), kind)
        lines = {link.read for link in links if (link.name, link.write) == (field_of(then), then.site[1])}
        if not lines:
            continue
        first = next(
            (
                index
                for index in range(last - 1, -1, -1)
                if steps[index].tid == then.tid
                and steps[index].site[0] == then.site[0]
                and steps[index].site[1] in lines
                and place_of(steps[index]) is not None
                and (reads(steps[index]) or steps[index].site == then.site)
                and overlap(place_of(steps[index]), place_of(then))
            ),
            None,
        )
        if first is None or not reads(steps[first]):
            continue
        for index in range(last - 1, first, -1):
            other = steps[index]
            if other.tid == then.tid or not writes(other) or not overlap(place_of(other), place_of(then)):
                continue
            if kind == "claims" and other.site != then.site:
                continue
            if _visible(run, failure, last):
                yield first, index, last
            break


def _visible(run: Account, failure: ThreadFailure, index: int) -> bool:
    """Whether the thread that failed could tell: it did that step, or came to that place later, or was alone then."""
    tid = failure.thread.tid
    step = run.steps[index]
    if step.tid == tid or (tid == 0 and run.alone(failure.after)):
        return True
    return any(
        later.tid == tid and place_of(later) is not None and overlap(place_of(later), place_of(step))
        for later in run.steps[index + 1 : failure.after]
    )


def _most_telling(run: Account, failure: ThreadFailure, found: list[Between]) -> list[Between]:
    """Those first whose place the failing line names."""
    trace = failure.error.__traceback__
    text = str(failure.error)
    while trace is not None:
        text += source_line((trace.tb_frame.f_code.co_filename, trace.tb_lineno))
        trace = trace.tb_next
    return sorted(found, key=lambda each: run.place(run.steps[each[2]]).partition("[")[0] not in text)


def _unchanged(first: Recorded, changed: Recorded, then: Recorded) -> bool:
    """Whether the last change before a step left what the first step had found."""
    if _tells_value(first) and _tells_value(changed):
        return first.value == changed.value
    return first.before is not None and first.before == then.before


def _tells_value(step: Recorded) -> bool:
    """Whether the value of the step is that of the variable or item."""
    return step.value is not None and step.what.startswith(("read ", "write "))


def _is(step: Recorded) -> str:
    return f" = {step.value}" if _tells_value(step) else ""


def _done(step: Recorded) -> str:
    """A step in the words of the table."""
    return phrase(step.what, step.value)


def _owner(step: Recorded) -> Any:
    return None if isinstance(step.op[1], str) else step.op[1][0]
