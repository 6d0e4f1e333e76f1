"""The search finds every outcome that CPython's asyncio has when what is ready is run in every order, and no other."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, given, seed, settings
from hypothesis import strategies as st

from concur.check.engine import Engine
from concur.check.options import Options
from concur.check.scenario import Scenario

from .asyncio_programs import programs
from .asyncio_reference import every_order, observed
from .enumeration import Classes, TooLarge, outcomes

# Of runs that were ended in the middle, and of programs that make coroutines for nothing.
pytestmark = pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")

PARTS, A_PART = 8, 500  # of the long suite
_LARGEST_NOW = 60  # in the short run
_LARGEST = 400  # orders of a program that the reference still runs
_EVERYTHING = settings(
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)

options = st.builds(
    Options,
    timeouts=st.sampled_from(["any", "idle"]),
    ready=st.sampled_from(["any", "any", "fifo"]),
    max_steps=st.just(600),
)


def observe(engine: Engine, scenario: Scenario) -> Any:
    """What a run under the checker came to, in the words of the reference."""
    if engine.cut:
        raise TooLarge
    ended, lost = "stuck" if engine.deadlocked else "ok", []
    for failure in engine.failures:
        if failure.thread.tid == 0 and ended != "stuck":
            ended = type(failure.error).__name__
        elif failure.thread.tid:
            lost.append(type(failure.error).__name__)
    return observed(scenario.loader.main_module(), ended, lost if ended == "ok" else [])


def agree(
    folder: Path, text: str, options: Options, classes: Classes | None = None, *, limit: int = _LARGEST
) -> None:
    """One program: the reduced search against CPython."""
    try:
        reference, _ = every_order(text, options, limit)
    except TooLarge:
        assume(False)
    file = folder / "program.py"
    file.write_text(text)
    found, _ = outcomes(file, options=options, observe=observe, classes=classes)
    assert found == reference, f"{options}\n{text}\nmissing {reference - found}\nextra {found - reference}"


@settings(_EVERYTHING, max_examples=25)
@given(text=programs(), options=options)
def test_the_search_loses_no_outcome_of_a_loop(
    tmp_path_factory: pytest.TempPathFactory, text: str, options: Options
) -> None:
    """Reduced search on the checker's loop, and every order on CPython's own in C, come to the same."""
    agree(tmp_path_factory.mktemp("program"), text, options, limit=_LARGEST_NOW)


@pytest.mark.soundness
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("part", range(PARTS), ids=lambda part: f"part{part}")
def test_many_loops(tmp_path: Path, part: int) -> None:
    """All of that at length."""
    classes, programs_run = Classes(), 0

    @seed(part)
    @settings(_EVERYTHING, derandomize=False, max_examples=A_PART)
    @given(text=programs(), options=options)
    def general(text: str, options: Options) -> None:
        nonlocal programs_run
        agree(tmp_path, text, options, classes)
        programs_run += 1

    general()
    print(f"\n{programs_run:,} programs, {classes.schedules:,} schedules of {classes.classes:,} classes")
