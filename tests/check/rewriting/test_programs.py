"""A rewritten program does what the plain one does: every feature, and the order of evaluation."""

from pathlib import Path

import pytest

from . import classes, exceptions, expressions, functions, iteration, library, newer, reflection, statements
from .running import FAILING, SCENARIO, explored, loaded, plainly, recorded, sampled, written

PROGRAMS = {
    name: text
    for module in (
        classes, functions, iteration, exceptions, expressions, statements, library, reflection, newer,
    )
    for name, text in module.PROGRAMS.items()
}  # fmt: skip


@pytest.mark.parametrize("name", PROGRAMS)
def test_at_the_top_of_a_file(name: str, tmp_path: Path) -> None:
    """Rewritten code does the same while its file is imported."""
    file = written(tmp_path, PROGRAMS[name])
    assert loaded(file) == plainly(file)


@pytest.mark.parametrize("name", PROGRAMS)
def test_in_a_function_without_a_run(name: str, tmp_path: Path) -> None:
    """Rewritten code does the same when nothing is explored."""
    file = written(tmp_path, PROGRAMS[name], SCENARIO)
    assert loaded(file, "program") == plainly(file, "program")


@pytest.mark.parametrize("name", [name for name in PROGRAMS if name not in reflection.UNCHECKABLE])
def test_in_a_run_with_another_thread(name: str, tmp_path: Path) -> None:
    """It does the same while accesses are announced: those that may matter, all, and all with their values."""
    file = written(tmp_path, PROGRAMS[name], SCENARIO)
    expected = plainly(file, "program")
    assert explored(file) == expected
    assert sampled(file) == expected
    file = written(tmp_path, PROGRAMS[name], FAILING)
    assert recorded(file) == plainly(file, "program")


@pytest.mark.parametrize("name", reflection.UNCHECKABLE)
def test_what_cannot_be_seen_is_named(name: str, tmp_path: Path) -> None:
    """A program that reaches its variables by a dictionary is uncheckable while threads run, and says by what."""
    file = written(tmp_path, PROGRAMS[name], SCENARIO)
    with pytest.raises(AssertionError, match=f"uncheckable(.|\n)*{reflection.UNCHECKABLE[name]}"):
        explored(file)
