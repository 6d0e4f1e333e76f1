"""A golden report for each kind of failure: the program in `golden/`, and beside it what a student reads.

To write the reports anew, and then read each one that changed:
`CONCUR_UPDATE_GOLDEN=1 python -m pytest tests/check/test_golden.py`.
"""

import ast
import os
import re
from pathlib import Path

import pytest

from concur.check import Status, explore

GOLDEN = Path(__file__).parent / "golden"
NAMES = sorted(path.stem for path in GOLDEN.glob("*.py") if path.stem != "together")
UPDATE = "CONCUR_UPDATE_GOLDEN"


def report_of(name: str) -> str:
    """The report of a program at 80 columns, without what differs between machines and versions."""
    file = GOLDEN / f"{name}.py"
    given = re.search(r"^OPTIONS = (.+)$", file.read_text("utf-8"), re.MULTILINE)
    options = ast.literal_eval(given[1]) if given else {}
    verdict = explore(f"{file}::scenario", max_seconds=None, **options)
    assert verdict.status is Status.REFUTED, verdict
    text = re.sub(r"\d+\.\d\d s", "0.00 s", str(verdict))
    return re.sub(r"by schedule [\d,]+", "by schedule N", text) + "\n"  # the search may find another first


@pytest.mark.parametrize("name", NAMES)
def test_the_report_is_the_one_that_was_read(name: str) -> None:
    """Whoever changes a report has to read it."""
    report, file = report_of(name), GOLDEN / f"{name}.txt"
    if os.environ.get(UPDATE):
        file.write_text(report, "utf-8")
    assert report == file.read_text("utf-8"), "docs/contributing.md, 'Golden reports', says what to do"
    assert max(map(len, report.splitlines())) <= 80
