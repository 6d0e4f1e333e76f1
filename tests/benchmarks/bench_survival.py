"""What survives kill -9: three workers change a record under a lock, and are killed at random moments.

Nothing is timed. Who dies inside leaves the record torn, and the next one repairs it; what is counted is whether there
is a next one, and whether it is alone. tests/process/survival.py says how that is seen.
"""

import fcntl
import multiprocessing
import os
import random
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pairs import Bench, main

from concur import ProcessMutex

sys.path.insert(0, str(Path(__file__).parents[2]))
from tests.process.survival import Outcome, storm

SEED = 2026
KILLS = 500
STORMS = 10  # for a lock that does not outlive one
SILENCE = 2.0  # seconds without an update, after which such a lock counts as lost


class Bare:
    """A lock on a file, as the kernel has it: each process opens the file for itself. It cannot tell of a death."""

    def __init__(self, lock: Callable[[int, int], object], path: str) -> None:
        self.lock, self.path, self.file = lock, path, -1

    def acquire(self) -> None:
        if self.file == -1:
            self.file = os.open(self.path, os.O_RDWR)
        self.lock(self.file, fcntl.LOCK_EX)

    def release(self) -> None:
        self.lock(self.file, fcntl.LOCK_UN)


def measure(bench: Bench) -> None:
    kills = KILLS // 10 if bench.quick else KILLS
    with tempfile.NamedTemporaryFile() as file:
        locks: dict[str, Any] = {
            "ProcessMutex": ProcessMutex(),
            "fcntl.flock": Bare(fcntl.flock, file.name),
            "fcntl.lockf": Bare(fcntl.lockf, file.name),
        }
        for name, lock in locks.items():
            show(bench, name, storm(lock, kills, random.Random(SEED)), kills)
    until_lost = []
    for number in range(STORMS):
        lost = multiprocessing.get_context("fork").Lock()
        outcome = storm(lost, kills, random.Random(SEED + number), fuse=SILENCE)
        until_lost.append(outcome.kills)
    for title, number in (
        (f"first of {STORMS} storms", until_lost[0]),
        (f"median of {STORMS} storms", statistics.median(until_lost)),
        (f"most of {STORMS} storms", max(until_lost)),
    ):
        bench.count(f"multiprocessing.Lock: kills until all wait for ever, {title}", number)


def show(bench: Bench, name: str, outcome: Outcome, kills: int) -> None:
    goal = {"target": 0, "at_least": False}
    bench.count(f"{name}: kills survived, of {kills}", outcome.kills - outcome.hung, target=kills)
    bench.count(f"{name}: died inside", outcome.died_inside)
    bench.count(f"{name}: torn records, repaired", outcome.torn)
    bench.count(f"{name}: exclusion violations", outcome.violations, **goal)
    bench.count(f"{name}: updates lost", outcome.lost, **goal)


if __name__ == "__main__":
    main(measure)
