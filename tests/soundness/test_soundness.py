"""The search finds every outcome that full enumeration finds, and no other, on generated programs."""

import itertools
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, given, seed, settings
from hypothesis import strategies as st

from concur.check.dpor import Search
from concur.check.options import Options

from .enumeration import LIVELOCK, Classes, Enumeration, TooLarge, outcomes
from .programs import (
    looping_programs,
    programs,
    programs_of_atomics,
    programs_of_buffers,
    programs_of_conditions,
    source,
)
from .stategraph import reachable

PARTS, A_PART = 8, 1_260  # of the long suite: 10,080 programs
_MOST_STATES = 2_000
_LARGEST = 500  # schedules of a program that the reference still enumerates
_EVERYTHING = settings(
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],  # a program that differs is printed as it is: to make it smaller takes too long
    suppress_health_check=list(HealthCheck),
)
_AT_LENGTH = settings(_EVERYTHING, derandomize=False, max_examples=A_PART)

options = st.builds(
    Options,
    timeouts=st.sampled_from(["any", "idle"]),
    notify=st.sampled_from(["fifo", "any"]),
    spurious_wakeups=st.booleans(),
    max_steps=st.just(300),
)
IDLE = Options(timeouts="idle", max_steps=300)


def write(folder: Path, program: Any, order: str) -> Path:
    file = folder / f"program_{order}.py"
    file.write_text(source(program, order))
    return file


def agree(
    folder: Path,
    program: Any,
    options: Options,
    classes: Classes | None = None,
    *,
    real_threads: bool = False,
) -> None:
    """One program: the reduced search against the enumeration, and against itself in other surroundings."""
    names = "ABC"[: len(program) - 1]
    file = write(folder, program, names)
    text = f"{options}\n{file.read_text()}"
    looks_at_threads = "is_alive" in text or "join(timeout" in text
    try:
        reference, _ = outcomes(
            file, lambda: Enumeration(lifecycle=looks_at_threads), options=options, limit=_LARGEST
        )
    except TooLarge:
        assume(False)
    found, schedules = outcomes(file, options=options, classes=classes)
    assert found == reference, text
    if real_threads:
        assert outcomes(file, options=options, threads=True) == (found, schedules), text
    elif not looks_at_threads and not program[-1]:  # a thread that was not started yet looks different
        for order in itertools.islice(itertools.permutations(names), 1, 3):
            other = write(folder, program, "".join(order))
            assert outcomes(other, options=options)[0] == reference, other.read_text()


def agree_both_ways(folder: Path, program: Any, options: Options, classes: Classes | None = None) -> None:
    """One program with calls that may be taken as one step: the same outcomes whether they are or not.

    But for a call that another thread comes into the middle of without calling: it looks inside the object.
    """
    file = write(folder, program, "ABC"[: len(program) - 1])
    text = file.read_text()
    one_step = Options(timeouts=options.timeouts, atomic=("concur.FairSemaphore",), max_steps=300)
    try:
        reference, _ = outcomes(file, lambda: Enumeration(lifecycle=False), options=one_step, limit=_LARGEST)
    except TooLarge:
        assume(False)
    found, _ = outcomes(file, options=one_step, classes=classes)
    assert found == reference, text
    if "._" not in text:
        try:
            in_steps, _ = outcomes(file, options=options, visible=True, limit=4 * _LARGEST)
        except TooLarge:
            return
        assert found == in_steps, text


def agree_with_graph(folder: Path, program: Any, classes: Classes | None = None) -> None:
    """One program with loops: the search with its rule for waiting loops against the graph of all states."""
    names = "ABC"[: len(program) - 1]
    for order in itertools.islice(itertools.permutations(names), 2):
        file = write(folder, program, "".join(order))
        try:
            reference, can_livelock = reachable(file, limit=_MOST_STATES)
        except TooLarge:
            assume(False)
        found, _ = outcomes(file, limit=100_000, classes=classes)
        assert found == reference | ({LIVELOCK} if can_livelock else set()), file.read_text()


@settings(_EVERYTHING, max_examples=100)
@given(program=programs(), options=options)
def test_the_reduction_loses_no_outcome(
    tmp_path_factory: pytest.TempPathFactory, program: Any, options: Options
) -> None:
    """Reduced search and full enumeration agree, also with the threads in another order."""
    agree(tmp_path_factory.mktemp("program"), program, options)


