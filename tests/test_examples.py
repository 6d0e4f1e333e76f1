"""The programs of docs/examples: none imports concur, and each has the verdict its first line states."""

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
