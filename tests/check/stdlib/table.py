"""The tables of docs/standard-library.md, made anew for the Python that runs this.

    $ python -m tests.check.stdlib.table [NAME]...     # once with each of the versions that the page names

NAME is that of a table, such as queues.py; without, all are made.
"""

import sys
from collections.abc import Iterator
from functools import partial

from concur.check import Verdict, explore
from tests.check.page_tables import Row, made_anew, scenarios, schedules, title
from tests.check.stdlib.mutants import HERE, SCENARIOS, Mutant, mutants

PAGE = HERE.parents[2] / "docs" / "standard-library.md"
FILES = ("locks.py", "queues.py", "shutdown.py", "executors.py")
REFUTED = "refuted.py"


def runs_here(file: str) -> bool:
    return file != "shutdown.py" or sys.version_info >= (3, 13)


def verdict_of(file: str, name: str) -> Verdict:
    return explore(f"{SCENARIOS / file}::{name}", max_seconds=None)  # no verdict rests on a clock


def verdict_on(mutant: Mutant) -> Verdict:
    with mutant.in_place():
        return explore(str(SCENARIOS / mutant.refuted_by), max_schedules=500, max_seconds=None)


def rows_of(name: str) -> Iterator[Row]:
    """What there is to be found for the table of that name."""
    if name == "mistakes":
        for mutant in mutants():
            yield str(mutant), mutant.scenario, partial(_mistake, mutant)
        return
    file = REFUTED if name == "refuted" else name
    for scenario, claim in scenarios(SCENARIOS / file):
        find = partial(_token if name == "refuted" else _schedules, file, scenario)
        yield title(scenario), claim, find if runs_here(file) else None


def _schedules(file: str, name: str) -> str:
    return schedules(verdict_of(file, name))


def _mistake(mutant: Mutant) -> str:
    return schedules(verdict_on(mutant))


def _token(file: str, name: str) -> str:
    failure = verdict_of(file, name).failure
    assert failure is not None, name
    return f"`{failure.token}`"


if __name__ == "__main__":
    PAGE.write_text(
        made_anew(PAGE.read_text(encoding="utf-8"), rows_of, sys.argv[1:], keep=["mistakes"]),
        encoding="utf-8",
    )
