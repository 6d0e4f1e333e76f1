"""The search finds every outcome that full enumeration finds, and no other, on generated programs."""

import itertools
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from concur.check.dpor import Search

from .enumeration import Enumeration, TooLarge, outcomes
from .programs import looping_programs, programs, programs_of_buffers, source
from .stategraph import reachable

QUICK, FULL = 120, 2_500
_MOST_STATES = 2_000
_LARGEST = 500  # schedules of a program that the reference still enumerates
_EVERYTHING = settings(
    deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


def agree(
    folder: Path, program: Any, timeouts: str, *, shuffled: bool = True, real_threads: bool = False
) -> None:
    """One program: the reduced search against the enumeration, and against itself in other surroundings."""
    names = "ABC"[: len(program) - 1]
    file = folder / "program.py"
    text = source(program, names)
    file.write_text(text)
    looks_at_threads = "is_alive" in text or "join(timeout" in text
    try:
        reference, _ = outcomes(
            file, lambda: Enumeration(lifecycle=looks_at_threads), timeouts=timeouts, limit=_LARGEST
        )
    except TooLarge:
        assume(False)
    found, schedules = outcomes(file, timeouts=timeouts)
    assert found == reference, text
    if real_threads:
        assert outcomes(file, timeouts=timeouts, threads=True) == (found, schedules), text
    if shuffled and not looks_at_threads:  # a thread that was not started yet looks different
        for order in itertools.islice(itertools.permutations(names), 1, 3):
            other = folder / "shuffled.py"
            other.write_text(source(program, "".join(order)))
            if not program[-1]:
                assert outcomes(other, timeouts=timeouts)[0] == reference, other.read_text()


@settings(_EVERYTHING, max_examples=QUICK)
@given(program=programs(), timeouts=st.sampled_from(["any", "idle"]))
def test_the_reduction_loses_no_outcome(
    tmp_path_factory: pytest.TempPathFactory, program: Any, timeouts: str
) -> None:
    """Reduced search and full enumeration agree, also with the threads in another order."""
    agree(tmp_path_factory.mktemp("program"), program, timeouts)


@settings(_EVERYTHING, max_examples=60)
@given(program=programs_of_buffers())
def test_the_reduction_loses_no_outcome_of_buffers(
    tmp_path_factory: pytest.TempPathFactory, program: Any
) -> None:
    """The same, where the words of a buffer are what is shared."""
    agree(tmp_path_factory.mktemp("program"), program, "idle")


@settings(_EVERYTHING, max_examples=15)
@given(program=programs(), timeouts=st.sampled_from(["any", "idle"]))
def test_threads_of_the_system_give_the_same_runs(
    tmp_path_factory: pytest.TempPathFactory, program: Any, timeouts: str
) -> None:
    """The second backend runs the same number of schedules, with the same outcomes."""
    agree(tmp_path_factory.mktemp("program"), program, timeouts, shuffled=False, real_threads=True)


@pytest.mark.soundness
@pytest.mark.timeout(7200)
@settings(_EVERYTHING, max_examples=500)
@given(program=programs_of_buffers())
def test_the_reduction_loses_no_outcome_of_many_buffers(
    tmp_path_factory: pytest.TempPathFactory, program: Any
) -> None:
    """The same, at length, where the words of a buffer are what is shared."""
    agree(tmp_path_factory.mktemp("program"), program, "idle")


@pytest.mark.soundness
@pytest.mark.timeout(7200)
@settings(_EVERYTHING, max_examples=FULL)
@given(program=programs(), timeouts=st.sampled_from(["any", "idle"]))
def test_the_reduction_loses_no_outcome_in_many_programs(
    tmp_path_factory: pytest.TempPathFactory, program: Any, timeouts: str
) -> None:
    """The same, at length."""
    agree(tmp_path_factory.mktemp("program"), program, timeouts)


def test_the_reduction_reduces(tmp_path: Path) -> None:
    """Threads that share nothing have one schedule, whatever their number."""
    file = tmp_path / "program.py"
    file.write_text(source((["o.x = 1", "o.x += 1"], ["o.y = 1", "o.y += 1"], []), "AB"))
    assert outcomes(file, Search)[1] == 1


def agree_with_graph(folder: Path, program: Any) -> None:
    """One program with loops: the search with its rule for waiting loops against the graph of all states."""
    names = "ABC"[: len(program) - 1]
    for order in itertools.islice(itertools.permutations(names), 2):
        file = folder / f"program_{''.join(order)}.py"
        text = source(program, "".join(order))
        file.write_text(text)
        try:
            reference, _ = reachable(file, limit=_MOST_STATES)
        except TooLarge:
            assume(False)
        found, _ = outcomes(file, limit=100_000)
        assert found == reference, text


@settings(_EVERYTHING, max_examples=QUICK)
@given(program=looping_programs())
def test_waiting_loops_lose_no_outcome(tmp_path_factory: pytest.TempPathFactory, program: Any) -> None:
    """Blocking a loop that waits leads to every outcome that going round would, and to no other."""
    agree_with_graph(tmp_path_factory.mktemp("program"), program)


@pytest.mark.soundness
@pytest.mark.timeout(7200)
@settings(_EVERYTHING, max_examples=FULL)
@given(program=looping_programs())
def test_waiting_loops_lose_no_outcome_in_many_programs(
    tmp_path_factory: pytest.TempPathFactory, program: Any
) -> None:
    """The same, at length."""
    agree_with_graph(tmp_path_factory.mktemp("program"), program)