@settings(_EVERYTHING, max_examples=60)
@given(program=programs_of_conditions(), options=options)
def test_the_options_of_conditions_lose_no_outcome(
    tmp_path_factory: pytest.TempPathFactory, program: Any, options: Options
) -> None:
    """The same, where threads wait for each other, woken in any order or without a reason."""
    agree(tmp_path_factory.mktemp("program"), program, options)


@settings(_EVERYTHING, max_examples=30)
@given(program=programs_of_buffers())
def test_the_reduction_loses_no_outcome_of_buffers(
    tmp_path_factory: pytest.TempPathFactory, program: Any
) -> None:
    """The same, where the words of a buffer are what is shared."""
    agree(tmp_path_factory.mktemp("program"), program, IDLE)


@settings(_EVERYTHING, max_examples=60)
@given(program=programs_of_atomics(), options=options)
def test_calls_taken_as_one_step_lose_no_outcome(
    tmp_path_factory: pytest.TempPathFactory, program: Any, options: Options
) -> None:
    """Whether the calls of a linearizable class are one step or many makes no difference to what can happen."""
    agree_both_ways(tmp_path_factory.mktemp("program"), program, options)


@settings(_EVERYTHING, max_examples=60)
@given(program=looping_programs())
def test_waiting_loops_lose_no_outcome(tmp_path_factory: pytest.TempPathFactory, program: Any) -> None:
    """Blocking a loop that waits leads to every outcome that going round would, and to no other."""
    agree_with_graph(tmp_path_factory.mktemp("program"), program)


@settings(_EVERYTHING, max_examples=15)
@given(program=programs(), options=options)
def test_threads_of_the_system_give_the_same_runs(
    tmp_path_factory: pytest.TempPathFactory, program: Any, options: Options
) -> None:
    """The second backend runs the same number of schedules, with the same outcomes."""
    agree(tmp_path_factory.mktemp("program"), program, options, real_threads=True)


@pytest.mark.soundness
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("part", range(PARTS), ids=lambda part: f"part{part}")
def test_many_programs(tmp_path: Path, part: int) -> None:
    """All of that at length; and few schedules are run in vain, or twice."""
    classes, programs_run = Classes(), 0

    def is_over() -> None:
        nonlocal programs_run
        programs_run += 1

    @seed(part)
    @settings(_AT_LENGTH, max_examples=A_PART * 55 // 100)
    @given(program=programs(), options=options)
    def general(program: Any, options: Options) -> None:
        agree(tmp_path, program, options, classes)
        is_over()

    @seed(part)
    @settings(_AT_LENGTH, max_examples=A_PART * 10 // 100)
    @given(program=programs_of_conditions(), options=options)
    def of_conditions(program: Any, options: Options) -> None:
        agree(tmp_path, program, options, classes)
        is_over()

    @seed(part)
    @settings(_AT_LENGTH, max_examples=A_PART * 10 // 100)
    @given(program=programs_of_buffers())
    def of_buffers(program: Any) -> None:
        agree(tmp_path, program, IDLE, classes)
        is_over()

    @seed(part)
    @settings(_AT_LENGTH, max_examples=A_PART * 10 // 100)
    @given(program=programs_of_atomics(), options=options)
    def of_atomics(program: Any, options: Options) -> None:
        agree_both_ways(tmp_path, program, options, classes)
        is_over()

    @seed(part)
    @settings(_AT_LENGTH, max_examples=A_PART * 15 // 100)
    @given(program=looping_programs())
    def with_loops(program: Any) -> None:
        agree_with_graph(tmp_path, program, classes)
        is_over()

    for kind in (general, of_conditions, of_buffers, of_atomics, with_loops):
        kind()
    ratio = classes.schedules / classes.classes
    print(
        f"\n{programs_run:,} programs, {classes.schedules:,} schedules of {classes.classes:,} classes: {ratio:.4f}"
    )
    assert ratio <= 1.02


def test_the_reduction_reduces(tmp_path: Path) -> None:
    """Threads that share nothing have one schedule, whatever their number."""
    file = write(tmp_path, (["o.x = 1", "o.x += 1"], ["o.y = 1", "o.y += 1"], []), "AB")
    assert outcomes(file, Search)[1] == 1
