"""A shared search runs the schedules of one that is not, in its order, on generated programs."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from concur.check.options import Options

from .programs import looping_programs, programs, programs_of_atomics, programs_of_conditions
from .sharing import explored, here, sampled
from .test_soundness import _AT_LENGTH, _EVERYTHING, options, write

_MOST = 400  # schedules
kinds = st.one_of(programs(), programs_of_conditions(), programs_of_atomics(), looping_programs())


def agree(folder: Path, program: Any, options: Options, jobs: int, most: int, order: int) -> None:
    """One program: the same verdict, on the same classes, with one job and with several."""
    file = write(folder, program, "ABC"[: len(program) - 1])
    text = f"{options} jobs={jobs} most={most} seed={order}\n{file.read_text()}"
    alone = explored(file, options, 1, most)
    with here(order):
        assert explored(file, options, jobs, most) == alone, text


@settings(_EVERYTHING, max_examples=25)
@given(kinds, options, st.integers(2, 4), st.sampled_from([_MOST, 30, 7]), st.integers(0, 1000))
def test_a_shared_search_is_the_same_search(
    tmp_path_factory: pytest.TempPathFactory, program: Any, options: Options, jobs: int, most: int, order: int
) -> None:
    """Verdict, number of schedules, their classes, races, and the failing run are those of one job."""
    agree(tmp_path_factory.mktemp("program"), program, options, jobs, most, order)


@settings(_EVERYTHING, max_examples=20)
@given(kinds, options, st.integers(2, 4), st.sampled_from(["pct", "random"]), st.integers(0, 1000))
def test_a_shared_sample_is_the_same_sample(
    tmp_path_factory: pytest.TempPathFactory,
    program: Any,
    options: Options,
    jobs: int,
    strategy: str,
    order: int,
) -> None:
    """The same runs, up to the same first failure."""
    file = write(tmp_path_factory.mktemp("program"), program, "ABC"[: len(program) - 1])
    alone = sampled(file, options, 1, strategy, 25)
    with here(order):
        assert sampled(file, options, jobs, strategy, 25) == alone, file.read_text()


@pytest.mark.soundness
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("part", range(4), ids=lambda part: f"part{part}")
def test_many_shared_searches(tmp_path: Path, part: int) -> None:
    """The same at length."""

    @seed(part)
    @settings(_AT_LENGTH, max_examples=1_000)
    @given(kinds, options, st.integers(2, 4), st.sampled_from([2_000, 100, 7]), st.integers(0, 1000))
    def shared(program: Any, options: Options, jobs: int, most: int, order: int) -> None:
        agree(tmp_path, program, options, jobs, most, order)

    shared()


@pytest.mark.parametrize("order", range(2))
def test_what_later_runs_show_counts_for_those_after_them(tmp_path: Path, order: int) -> None:
    """Places that threads seldom come to, and longer runs: a run knows of what all runs before it have shown."""
    file = tmp_path / "program.py"
    file.write_text(
        "from threading import Thread\n"
        "class Box: pass\n"
        "def scenario():\n"
        "    box = Box(); box.a = box.b = box.c = box.n = 0\n"
        "    def add():\n"
        "        for _ in range(4): box.a += 1\n"
        "        if box.a == 5: box.b += 1; box.b += 1; box.n += 1\n"
        "        if box.a in (4, 6) or box.b: box.c += 1; box.c += 1; box.c += 1\n"
        "    threads = [Thread(target=add) for _ in range(3)]\n"
        "    for thread in threads: thread.start()\n"
        "    for thread in threads: thread.join()\n"
    )
    for strategy in ("pct", "random"):
        alone = sampled(file, Options(timeouts="idle", races="off"), 1, strategy, 60)
        with here(order):
            assert sampled(file, Options(timeouts="idle", races="off"), 3, strategy, 60) == alone
