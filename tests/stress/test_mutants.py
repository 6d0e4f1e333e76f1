"""Storms are worth something only if they catch a mistake: each primitive here has one line changed, and is caught.

A copy of the package with the changed line is stressed in a process of its own, which ends at the first failure, or
by the fuse where the mistake makes threads wait for ever.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from concur import sync

HERE = Path(__file__).parent
PACKAGE = Path(sync.__file__).parent.parent
SECONDS = 20  # at most, for one mistake; most are caught in the first rounds
FUSE = 5


class Mutant(NamedTuple):
    """A line of a file of concur/sync, what stands there instead, and which test must see it say what."""

    file: str
    line: str
    instead: str
    test: str
    caught: str


MUTANTS = {
    "a mutex that lets in whom it refused": Mutant(
        "mutex.py",
        """        if not self._lock.acquire(blocking, timeout):
            return False
        me.held.add(self)""",
        """        self._lock.acquire(blocking, timeout)
        me.held.add(self)""",
        "test_locks.py::test_one_at_a_time[Mutex]",
        "inside at once|release unlocked lock",
    ),
    "a semaphore that loses the permit that came as the time was up": Mutant(
        "semaphore.py",
        "        return self._was_handed_a_permit(place)  # in",
        "        return self._was_handed_a_permit(place) and False  # in",
        "test_semaphores.py::test_as_many_as_there_are_permits[Semaphore]",
        "HANGS|assert [012] == [123]",
    ),
    "a semaphore whose waiters stay in line when their time is up": Mutant(
        "semaphore.py",
        "            leave(self._line, place)\n",
        "",
        "test_semaphores.py::test_as_many_as_there_are_permits[Semaphore]",
        "HANGS|assert [012] == [123]",
    ),
    "a condition that gives up the lock before it stands in line": Mutant(
        "condition.py",
        """        self._line.append(place)
        depth = self._give_up()""",
        """        depth = self._give_up()
        self._line.append(place)""",
        "test_conditions.py::test_a_buffer_of_two[Condition-Lock]",
        "HANGS",
    ),
    "a condition whose notify is used up by who timed out": Mutant(
        "condition.py",
        """        self._take_again(depth)
        leave(self._line, place)
        return place.woken""",
        """        self._take_again(depth)
        leave(self._line, place)
        return False""",
        "test_conditions.py::test_a_notify_wakes_one_that_says_so[Condition]",
        "assert 0 == ",
    ),
    "an atomic that is none": Mutant(
        "atomic.py",
        """        with self._lock:
            old = self._value
            self._value = old + n""",
        """        if True:
            old = self._value
            self._value = old + n""",
        "test_atomics.py::test_tickets_are_given_once",
        "assert ",
    ),
}


def stressed(folder: Path, test: str) -> subprocess.CompletedProcess[str]:
    """Run one test of this folder on the package that is in *folder*."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-s", "-p", "no:cacheprovider", "-p", "no:concur"]
    return subprocess.run(
        [*command, "--import-mode=importlib", "-o", "markers=stress", f"tests/stress/{test}"],
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": str(folder),
            "CONCUR_STRESS_SECONDS": str(SECONDS),
            "CONCUR_STRESS_FUSE": str(FUSE),
        },
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A folder with a copy of the package and of the storms."""
    leave_out = shutil.ignore_patterns("__pycache__", "check", "grade")
    shutil.copytree(PACKAGE, tmp_path / "concur", ignore=leave_out)
    shutil.copytree(HERE, tmp_path / "tests" / "stress", ignore=leave_out)
    return tmp_path


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mistake_is_caught(name: str, copy: Path) -> None:
    """The changed primitive fails its storm, in the way that the mistake would make itself known."""
    mutant = MUTANTS[name]
    file = copy / "concur" / "sync" / mutant.file
    text = file.read_text(encoding="utf-8")
    assert text.count(mutant.line) == 1, f"{mutant.file} no longer has these lines once:\n{mutant.line}"
    file.write_text(text.replace(mutant.line, mutant.instead), encoding="utf-8")
    done = stressed(copy, mutant.test)
    told = done.stdout + done.stderr
    as_expected = re.search(mutant.caught, told) is not None
    assert done.returncode != 0, f"not caught:\n{told}"
    assert as_expected, f"caught, but otherwise:\n{told}"
