"""A search or a sample that is shared among processes: the verdict of one process, and no process is left behind."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from concur.check import Status, Verdict, crew, explore, share
from concur.check.report import text
from concur.errors import UsageError
from tests.soundness.sharing import Here, here

from .conftest import TOGETHER, Check


@pytest.fixture(autouse=True)
def _none_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A search is shared from its first schedule on; afterwards this process has no child."""
    monkeypatch.setattr(share, "ALONE", 0.0)
    yield
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


COUNTER = """
    class Counter:
        n = 0
    def scenario():
        counter = Counter()
        def one():
            counter.n += 1
            counter.n += 1
        def two():
            counter.n += 1
            counter.n += 1
        def three():
            counter.n += 1
        together(one, two, three)
        assert counter.n > {least}
"""


def same(check: Check, program: str, **options: Any) -> Verdict:
    """The verdict of one, two and three processes, which is the same; but for the time that it took."""
    alone, *shared = (check(program, jobs=jobs, **options) for jobs in (1, 2, 3))
    for verdict in shared:
        assert text(verdict).partition("\n")[2] == text(alone).partition("\n")[2]
        assert {**verdict.to_json(), "seconds": 0} == {**alone.to_json(), "seconds": 0}
        assert verdict.output == alone.output
    return alone


def test_a_verification(check: Check) -> None:
    """Every class of schedules once, whoever runs it."""
    verdict = same(check, COUNTER.format(least=1))
    assert (verdict.status, verdict.schedules) == (Status.VERIFIED, 834)


def test_the_failure_is_the_first_in_the_order_of_one_process(check: Check) -> None:
    """Several schedules fail; which one is reported is not a matter of who is quicker."""
    verdict = same(check, COUNTER.format(least=2))
    assert verdict.status is Status.REFUTED


def test_a_budget_of_schedules(check: Check) -> None:
    """It ends after as many schedules, with the same claim."""
    for most in (2, 17, 300, 834):
        verdict = same(check, COUNTER.format(least=1), max_schedules=most)
        assert verdict.schedules == most
        assert verdict.status is (Status.VERIFIED if most == 834 else Status.UNFINISHED)
