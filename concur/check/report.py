"""A verdict as text: the answer first, then the run in columns, one a thread, and the reason."""

import re
import sys
import unicodedata
from dataclasses import replace

from concur.check.verdict import Failure, Status, Step, Verdict
from concur.check.whereabouts import short_file

_NUMBER = 5
_MOST_NOTES = 3
_MOST_ROWS = 40
_LEAST_COLUMN = 10
_LEAST_SOURCE = 26  # characters for the line of the program
_MOST_SOURCE = 40


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
        if verdict.failure.why and verdict.failure.kind != "race":
            return []  # one thing at a time: what refutes the scenario is explained
        races, notes = [race for race in races if race.message != verdict.failure.message], []
    shown = [*races, *notes[:_MOST_NOTES]]
    lines = [""] if shown else []
    for race in shown:
        first, *rest = _fold(str(race), width - 4)
        lines += [f"  {first}", *(f"    {line}" for line in rest)]
        sites = dict.fromkeys((step.file, step.line, step.source) for step in (race.first, race.second))
        lines += [
            _cut(f"      {short_file(file)}:{line}  {source}", width)
            for file, line, source in (sites if race.severity == "race" else ())
        ]
    left_out = len(notes) - len(notes[:_MOST_NOTES]) + verdict.races_left_out
    if left_out and verdict.failure is None:
        lines.append(f"  and {left_out} more, in --json")
    return lines


def interleaving(failure: Failure, width: int = 80) -> list[str]:
    """The failing run: a column for each thread, the lines of the program, and the reason."""
    every = rows_of(failure)
    rows = every[-_MOST_ROWS:]
    first = len(every) - len(rows) + 1
    repeats = repeated_rows(failure, every)
    threads = list(dict.fromkeys(step.thread for step in rows))
    apart = _without_column(rows, threads)
    threads = [thread for thread in threads if thread != apart]
    files = [short_file(step.file) for step in rows if step.line]
    main_file = max(files, key=files.count, default="")
    cells = [cell_of(step) for step in rows]
    wanted = {thread: max(map(_columns, title_of(thread).split())) + 1 for thread in threads}
    for step, cell in zip(rows, cells, strict=True):
        if step.thread != apart:
            wanted[step.thread] = max(wanted[step.thread], _columns(cell) + 2)
    if apart is not None and wanted:  # what it raises stands across the columns
        room = _columns(f"{title_of(apart)}: {cells[-1]}") + 1 - sum(wanted.values())
        wanted[threads[-1]] += max(room, 0)
    source = max((_columns(_source(step, main_file)) for step in rows), default=0)
    left = _NUMBER + (repeats is not None)  # a mark stands beside the numbers
    widths = _shared(wanted, width - left - min(max(_LEAST_SOURCE, source), _MOST_SOURCE))
    widths = _shared(wanted, width - left - _LEAST_SOURCE) if _folded(rows, cells, widths) else widths
    at = {thread: left + sum(list(widths.values())[:index]) for index, thread in enumerate(threads)}
    source_at = left + sum(widths.values())
    lines = _header([("", left), *((title_of(thread), widths[thread]) for thread in threads)], main_file)
    if first > 1:
        lines.append(f"     (the first {first - 1:,} steps are left out)")
    for number, (step, cell) in enumerate(zip(rows, cells, strict=True), start=first):
        if step.thread == apart:
            start, pieces = left, _fold(f"{title_of(step.thread)}: {cell.removeprefix('<- ')}", source_at - 7)
        else:
            start, pieces = at[step.thread], _fold(cell, widths[step.thread] - 2)
        mark = "|" if repeats is not None and repeats[0] <= number <= repeats[1] else ""
        for part, piece in enumerate(pieces):
            beside = f"{number if part == 0 else '':>3} {mark}".rstrip()
            line = _pad(_pad(beside, start) + piece, source_at)
            lines.append(line + _source(step, main_file, width - source_at) if part == 0 else line)
    lines = [_cut(line.rstrip(), width) for line in lines]
    if repeats is not None:
        lines += ["", f"  steps {repeats[0]} to {repeats[1]} repeat for ever"]
    lines += ["", *(f"  {line}" for line in _fold(failure.message, width - 2))]
    for why in failure.why.splitlines():
        margin = " " * (2 + len(why) - len(why.lstrip()))
        lines += [f"{margin}{line}" for line in _fold(why.lstrip(), width - len(margin))]
    return lines


