"""Helpers to check a classic, and to change one line of it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from concur import problems
from concur.check import Verdict, explore

HOME = Path(problems.__file__).parent
Mutate = Callable[[str, str, str, str], Verdict]


@pytest.fixture
def mutant(tmp_path: Path) -> Mutate:
    """The verdict on a scenario of a problem with one change; it must fit exactly once."""

    def verdict_of(problem: str, right: str, wrong: str, scenario: str) -> Verdict:
        text = (HOME / f"{problem}.py").read_text(encoding="utf-8")
        assert text.count(right) == 1, f"the mutant does not fit {problem}"
        module = tmp_path / f"{problem}.py"
        module.write_text(text.replace(right, wrong), encoding="utf-8")
        return explore(f"{module}::{scenario}", max_schedules=20_000, max_seconds=None)

    return verdict_of
