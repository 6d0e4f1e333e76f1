"""The seven most common mistakes with asyncio, as docs/asyncio.md shows them: each refuted, and put right verified."""

import os
import re
from pathlib import Path
from typing import Literal

import pytest

from concur import Status, explore, replay

FOLDER = Path(__file__).resolve().parents[3] / "docs" / "examples" / "asyncio"
GOLDEN = Path(__file__).parent / "golden"
PAGE = FOLDER.parents[1] / "asyncio.md"
PAIRS = {
    "check_then_act": "assertion",
    "leaked_lock": "deadlock",
    "lost_exception": "assertion",
    "forgotten_task": "assertion",
    "set_twice": "exception",
    "missed_event": "deadlock",
    "starved": "exception",
}


def test_every_pair_is_expected() -> None:
    """No file is left without a verdict."""
    assert sorted(path.stem for path in FOLDER.glob("*.py")) == sorted(PAIRS)


@pytest.mark.parametrize("name", PAIRS)
def test_a_pair(name: str) -> None:
    """The wrong one is refuted, by a run that can be replayed; the right one is verified."""
    file = FOLDER / f"{name}.py"
    assert "concur" not in file.read_text(encoding="utf-8")
    timeouts: Literal["any", "idle"] = "idle" if name == "starved" else "any"

    wrong = explore(f"{file}::scenario_wrong", timeouts=timeouts, max_seconds=None)
    assert wrong.status is Status.REFUTED, str(wrong)
    assert wrong.failure is not None
    assert wrong.failure.kind == PAIRS[name], str(wrong)
    report = re.sub(r"\d+\.\d\d s", "0.00 s", str(wrong))
    report = re.sub(r"by schedule [\d,]+", "by schedule N", report) + "\n"
    golden = GOLDEN / f"{name}.txt"
    if os.environ.get("CONCUR_UPDATE_GOLDEN"):
        golden.write_text(report, "utf-8")
    assert report == golden.read_text("utf-8"), "docs/contributing.md, 'Golden reports', says what to do"
    assert max(map(len, report.splitlines())) <= 80
    again = replay(f"{file}::scenario_wrong", wrong.failure.token)
    assert again.failure == wrong.failure

    right = explore(f"{file}::scenario_right", timeouts=timeouts, max_seconds=None)
    assert right.status is Status.VERIFIED, str(right)


def test_the_report_on_the_page_is_that_of_the_command() -> None:
    """docs/asyncio.md shows what is read today."""
    report = (GOLDEN / "leaked_lock.txt").read_text("utf-8").partition("\n\n")[2]
    assert report in PAGE.read_text("utf-8")


def test_in_cpythons_own_order_check_then_act_is_refuted_too() -> None:
    """It does not take an unusual order."""
    verdict = explore(f"{FOLDER / 'check_then_act.py'}::scenario_wrong", ready="fifo")
    assert verdict.status is Status.REFUTED
    assert verdict.schedules == 1