def repeated_rows(failure: Failure, rows: list[Step]) -> tuple[int, int] | None:
    """The numbers of the first and the last row of what repeats."""
    if failure.repeats is None:
        return None
    first, last = failure.repeats
    numbers = [len(rows_of(replace(failure, steps=failure.steps[: index + 1]))) for index in (first, last)]
    return numbers[0], min(numbers[1], len(rows))


def _without_column(rows: list[Step], threads: list[str]) -> str | None:
    """The main thread needs no column for nothing but its exception."""
    alone = len(threads) > 1 and [step.op for step in rows if step.thread == "MainThread"] == ["raise"]
    return "MainThread" if alone else None


def _folded(rows: list[Step], cells: list[str], widths: dict[str, int]) -> bool:
    """Whether a cell needs more than one line."""
    return any(
        _columns(cell) > widths[step.thread] - 2
        for step, cell in zip(rows, cells, strict=True)
        if step.thread in widths
    )


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
        line = "".join(_pad(name, width) for name, (_, width) in zip(names, columns, strict=True))
        lines.append(line + file if level == 0 else line)
    return lines


def _columns(text_: str) -> int:
    """How wide a text is in a terminal: Chinese, Japanese and Korean characters take two columns."""
    if text_.isascii():
        return len(text_)
    return sum(
        0 if unicodedata.combining(each) else 2 if unicodedata.east_asian_width(each) in "WF" else 1
        for each in text_
    )


def _pad(text_: str, width: int) -> str:
    return text_ + " " * (width - _columns(text_))


def _head_of(text_: str, width: int) -> str:
    """As much of the beginning as has room; at least one character."""
    end = len(text_)
    while end > 1 and _columns(text_[:end]) > width:
        end -= 1
    return text_[:end]


def _cut(line: str, width: int) -> str:
    return line if _columns(line) <= width else _head_of(line, width - 2) + ".."


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
    """A step in few words."""
    if step.op == "raise":
        return f"<- {(step.value or '').partition(':')[0]}"
    if step.op.startswith("waits: "):
        op = step.op.removeprefix("waits: ")
        for start, told in (
            ("acquire ", "waits for "),
            ("join ", "waits for the end of "),
        ):
            if op.startswith(start):
                return told + op.removeprefix(start)
        if op.startswith("wait for a change of "):
            places = op.removeprefix("wait for a change of ")
            return "goes round for ever" if places == "nothing" else f"waits for {places} to change"
        return f"waits in {op}" if op.endswith(")") else step.op
    return step.op if step.op.endswith("()") and step.value is None else phrase(step.op, step.value)


def phrase(op: str, value: str | None) -> str:
    """What was done, and what that found or left.

    >>> phrase("read n", "0"), phrase("write n", "1"), phrase("bool(items)", "False"), phrase("items.pop()", "[]")
    ('n is 0', 'n = 1', 'items is empty', 'items.pop() -> []')
    """
    if value is None:
        return op
    if op.startswith("bool(") and value in ("True", "False"):
        return f"{op[5:-1]} is {'not ' if value == 'True' else ''}empty"
    for verb, sign in (("read ", "is"), ("write ", "=")):
        if op.startswith(verb):
            return f"{op.removeprefix(verb)} {sign} {value}"
    return f"{op} -> {value}"


def _source(step: Step, main_file: str, room: int = sys.maxsize) -> str:
    if not step.line:
        return ""
    file = short_file(step.file)
    if file == main_file:
        return f"{step.line:>4}  {step.source}"
    where = f"{file}:{step.line}"
    return where if len(where) <= room else f"..{where[2 - room :]}"  # the line is what counts


def _fold(text_: str, width: int) -> list[str]:
    """The text in lines of a width; broken at spaces, else behind a dot or a bracket, else anywhere."""
    pieces: list[tuple[str, str]] = []
    for word in text_.split(" "):
        parts = re.split(r"(?<=[.(_])(?!\))", word) if _columns(word) > width else [word]
        for number, part in enumerate(parts):
            space, rest = " " if number == 0 else "", part
            while True:
                head = _head_of(rest, width)
                pieces.append((space, head))
                space, rest = "", rest[len(head) :]
                if not rest:
                    break
    lines, line = [], ""
    for space, piece in pieces:
        if line and _columns(line) + len(space) + _columns(piece) > width:
            lines.append(line)
            line = piece
        else:
            line = f"{line}{space}{piece}" if line else piece
    return [*lines, line]
