"""The tables of docs/packages.md, made anew for the Python that runs this.

    $ python -m tests.check.packages.table [NAME]...     # once with each of the versions that the page names

NAME is that of a package; without, all are made.
"""

import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from concur.check import Verdict, explore
from tests.check.page_tables import Row, made_anew, scenarios, title

HERE = Path(__file__).parent
PAGE = HERE.parents[2] / "docs" / "packages.md"
PACKAGES = ("readerwriterlock", "cachetools", "fasteners", "pybreaker", "expiringdict")


def file_of(package: str) -> Path:
    return HERE / "scenarios" / f"use_{package}.py"


def verdict_of(package: str, name: str) -> Verdict:
    return explore(f"{file_of(package)}::{name}", max_seconds=None, rewrite=[package])


def cell(verdict: Verdict) -> str:
    """How many schedules verified a scenario, or the kind of its failure with the token that replays it."""
    failure = verdict.failure
    if failure is not None:
        return f"{failure.kind} `{failure.token}`"
    return f"{verdict.status}, {verdict.schedules:,}"


def rows_of(package: str) -> Iterator[Row]:
    for name, claim in scenarios(file_of(package)):
        yield title(name), claim, partial(_find, package, name)


def _find(package: str, name: str) -> str:
    return cell(verdict_of(package, name))


if __name__ == "__main__":
    PAGE.write_text(made_anew(PAGE.read_text(encoding="utf-8"), rows_of, sys.argv[1:]), encoding="utf-8")
