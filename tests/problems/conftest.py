"""Helpers to check a classic, and to change one line of it."""

import functools
import importlib
from collections.abc import Callable
from pathlib import Path

import pytest

from concur import problems
from concur.check import Verdict, explore, sample, work
from concur.check.shrink import shrink

HOME = Path(problems.__file__).parent
Mutate = Callable[[str, str, str, str], Verdict]


@pytest.fixture
def mutant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mutate:
    """The verdict on a scenario of a problem with one change; it must fit exactly once."""
    # What counts here is that it is refuted, not with how few switches; to find that out takes most of the time.
    monkeypatch.setattr(work, "shrink", functools.partial(shrink, max_runs=1))

    def verdict_of(problem: str, right: str, wrong: str, scenario: str) -> Verdict:
        original = importlib.import_module(f"concur.problems.{problem}")
        sampled = getattr(original, "SAMPLED", ())
        # A class of the file itself has another name in the copy.
        atomic = [cls for cls in getattr(original, "ATOMIC", ()) if cls.__module__ != original.__name__]
        text = (HOME / f"{problem}.py").read_text(encoding="utf-8")
        assert text.count(right) == 1, f"the mutant does not fit {problem}"
        module = tmp_path / f"{problem}.py"
        module.write_text(text.replace(right, wrong), encoding="utf-8")
        if scenario in sampled:
            return sample(f"{module}::{scenario}", runs=500, atomic=atomic)
        return explore(f"{module}::{scenario}", max_schedules=5_000, max_seconds=None, atomic=atomic)

    return verdict_of
