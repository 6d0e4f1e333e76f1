"""What every classic promises: its shape, its scenarios under the checker, its demo on real threads."""

import doctest
import importlib
import re
from pathlib import Path
from types import ModuleType

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


def is_sampled(module: ModuleType, scenario: str) -> bool:
    return module.CHECK == "sample" or scenario in getattr(module, "SAMPLED", ())


@pytest.mark.parametrize(("name", "scenario"), SCENARIOS)
def test_scenario_holds(name: str, scenario: str) -> None:
    """The property holds under every schedule, or under those that were sampled where they are too many."""
    problem = named(name)
    module = importlib.import_module(problem.module)
    target, atomic = f"{problem.file}::{scenario}", getattr(module, "ATOMIC", ())
    if is_sampled(module, scenario):
        verdict = sample(target, runs=200, atomic=atomic)
        assert verdict.status is Status.UNFINISHED, str(verdict)  # sampling never verifies
        assert verdict.schedules == 200
    else:
        verdict = explore(target, max_schedules=20_000, max_seconds=None, atomic=atomic)
        assert verdict.status is Status.VERIFIED, str(verdict)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "scenario"), SCENARIOS)
def test_sampled_for_long(name: str, scenario: str) -> None:
    """What can only be sampled holds under 10,000 schedules."""
    problem = named(name)
    module = importlib.import_module(problem.module)
    if not is_sampled(module, scenario):
        pytest.skip("verified")
    verdict = sample(f"{problem.file}::{scenario}", runs=10_000, atomic=getattr(module, "ATOMIC", ()))
    assert verdict.schedules == 10_000, str(verdict)


@pytest.mark.parametrize("name", NAMES)
def test_demo_runs(name: str) -> None:
    """The demonstration ends by itself, tells something, and fits 80 columns, indented by two."""
    told: list[str] = []
    importlib.import_module(named(name).module).demo(told.append)
    assert told
    assert max(map(len, told)) <= 78
