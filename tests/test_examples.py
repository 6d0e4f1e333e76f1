"""The programs of docs/examples: none imports concur, and each has the verdict its first line states."""

import doctest
import os
import subprocess
import sys
from pathlib import Path

import pytest

from concur import Status, explore

EXAMPLES = sorted((Path(__file__).resolve().parent.parent / "docs" / "examples").glob("*.py"))
EXPECTED = {
    "abba": (Status.REFUTED, "deadlock"),
    "counter": (Status.REFUTED, "assertion"),
    "locked_counter": (Status.VERIFIED, None),
    "queue_of_one": (Status.VERIFIED, None),
}


def test_every_example_is_expected() -> None:
    """No example is left without a verdict."""
    assert [path.stem for path in EXAMPLES] == sorted(EXPECTED)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example(path: Path) -> None:
    """The checker decides a program that does not know it, and the program's docstring says how."""
    status, kind = EXPECTED[path.stem]
    text = path.read_text(encoding="utf-8")
    assert "concur" not in text
    assert status in text.splitlines()[0].lower()

    verdict = explore(f"{path}::scenario", max_seconds=60.0)

    assert verdict.status is status, str(verdict)
    assert (verdict.failure and verdict.failure.kind) == kind, str(verdict)


def test_the_suite_of_the_examples_is_verified() -> None:
    """The one that docs/checker.md shows: pytest runs both of its scenarios."""
    suite = EXAMPLES[0].parent / "suite"
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        "-c",
        os.devnull,
        "--rootdir",
        str(suite),
        str(suite),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "concur: 2 tests verified" in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize(
    "path", sorted((EXAMPLES[0].parent / "course").glob("*.py")), ids=lambda path: path.stem
)
def test_an_example_of_the_course(path: Path) -> None:
    """Its first line says what the checker says, and it does not import concur's checker."""
    text = path.read_text(encoding="utf-8")
    stated = text.splitlines()[0].removeprefix('"""').partition(":")[0].lower()
    verdict = explore(f"{path}::scenario", max_schedules=20_000, max_seconds=None)
    assert str(verdict.status) == stated, str(verdict)


PAGES = sorted((EXAMPLES[0].parent.parent / "course").glob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_what_a_chapter_shows_runs(page: Path) -> None:
    """Its doctests, as a reader would type them."""
    done = doctest.testfile(str(page), module_relative=False)
    assert done.failed == 0


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_a_chapter_is_one_page(page: Path) -> None:
    assert len(page.read_text(encoding="utf-8").splitlines()) <= 180
