"""The tables of docs/standard-library.md: read, and made anew for the Python that runs this.

    $ python -m tests.check.stdlib.table [NAME]...     # once with each of the versions that the page names

NAME is that of a table, such as queues.py; without, all are made.

The page is the only place where the figures are kept; test_standard_library.py holds it against what is found.
"""

import ast
import platform
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from concur.check import Status, Verdict, explore
from tests.check.stdlib.mutants import HERE, SCENARIOS, Mutant, mutants

PAGE = HERE.parents[2] / "docs" / "standard-library.md"
FILES = ("locks.py", "queues.py", "shutdown.py", "executors.py")
REFUTED = "refuted.py"
_TABLE = re.compile(r"(<!-- (\S+): .*? -->\n)(.*?)(\n<!-- end -->)", re.DOTALL)

Rows = dict[str, list[str]]  # first cell -> the others
THIS = platform.python_version()


def tables(page: str) -> dict[str, tuple[list[str], Rows]]:
    """Name of a table -> its head, and its rows."""
    found = {}
    for _, name, body, _ in _TABLE.findall(page):
        lines = [
            [cell.strip() for cell in line.strip("|").split(" | ")] for line in body.strip().splitlines()
        ]
        found[name] = (lines[0], {cells[0]: cells[1:] for cells in lines[2:]})
    return found


def scenarios(file: str) -> Iterator[tuple[str, str]]:
    """Name and docstring of each scenario of a file, which this Python need not be able to run."""
    for node in ast.parse((SCENARIOS / file).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("scenario_"):
            yield node.name, ast.get_docstring(node) or ""


def runs_here(file: str) -> bool:
    return file != "shutdown.py" or sys.version_info >= (3, 13)


def verdict_of(file: str, name: str) -> Verdict:
    return explore(f"{SCENARIOS / file}::{name}", max_seconds=None)  # no verdict rests on a clock


def verdict_on(mutant: Mutant) -> Verdict:
    with mutant.in_place():
        return explore(str(SCENARIOS / mutant.refuted_by), max_schedules=500, max_seconds=None)


def cell(verdict: Verdict) -> str:
    """What the page says of a verdict."""
    if verdict.status is Status.REFUTED and verdict.failure is not None:
        return f"{verdict.failure.kind}, {verdict.schedules:,}"
    return f"{verdict.schedules:,}" if verdict.status is Status.VERIFIED else str(verdict.status)


def _verified(file: str) -> Iterator[tuple[str, str, Callable[[], str] | None]]:
    for name, claim in scenarios(file):
        find = partial(_schedules, file, name) if runs_here(file) else None
        yield f"`{name.removeprefix('scenario_')}`", claim, find


def _mistakes() -> Iterator[tuple[str, str, Callable[[], str] | None]]:
    for mutant in mutants():
        yield str(mutant), mutant.scenario, partial(_mistake, mutant)


def _refuted() -> Iterator[tuple[str, str, Callable[[], str] | None]]:
    for name, claim in scenarios(REFUTED):
        yield f"`{name.removeprefix('scenario_')}`", claim, partial(_token, name)


def _schedules(file: str, name: str) -> str:
    return cell(verdict_of(file, name))


def _mistake(mutant: Mutant) -> str:
    return cell(verdict_on(mutant))


def _token(name: str) -> str:
    failure = verdict_of(REFUTED, name).failure
    assert failure is not None, name
    return f"`{failure.token}`"


def made_anew(page: str, wanted: Sequence[str] = ()) -> str:
    """The page with the column of this Python, and with the rows that there are now."""

    def table(match: re.Match[str]) -> str:
        opening, name, body, end = match.groups()
        if wanted and name not in wanted:
            return match.group()
        head, rows = tables(match.group())[name]
        column = head.index(THIS) - 1
        sources = {"mistakes": _mistakes, "refuted": _refuted}
        lines = [*body.strip().splitlines()[:2]]
        new = {}
        for first, second, find in sources[name]() if name in sources else _verified(name):
            cells = rows.get(first, [""] * (len(head) - 1))
            cells[0] = second
            cells[column] = find() if find is not None else "-"
            new[first] = cells
            print(f"{first} {cells[column]}", file=sys.stderr)
        if name == "mistakes":  # this Python need not have all of them
            new = {
                first: new.get(first) or rows[first]
                for first in [*new, *(first for first in rows if first not in new)]
            }
        lines += [f"| {' | '.join([first, *cells])} |" for first, cells in new.items()]
        return opening + "\n".join(lines) + end

    return _TABLE.sub(table, page)


if __name__ == "__main__":
    PAGE.write_text(made_anew(PAGE.read_text(encoding="utf-8"), sys.argv[1:]), encoding="utf-8")
