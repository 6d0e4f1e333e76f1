"""Twelve classic programs, each buggy and correct: every buggy one is refuted, every correct one verified.

The first line of each file says of which kind the failure is. None of them knows the checker. The order in which
threads are started decides nothing, nor do wake-ups that CPython does not make but other languages do.
"""

import re
from pathlib import Path

import pytest

from concur.check import Status, Verdict, explore

PROGRAMS = sorted(path for path in (Path(__file__).parent / "twelve").glob("*.py") if path.stem != "__init__")
MAX_SCHEDULES = 5_000

# How the threads of a program are started and joined.
ORDERS = {
    "as written": "threads",
    "reversed": "reversed(threads)",
    "rotated": "threads[1:] + threads[:1]",
}

# Everything that a condition may do, and what CPython's does.
OPTIONS: dict[str, dict[str, object]] = {
    "CPython": {},
    "any waiter": {"notify": "any", "spurious_wakeups": True},
}


def kind_of(path: Path) -> str:
    """How the buggy variant fails, as the file says."""
    found = re.search(r'Buggy: (\w+)\."""$', path.read_text(encoding="utf-8"), re.MULTILINE)
    assert found is not None, f"{path.name} does not say how its buggy variant fails"
    return found[1]


def verdict_of(path: Path, order: str, scenario: str, options: str, folder: Path) -> Verdict:
    text = path.read_text(encoding="utf-8")
    assert text.count("for thread in threads:") == 2
    copy = folder / path.name
    copy.write_text(text.replace("in threads:", f"in {ORDERS[order]}:"), encoding="utf-8")
    given = f"{copy}::scenario_{scenario}"
    return explore(given, max_schedules=MAX_SCHEDULES, max_seconds=None, **OPTIONS[options])  # type: ignore[arg-type]


def test_there_are_twelve() -> None:
    """They are those of the comparison with other tools, and import nothing but threading."""
    assert len(PROGRAMS) == 12
    for path in PROGRAMS:
        imports = re.findall(r"^\s*(?:from|import) .*", path.read_text(encoding="utf-8"), re.MULTILINE)
        assert [line.split()[1] for line in imports] == ["threading"], path.name


each_program = pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
each_order = pytest.mark.parametrize("order", ORDERS)
each_option = pytest.mark.parametrize("options", OPTIONS)


@each_option
@each_order
@each_program
def test_buggy(path: Path, order: str, options: str, tmp_path: Path) -> None:
    """Some schedule refutes it, and the failure is of the kind that the program was written for."""
    verdict = verdict_of(path, order, "buggy", options, tmp_path)
    assert verdict.status is Status.REFUTED, str(verdict)
    assert verdict.failure is not None
    assert verdict.failure.kind == kind_of(path), str(verdict)


@each_option
@each_order
@each_program
def test_correct(path: Path, order: str, options: str, tmp_path: Path) -> None:
    """No schedule refutes it, and they are few enough to be run."""
    verdict = verdict_of(path, order, "correct", options, tmp_path)
    assert verdict.status is Status.VERIFIED, str(verdict)
