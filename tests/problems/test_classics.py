"""What every classic promises: its shape, its scenarios under the checker, its demo on real threads."""

import doctest
import importlib
import re
from pathlib import Path

import pytest

from concur.check import Status, explore, sample, scenarios_in
from concur.problems import Problem, catalogue

NAMES = [problem.name for problem in catalogue()]
SCENARIOS = [(problem.name, scenario) for problem in catalogue() for scenario in scenarios_in(problem.file)]
PAGE = Path(__file__).parents[2] / "docs" / "classics.md"


def named(name: str) -> Problem:
    return next(problem for problem in catalogue() if problem.name == name)


@pytest.mark.parametrize("name", NAMES)
def test_shape(name: str) -> None:
    """A classic has a title, a sentence, a story with a source, an example, and an entry in the docs."""
    problem = named(name)
    module = importlib.import_module(problem.module)
    assert problem.title[:1].isupper(), f"{name}: {problem.title!r}"
    assert problem.summary.endswith("."), f"{name}: the first line is `Title: sentence.`"
    assert "How it works:" in problem.story, name
    assert doctest.DocTestParser().get_examples(problem.story), name
    assert re.search(r"Little Book of Semaphores|\b(19|20)\d\d\b", problem.story), f"{name} has no source"
    assert module.CHECK in ("explore", "sample")
    assert f".. automodule:: {problem.module}\n" in PAGE.read_text(encoding="utf-8"), name


@pytest.mark.parametrize(("name", "scenario"), SCENARIOS)
def test_scenario_holds(name: str, scenario: str) -> None:
    """The property holds under every schedule, or under all that were sampled."""
    problem = named(name)
    module = importlib.import_module(problem.module)
    atomic = getattr(module, "ATOMIC", ())
    target = f"{problem.file}::{scenario}"
    if module.CHECK == "explore":
        verdict = explore(target, max_schedules=20_000, max_seconds=None, atomic=atomic)
        assert verdict.status is Status.VERIFIED, str(verdict)
    else:
        verdict = sample(target, runs=1_000, atomic=atomic)
        assert verdict.status is Status.UNFINISHED, str(verdict)  # sampling never verifies
        assert verdict.schedules == 1_000


@pytest.mark.parametrize("name", NAMES)
def test_demo_runs(name: str) -> None:
    """The demonstration ends by itself, tells something, and fits 80 columns."""
    told: list[str] = []
    importlib.import_module(named(name).module).demo(told.append)
    assert told
    assert max(map(len, told)) <= 80
