"""A result as text: what was verified, what was refuted, the run that refutes it, what to do next.

Plain ASCII of our own making, at most 80 columns except for tokens and source lines; colours only
on a terminal.
"""

import textwrap

from rich.console import Console
from rich.text import Text

from concur.check.verdict import Status
from concur.grade.course import replay_command
from concur.grade.result import PropertyResult, Result

_PRINTED_LINES = 12
_WIDTH = 79
_TITLE = 38  # leaves room for "10/10  refuted, 3 context switches"
_REPORT_LINES = 60
_FIRST_LINES = 20  # of a longer one

Lines = list[Text]


def show(lines: Lines, console: Console) -> None:
    """Print *lines*; what is too long for the terminal is wrapped by it, so that it can be copied."""
    for line in lines:
        console.print(line, soft_wrap=True)


def result(found: Result, *, score: bool = True) -> Lines:
    """What an attempt earned: a line for each property, the first failing run, the score."""
    lines = [_head(found)]
    width = min(_TITLE, max(len(each.title) for each in found.properties))
    shared = _shared_reason(found)
    shown = False
    for each in found.properties:
        lines += _property(each, width, score=score)
        if each.earned and each.reason:
            lines += folded(f"not every schedule was run: {each.reason}", 6)
        if each.earned or shared:
            continue
        if each.reason:
            lines += folded(each.reason, 6)
        elif not shown:
            lines += _shortened(folded(each.report, 6))
        elif each.failure is not None:
            lines += folded(each.failure.message, 6)
        shown |= each.failure is not None and not each.reason
        if each.failure is not None and each.failure.token and not each.reason:
            again = replay_command(found.exercise, found.other_file, each.failure.token)
            lines.append(Text(f"      again: {again}", style="cyan"))
    if shared:
        lines += folded(shared, 6)
    lines += printed(found.attempt.name, found.output)
    if score:
        lines.append(Text(f"  score {found.score}/{found.max}", style="bold"))
    return lines


def _shortened(lines: Lines) -> Lines:
    """A long report without its middle: how it began, how it ended, and why."""
    if len(lines) <= _REPORT_LINES:
        return lines
    left_out = Text(f"      ... {len(lines) - _REPORT_LINES + 1:,} lines are left out")
    return [*lines[:_FIRST_LINES], left_out, *lines[_FIRST_LINES - _REPORT_LINES + 1 :]]


def _head(result: Result) -> Text:
    name = f"{result.exercise.number} {result.exercise.name}"
    cost = f"{result.seconds:.1f} s, {count(result.schedules, 'schedule')}"
    return Text(f"{name:<{_WIDTH - len(cost) - 1}} {cost}", style="bold")


def _property(each: PropertyResult, width: int, *, score: bool) -> list[Text]:
    first, *rest = textwrap.wrap(each.title, width)
    mark, style = ("ok", "green") if each.earned else ("NO", "red")
    line = Text("  ").append(mark, style=style)
    points = f"{each.earned}/{each.points}  " if score else ""
    line.append(f"  {first:<{width}}  {points}{_said(each)}")
    return [line, *(Text(f"      {more}") for more in rest)]


def _said(each: PropertyResult) -> str:
    """The verdict in few words."""
    if each.failure is not None and not each.schedules:
        return "failed"
    if each.status is Status.VERIFIED and not each.schedules:
        return "passed"  # a plain test, run once: nothing was verified
    if each.status in (Status.VERIFIED, Status.UNFINISHED):
        return f"{each.status}, {count(each.schedules, 'schedule')}"
    if each.failure is not None and each.failure.steps:
        return f"{each.status}, {count(each.failure.switches, 'context switch')}"
    return str(each.status)


def _shared_reason(result: Result) -> str:
    """The reason that all properties have in common, as when the file does not compile."""
    reasons = {each.reason for each in result.properties}
    return reasons.pop() if len(reasons) == 1 and not result.score else ""


def printed(by: str, output: str) -> Lines:
    """What a program printed, apart from what we say, and no more than a dozen lines of it."""
    if not output.strip():
        return []
    told = [plain(line) for line in output.splitlines()]
    lines = [Text(f"  printed by {by}:", style="bold")]
    lines += [Text(f"    | {line[: _WIDTH - 6]}", style="dim") for line in told[:_PRINTED_LINES]]
    if len(told) > _PRINTED_LINES:
        lines.append(Text(f"    | ... {count(len(told) - _PRINTED_LINES, 'more line')}", style="dim"))
    return lines


def folded(text: str, by: int = 0, width: int = _WIDTH) -> Lines:
    """The lines of *text*, indented; those that are too long go on below, in the same column."""
    lines = []
    for line in plain(text, keep="\n").splitlines():
        left = " " * (by + len(line) - len(line.lstrip()))
        pieces = (
            textwrap.wrap(line.strip(), max(20, width - len(left)))
            if len(line) + by > width
            else [line.strip()]
        )
        lines += [Text((left + piece).rstrip()) for piece in pieces]
    return lines


def plain(text: str, keep: str = "") -> str:
    """*text* without control characters, which could move the cursor or change colours."""
    return "".join(each if each.isprintable() or each in keep else " " for each in text)


def count(number: int, what: str) -> str:
    """A number and its noun.

    >>> count(1204, "schedule"), count(1, "schedule")
    ('1,204 schedules', '1 schedule')
    """
    plural = "" if number == 1 else "es" if what.endswith("ch") else "s"
    return f"{number:,} {what}{plural}"
