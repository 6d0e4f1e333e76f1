"""Tables of scenarios on pages of docs/: the pages are the only place where the figures are kept.

A table has a column for each Python that it was made with; a script beside the scenarios makes the column of
the Python that runs it anew, and a test holds it against what is found.
"""

import ast
import platform
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from concur.check import Status, Verdict

THIS = platform.python_version()
_TABLE = re.compile(r"(<!-- (\S+): .*? -->\n)(.*?)(\n<!-- end -->)", re.DOTALL)

Rows = dict[str, list[str]]  # first cell -> the others
Row = tuple[
    str, str, Callable[[], str] | None
]  # the first cell, the second, and what finds that of this Python


def tables(page: str) -> dict[str, tuple[list[str], Rows]]:
    """Name of a table -> its head, and its rows."""
    found = {}
    for _, name, body, _ in _TABLE.findall(page):
        lines = [
            [cell.strip() for cell in line.strip("|").split(" | ")] for line in body.strip().splitlines()
        ]
        found[name] = (lines[0], {cells[0]: cells[1:] for cells in lines[2:]})
    return found


def cell_of_this_python(table: tuple[list[str], Rows], row: str) -> str | None:
    """What the table says for this Python; None if it was not made with it."""
    head, rows = table
    return rows[row][head.index(THIS) - 1] if THIS in head else None


def scenarios(file: Path) -> Iterator[tuple[str, str]]:
    """Name and docstring of each scenario of a file, which this Python need not be able to run."""
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("scenario_"):
            yield node.name, ast.get_docstring(node) or ""


def title(scenario: str) -> str:
    """How a page calls a scenario."""
    return f"`{scenario.removeprefix('scenario_')}`"


def schedules(verdict: Verdict) -> str:
    """How many schedules verified a scenario, or how it failed, and with which of them."""
    if verdict.status is Status.REFUTED and verdict.failure is not None:
        return f"{verdict.failure.kind}, {verdict.schedules:,}"
    return f"{verdict.schedules:,}" if verdict.status is Status.VERIFIED else str(verdict.status)


def made_anew(
    page: str,
    rows_of: Callable[[str], Iterable[Row]],
    wanted: Sequence[str] = (),
    *,
    keep: Sequence[str] = (),
) -> str:
    """The page with the column of this Python, and with the rows that there are now.

    Args:
        rows_of: the rows of the table of that name.
        wanted: the tables to make; none: all.
        keep: those whose rows this Python need not have; the others' rows stay.
    """

    def table(match: re.Match[str]) -> str:
        opening, name, body, end = match.groups()
        if wanted and name not in wanted:
            return match.group()
        head, rows = tables(match.group())[name]
        column = head.index(THIS) - 1
        new: Rows = {}
        for first, second, find in rows_of(name):
            cells = rows.get(first, [""] * (len(head) - 1))
            cells[0] = second
            cells[column] = find() if find is not None else "-"
            new[first] = cells
            print(f"{first} {cells[column]}", file=sys.stderr)
        if name in keep:
            new.update({first: cells for first, cells in rows.items() if first not in new})
        lines = [*body.strip().splitlines()[:2]]
        lines += [f"| {' | '.join([first, *cells])} |" for first, cells in new.items()]
        return opening + "\n".join(lines) + end

    return _TABLE.sub(table, page)
