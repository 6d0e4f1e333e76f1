"""Storms are worth something only if they catch a mistake: each primitive here has a line changed, and is caught.

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
    """Lines of a file, as seen from concur/sync, what stands there instead, and which test must see it say what."""

    file: str
    lines: str
    instead: str
    test: str
    caught: str


MUTANTS = {
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
    "a mutex that lets in whom it refused": Mutant(
        "mutex.py",
        """        elif not self._lock.acquire(blocking, timeout):
            return False
        me.held""",
        """        else:
            self._lock.acquire(blocking, timeout)
        me.held""",
        "test_locks.py::test_one_at_a_time[Mutex]",
        "inside at once|release unlocked lock",
    ),
    "a fair mutex that is given to one whose time is up": Mutant(
        "fair_mutex.py",
        "not turn.acquire(blocking, timeout) and not self._is_mine(turn):",
        "not turn.acquire(blocking, timeout) and (self._is_mine(turn) or True):",
        "test_locks.py::test_one_at_a_time[FairMutex]",
        "HANGS|it is not free",
    ),
    "a fair mutex whose line stops at one that left it": Mutant(
        "fair_mutex.py",
        """                self._line.remove(turn)
        finally:
            self._open_the_first()""",
        """                self._line.remove(turn)
        finally:
            pass""",
        "test_locks.py::test_one_at_a_time[FairMutex]",
        "HANGS",
    ),
    "a reentrant mutex that counts to two": Mutant(
        "reentrant_mutex.py",
        "            me.held[self] += 1",
        "            me.held[self] = 2",
        "test_locks.py::test_taken_several_times_over[ReentrantMutex]",
        "inside at once|NotOwnerError",
    ),
    "a semaphore whose waiter takes the wake-up with it when its time is up": Mutant(
        "semaphore.py",
        """                if self._permits:
                    self._wake_the_first()""",
        "                pass",
        "test_semaphores.py::test_signals[Semaphore]",
        "HANGS",
    ),
    "a semaphore whose waiter looks before it stands in line": Mutant(
        "semaphore.py",
        """            self._line.append(gate)
            while True:
                try:
                    self._permits.pop()  # only after we stand in line: see above
                    return True""",
        """            while True:
                try:
                    self._permits.pop()
                    self._line.append(gate)
                    return True""",
        "test_semaphores.py::test_as_many_as_there_are_permits[Semaphore]",
        "HANGS|ValueError",
    ),
    "a fair semaphore that loses the permit that came as the time was up": Mutant(
        "fair_semaphore.py",
        "        return self._was_handed_a_permit(place)  # in",
        "        return self._was_handed_a_permit(place) and False  # in",
        "test_semaphores.py::test_as_many_as_there_are_permits[FairSemaphore]",
        "HANGS|assert [012] == [123]",
    ),
    "a fair semaphore whose waiters stay in line when their time is up": Mutant(
        "fair_semaphore.py",
        "            leave(self._line, place)\n",
        "",
        "test_semaphores.py::test_as_many_as_there_are_permits[FairSemaphore]",
        "HANGS|assert [012] == [123]",
    ),
    "a condition that gives up the lock before it stands in line": Mutant(
        "condition.py",
        """            self._line.append(place)
            depth = self._give_up()""",
        """            depth = self._give_up()
            self._line.append(place)""",
        "test_conditions.py::test_a_buffer_of_two[Condition-Lock]",
        "HANGS",
    ),
    "a condition whose notify is used up by who timed out": Mutant(
        "condition.py",
        "            raise interrupted\n        return place.woken",
        "            raise interrupted\n        return False",
        "test_conditions.py::test_a_notify_wakes_one_that_says_so[Condition]",
        "assert 0 == ",
    ),
    "a fair semaphore whose permit is lost by who is interrupted with it": Mutant(
        "fair_semaphore.py",
        "                self.release()  # it belongs to the next in line",
        "                pass",
        "test_interrupts.py::test_permits[FairSemaphore]",
        "HANGS|assert [01] == [12]",
    ),
    "a fair mutex whose turn is left to who is interrupted": Mutant(
        "fair_mutex.py",
        """            self._leave(turn)
            raise""",
        "            raise",
        "test_interrupts.py::test_a_fair_mutex[FairMutex]",
        "HANGS",
    ),
    "an event that does not look again under its guard": Mutant(
        "event.py",
        """            with self._guard:
                if self._is_set:
                    return True
""",
        """            with self._guard:
""",
        "test_meetings.py::test_an_event_wakes_everybody[Event]",
        "HANGS",
    ),
    "a barrier that counts without its guard": Mutant(
        "barrier.py",
        """            with self._guard:
                round_ = self._round
""",
        """            if True:
                round_ = self._round
""",
        "test_meetings.py::test_a_barrier_keeps_threads_in_step[Barrier]",
        "HANGS|assert|Error",
    ),
    "a latch that counts without its guard": Mutant(
        "latch.py",
        """        with self._guard:
            self._count = max(0, self._count - n)""",
        """        if True:
            self._count = max(0, self._count - n)""",
        "test_meetings.py::test_a_latch_opens_when_it_is_counted_down[CountDownLatch]",
        "HANGS|Error",
    ),
    "a reader that does not look whether a writer came meanwhile": Mutant(
        "rwlock.py",
        """                room.readers.append(me)
                if not room.is_closed:
                    return True""",
        """                room.readers.append(me)
                if True:
                    return True""",
        "test_rwlock.py::test_readers_together_or_one_writer[ReadWriteLock]",
        "while somebody writes|assert|HANGS",
    ),
    "a queue whose putter does not look again when it stands in line": Mutant(
        "queue.py",
        """                if self._freed:
                    self._putters.pop()""",
        """                if False:
                    self._putters.pop()""",
        "test_queues.py::test_nothing_is_lost[BoundedQueue]",
        "HANGS",
    ),
    "a queue of the textbook with if for while": Mutant(
        "monitor_queue.py",
        "        while not self._items:",
        "        if not self._items:",
        "test_queues.py::test_nothing_is_lost[MonitorQueue]",
        "pop from an empty deque",
    ),
    "a pool that starts one thread too few": Mutant(
        "pool.py",
        "            if len(self._tasks) >= self._idle and",
        "            if len(self._tasks) > self._idle and",
        "test_pools.py::test_each_task_runs_once[ThreadPool]",
        "HANGS",
    ),
    "a watch that looks for a circle before it says what the thread waits for": Mutant(
        "../deadlock/live.py",
        """        party.waits = wanted
        circle = _circle(party)""",
        """        circle = _circle(party)
        party.waits = wanted""",
        "test_deadlocks.py::test_every_deadlock_is_an_error[Lock-wait-for graph]",
        "HANGS",
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
    if not file.exists():
        pytest.skip(f"there is no {mutant.file}")
    text = file.read_text(encoding="utf-8")
    assert text.count(mutant.lines) == 1, f"{mutant.file} does not have these lines once:\n{mutant.lines}"
    file.write_text(text.replace(mutant.lines, mutant.instead), encoding="utf-8")
    done = stressed(copy, mutant.test)
    told = done.stdout + done.stderr
    as_expected = re.search(mutant.caught, told) is not None
    assert done.returncode != 0, f"not caught:\n{told}"
    assert as_expected, f"caught, but otherwise:\n{told}"
