"""A verdict as text: the answer first, then the run in columns, one a thread, and the reason."""

import os
import re
from dataclasses import replace

from concur.check.verdict import Failure, Status, Step, Verdict

_NUMBER = 5
_MOST_NOTES = 3
_MOST_ROWS = 40
_LEAST_COLUMN = 10
_LEAST_SOURCE = 26  # characters for the line of the program


def text(verdict: Verdict, width: int = 80) -> str:
    """The whole report."""
    lines = [headline(verdict)]
    if verdict.failure is not None:
        lines += ["", *interleaving(verdict.failure, width)]
    lines += _races(verdict, width)
    return "\n".join(lines)


def headline(verdict: Verdict) -> str:
    """The verdict in one line, with what it covers."""
    count = f"{verdict.schedules:,} schedule{'' if verdict.schedules == 1 else 's'}"
    start = f"{verdict.scenario}: {verdict.status}"
    if verdict.status is Status.VERIFIED:
        return f"{start}, {count}, {verdict.seconds:.2f} s: {verdict.bound}"
    if verdict.status is Status.REFUTED and verdict.failure is not None:
        switches = verdict.failure.switches
        counted = f"{switches:,} context switch{'' if switches == 1 else 'es'}"
        where = f"{start} by schedule {verdict.schedules:,}, {verdict.seconds:.2f} s"
        return f"{where}: {verdict.failure.kind}, {counted}"
    return f"{start} after {count}, {verdict.seconds:.2f} s: {verdict.reason}"


def _races(verdict: Verdict, width: int) -> list[str]:
    """Each race with its lines; of the notes, which seldom matter, the first few; of a refuted scenario none."""
    races = [race for race in verdict.races if race.severity == "race"]
    notes = [race for race in verdict.races if race.severity == "note"]
    if verdict.failure is not None:
        races, notes = [race for race in races if race.message != verdict.failure.message], []
    shown = [*races, *notes[:_MOST_NOTES]]
    lines = [""] if shown else []
    for race in shown:
        first, *rest = _fold(str(race), width - 4)
        lines += [f"  {first}", *(f"    {line}" for line in rest)]
        sites = dict.fromkeys((step.file, step.line, step.source) for step in (race.first, race.second))
        lines += [
            _cut(f"      {os.path.basename(file)}:{line}  {source}", width)
            for file, line, source in (sites if race.severity == "race" else ())
        ]
    left_out = len(notes) - len(notes[:_MOST_NOTES]) + verdict.races_left_out
    if left_out and verdict.failure is None:
        lines.append(f"  and {left_out} more, in --json")
    return lines


def interleaving(failure: Failure, width: int = 80) -> list[str]:
    """The failing run: a column for each thread, the lines of the program, and the reason."""
    rows = rows_of(failure)[-_MOST_ROWS:]
    threads = list(dict.fromkeys(step.thread for step in rows))
    files = [os.path.basename(step.file) for step in rows if step.line]
    main_file = max(files, key=files.count, default="")
    cells = [cell_of(step) for step in rows]
    wanted = {thread: max(map(len, title_of(thread).split())) + 1 for thread in threads}
    for step, cell in zip(rows, cells, strict=True):
        wanted[step.thread] = max(wanted[step.thread], len(cell) + 2)
    widths = _shared(wanted, width - _NUMBER - _LEAST_SOURCE)
    at = {thread: _NUMBER + sum(list(widths.values())[:index]) for index, thread in enumerate(threads)}
    source_at = _NUMBER + sum(widths.values())
    lines = _header([(title_of(thread), widths[thread]) for thread in threads], main_file)
    for number, (step, cell) in enumerate(zip(rows, cells, strict=True), start=1):
        for part, piece in enumerate(_fold(cell, widths[step.thread] - 2)):
            left = f"{number:>3}" if part == 0 else ""
            line = (left.ljust(at[step.thread]) + piece).ljust(source_at)
            lines.append(line + _source(step, main_file) if part == 0 else line)
    lines = [_cut(line.rstrip(), width) for line in lines]
    lines += ["", *(f"  {line}" for line in _fold(failure.message, width - 2))]
    lines += [f"  {line}" for why in failure.why.splitlines() for line in _fold(why, width - 2)]
    return lines


def _shared(wanted: dict[str, int], room: int) -> dict[str, int]:
    """A width for each column: as wanted, or the widest ones cut down until all fit."""
    widths = dict(wanted)
    while sum(widths.values()) > room and max(widths.values()) > _LEAST_COLUMN:
        widest = max(widths, key=lambda thread: widths[thread])
        widths[widest] -= 1
    return widths


def _header(columns: list[tuple[str, int]], file: str) -> list[str]:
    titles = [_fold(title, width - 1) for title, width in columns]
    lines = []
    for level in range(max(map(len, titles), default=0)):
        names = [title[level] if level < len(title) else "" for title in titles]
        line = " " * _NUMBER + "".join(
            name.ljust(width) for name, (_, width) in zip(names, columns, strict=True)
        )
        lines.append(line + file if level == 0 else line)
    return lines


def _cut(line: str, width: int) -> str:
    return line if len(line) <= width else line[: width - 2] + ".."


def rows_of(failure: Failure) -> list[Step]:
    """The steps to show: what happens inside one call of a library is one row, until another thread runs."""
    rows: list[Step] = []
    begun: dict[str, tuple[int, str]] = {}  # thread -> the call it is in
    for step in failure.steps:
        call, inside, _ = step.op.rpartition("(): ")
        op, value = step.op, step.value
        if inside and call.startswith("waits: "):
            op = f"{call}()"
        elif inside:
            before = begun.get(step.thread)
            begun[step.thread] = (step.line, call)
            if before == begun[step.thread]:
                if rows and rows[-1].thread == step.thread:
                    rows[-1] = replace(rows[-1], changes=rows[-1].changes + step.changes)
                    continue
                op, value = f"... {call.rpartition('.')[2]}()", None
            else:
                op, value = f"{call}()", None
        else:
            begun.pop(step.thread, None)
        rows.append(replace(step, op=op, value=value))
    return rows


def title_of(thread: str) -> str:
    """``Thread-1 (work)`` is shown as such; the main thread as main."""
    return "main" if thread == "MainThread" else thread


def cell_of(step: Step) -> str:
    if step.op == "raise":
        return f"<- {(step.value or '').partition(':')[0]}"
    if step.value is None or step.op.endswith("()"):
        return step.op
    for verb, sign in (("read ", "is"), ("write ", "=")):
        if step.op.startswith(verb):
            return f"{step.op.removeprefix(verb)} {sign} {step.value}"
    return f"{step.op} -> {step.value}"


def _source(step: Step, main_file: str) -> str:
    if not step.line:
        return ""
    file = os.path.basename(step.file)
    return f"{step.line:>4}  {step.source}" if file == main_file else f"{file}:{step.line}"


def _fold(text_: str, width: int) -> list[str]:
    """The text in lines of a width; broken at spaces, else behind a dot or a bracket, else anywhere."""
    pieces = []
    for word in text_.split(" "):
        parts = re.split(r"(?<=[.(_])", word) if len(word) > width else [word]
        for number, part in enumerate(parts):
            chunks = [part[start : start + width] for start in range(0, max(len(part), 1), width)]
            pieces += [
                (" " if number == 0 and index == 0 else "", chunk) for index, chunk in enumerate(chunks)
            ]
    lines, line = [], ""
    for space, piece in pieces:
        if line and len(line) + len(space) + len(piece) > width:
            lines.append(line)
            line = piece
        else:
            line = f"{line}{space}{piece}" if line else piece
    return [*lines, line]
