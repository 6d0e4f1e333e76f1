"""A verdict as text: the answer first, then the run in columns, one a thread, and the reason."""

import os

from concur.check.verdict import Failure, Status, Step, Verdict

_NUMBER = 5
_MOST_ROWS = 40


def text(verdict: Verdict, width: int = 80) -> str:
    """The whole report."""
    lines = [headline(verdict)]
    if verdict.failure is not None:
        lines += ["", *interleaving(verdict.failure, width)]
    lines += [f"  race: {race}" for race in verdict.races]
    return "\n".join(lines)


def headline(verdict: Verdict) -> str:
    """The verdict in one line, with what it covers."""
    count = f"{verdict.schedules:,} schedule{'' if verdict.schedules == 1 else 's'}"
    start = f"{verdict.scenario}: {verdict.status}"
    if verdict.status is Status.VERIFIED:
        return f"{start}, {count}, {verdict.seconds:.2f} s: {verdict.bound}"
    if verdict.status is Status.REFUTED and verdict.failure is not None:
        return f"{start} by schedule {verdict.schedules:,}, {verdict.seconds:.2f} s: {verdict.failure.kind}"
    return f"{start} after {count}, {verdict.seconds:.2f} s: {verdict.reason}"


def interleaving(failure: Failure, width: int = 80) -> list[str]:
    """The failing run: a column for each thread, the lines of the program, and the reason."""
    rows = _rows(failure)
    threads = list(dict.fromkeys(step.thread for step in rows))
    place = max((len(_where(step)) for step in rows), default=0) + 2
    column = max(12, (width - _NUMBER - place) // max(len(threads), 1))
    titles = [_fold(_title(thread), column - 1) for thread in threads]
    lines = [
        " " * _NUMBER
        + "".join(
            (title[level] if level < len(title) else "")[: column - 1].ljust(column) for title in titles
        )
        for level in range(max(map(len, titles), default=0))
    ]
    for number, step in enumerate(rows, start=1):
        index = threads.index(step.thread)
        for part, piece in enumerate(_fold(_cell(step), column - 2)):
            left = f"{number:>3}  " if part == 0 else " " * _NUMBER
            line = left + " " * (index * column) + piece
            lines.append(line.ljust(width - place + 1) + _where(step) if part == 0 else line)
    lines += ["", *_sources(rows), "", f"  {failure.message}"]
    lines += [f"  {line}" for why in failure.why.splitlines() for line in _fold(why, width - 2)]
    return [line.rstrip() for line in lines]


def _rows(failure: Failure) -> list[Step]:
    """The steps that matter: not the starting and ending of threads, and each library call once."""
    rows: list[Step] = []
    for step in failure.steps:
        call = step.op.partition("(): ")[0] if "(): " in step.op else ""
        before = rows[-1] if rows else None
        if (
            call
            and before is not None
            and (before.thread, before.line, before.op) == (step.thread, step.line, f"{call}()")
        ):
            continue
        rows.append(
            Step(step.thread, step.file, step.line, step.source, f"{call}()" if call else step.op, step.value)
        )
    if len(rows) > _MOST_ROWS:
        rows = rows[-_MOST_ROWS:]
    return rows


def _title(thread: str) -> str:
    """``Thread-1 (work)`` is shown as such; the main thread as main."""
    return "main" if thread == "MainThread" else thread


def _cell(step: Step) -> str:
    if step.op == "raise":
        return f"<- {(step.value or '').partition(':')[0]}"
    if step.value is None or step.op.endswith("()"):
        return step.op
    for verb, sign in (("read ", "is"), ("write ", "=")):
        if step.op.startswith(verb):
            return f"{step.op.removeprefix(verb)} {sign} {step.value}"
    return f"{step.op} -> {step.value}"


def _where(step: Step) -> str:
    return f"{os.path.basename(step.file)}:{step.line}" if step.line else ""


def _fold(text_: str, width: int) -> list[str]:
    lines, line = [], ""
    words = [
        word[start : start + width]
        for word in text_.split(" ")
        for start in range(0, max(len(word), 1), width)
    ]
    for word in words:
        if line and len(line) + 1 + len(word) > width:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    return [*lines, line]


def _sources(rows: list[Step]) -> list[str]:
    """Each line of the program that takes part, once."""
    seen = sorted({(step.file, step.line, step.source) for step in rows if step.line})
    return [f"  {os.path.basename(file)}:{line:<5} {source}" for file, line, source in seen]
