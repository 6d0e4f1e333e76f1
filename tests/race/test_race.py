"""The demonstrations tell what they have measured; where there is a promise, it is kept."""

import importlib
import multiprocessing
import os
import signal
import subprocess
import sys
from typing import Any

import pytest

from concur import race
from concur.check import Status, explore
from concur.race import PARTS, PARTS_OF_PROCESSES, control, forced, luck, plain, processes, processes_forced
from concur.race.measure import SPAWN, Seen, has_gil, in_two_processes, measure, switching_every


def test_forced_loses_one_update_a_round() -> None:
    """The first demonstration is no luck: of two updates one is lost, each time."""
    assert forced.rounds(50) == 50


def test_forced_between_processes_loses_one_update_a_round() -> None:
    """Two processes that meet between load and store lose an update each time; a lock keeps them apart."""
    assert processes_forced.rounds(50, locked=False) == 50
    assert processes_forced.rounds(50, locked=True) == 0


def end_or_wait(first: Any, both: Any) -> None:
    """One process ends as a failure, without the other, which waits for it."""
    with first:
        leave = first.get_obj().value == 0
        first.get_obj().value = 1
    if leave:
        os._exit(7)
    both.wait()


def test_a_process_that_fails_is_not_waited_for() -> None:
    """The other would wait for ever; it is ended, and the failure is told."""
    with pytest.raises(RuntimeError, match="exit code 7"):
        in_two_processes(end_or_wait, SPAWN.Value("q", 0), SPAWN.Barrier(2))
    assert not multiprocessing.active_children()


def test_a_lock_between_processes_loses_nothing() -> None:
    """Processes are spawned, count, and are gone; with the lock every update counts."""
    value, seconds = processes.count(locked=True)
    assert value == 2 * processes.UPDATES
    assert seconds > 0


def test_processes_without_a_lock_count_no_more_than_they_add() -> None:
    """How many updates are lost without the lock is up to the machine; none is invented."""
    value, _ = processes.count(locked=False)
    assert 0 < value <= 2 * processes.UPDATES


def test_the_switch_interval_comes_back() -> None:
    """Also when a demonstration is interrupted."""
    before = sys.getswitchinterval()
    with pytest.raises(KeyboardInterrupt), switching_every(1e-6):
        assert sys.getswitchinterval() < before
        raise KeyboardInterrupt
    assert sys.getswitchinterval() == before
    luck.look(runs=1)
    assert sys.getswitchinterval() == before


def test_append_loses_nothing() -> None:
    """The control finds no loss, with the global lock or without."""
    assert control.look(runs=3).lost == 0


@pytest.mark.skipif(not has_gil(), reason="without the global lock plain += is seen to lose updates")
def test_plain_passes_here() -> None:
    """With the global lock no run of a plain += loses anything: this is why it needs the checker."""
    usual, short = plain.look(runs=3)
    assert usual.lost == short.lost == 0


def test_plain_is_refuted() -> None:
    """The checker finds the two increments that count one."""
    verdict = explore(f"{plain.__file__}::scenario", max_schedules=100, max_seconds=None)
    assert verdict.status is Status.REFUTED, str(verdict)
    assert verdict.failure is not None
    assert "lost" in verdict.failure.why


@pytest.mark.parametrize(
    ("losing", "gil", "said"),
    [
        (0, True, "It passes"),
        (0, False, "passed this time"),
        (3, True, "with the"),
        (3, False, "without the"),
    ],
)
def test_plain_says_what_was_seen(losing: int, gil: bool, said: str) -> None:
    """What is told fits what was measured, whatever the build."""
    assert said in " ".join(plain.explanation(losing, gil))


def test_counts_become_probabilities() -> None:
    """Runs that lost, and how much of their updates: nothing else is told."""
    results = iter([10, 7, 10, 8])
    seen = measure(lambda: next(results), runs=4, updates=10)
    assert seen == Seen(runs=4, losing=2, lost=5, updates=10)
    assert (seen.probability, seen.loss) == (0.5, 0.25)
    assert str(seen) == "lost in 2 of 4 runs (p = 0.50), 25% of updates"
    assert str(Seen(4, 0, 0, 10)) == "nothing lost in 4 runs"


@pytest.mark.parametrize("name", dict.fromkeys((*PARTS, *PARTS_OF_PROCESSES)))
def test_demo_tells(name: str) -> None:
    """Each has a title and a reason, tells what it saw, and fits 80 columns, indented by two."""
    module = importlib.import_module(f"{race.__name__}.{name}")
    title, why = str(module.__doc__).split("\n\n")[:2]
    assert ": " in title
    assert title.endswith(".")
    assert why
    told: list[str] = []
    module.demo(told.append)
    assert told
    assert max(map(len, told)) <= 78, max(told, key=len)


_FIRST_SEMAPHORE = """
import signal
from concur.race.measure import SPAWN, signals_held
with signals_held():
    SPAWN.Lock()
    print(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, []))
"""


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="signals cannot be held back")
def test_signals_are_held_while_the_first_semaphore_is_made() -> None:
    """The process that keeps a list of semaphores is begun with the first, and lets signals through afterwards."""
    done = subprocess.run(
        [sys.executable, "-c", _FIRST_SEMAPHORE], capture_output=True, text=True, check=True
    )
    assert done.stdout == "True\n", done.stderr
