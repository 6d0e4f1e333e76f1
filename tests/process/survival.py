"""Workers that change a record under a lock, and are killed at random moments: what becomes of lock and record.

The record is two words that agree, and agree with the tallies of the workers, whenever nobody is inside. A worker
changes all three one after the other, so that a death inside tears it. The next one inside repairs it from the tallies.

Who is inside writes so into the memory that all share, and looks again before each step whether it still stands there:
that is how an exclusion violation shows. Processes that have ended say nothing about it: the kernel frees the locks of
one that dies before it shows it as ended.
"""
# sleeps: a kill that waits for anything is not one at a random moment

import multiprocessing
import os
import random
import select
import time
from dataclasses import dataclass, field
from multiprocessing import connection
from typing import Any

from concur.process._segment import Segment

WORKERS = 3
STEPS = 200  # looks around, before each of the two stores: most of the time somebody is inside
LONGEST = 0.003  # seconds between the moment when all is well, and the kill
FUSE = 60.0  # seconds without any progress: it hangs
INSIDE, FIRST, SECOND, DIED, TORN, VIOLATIONS, STOP, TALLIES = range(8)
DONE = TALLIES + WORKERS  # what each worker knows to have done, after it has left


def work(lock: Any, segment: Segment, me: int, reading: Any, writing: Any) -> None:
    """What a worker does until it is stopped or killed."""
    reading.close()  # so that nobody writes on when the parent is gone
    words = segment.words
    i_am_inside = me + 1
    while not words[STOP]:
        lock.acquire()
        told = getattr(lock, "owner_died", None)  # None: the lock cannot tell
        left_over = words[INSIDE] != 0
        if told or (told is None and left_over):
            words[DIED] += 1
        total = sum(words[TALLIES:DONE])
        torn = not words[FIRST] == words[SECOND] == total
        if told is False and (left_over or torn):
            words[VIOLATIONS] += 1  # either somebody is inside, or somebody died and it was not told
        words[INSIDE] = i_am_inside
        if torn:
            words[TORN] += 1
            words[FIRST] = words[SECOND] = total
        words[TALLIES + me] += 1
        for place in (FIRST, SECOND):
            for _ in range(STEPS):
                if words[INSIDE] != i_am_inside:
                    words[VIOLATIONS] += 1
            words[place] += 1
        words[INSIDE] = 0
        lock.release()
        words[DONE + me] += 1
        os.write(writing.fileno(), b".")


@dataclass
class Outcome:
    """What a storm of kills came to."""

    kills: int = 0
    died_inside: int = 0
    torn: int = 0  # records that were found torn, and repaired
    violations: int = 0  # of exclusion
    lost: int = 0  # updates that were done and are gone, or that nobody did
    updates: int = 0
    hung: bool = False
    deaths: list[int] = field(default_factory=lambda: [0] * WORKERS)

    def __str__(self) -> str:
        end = "then all waited for ever" if self.hung else f"{self.updates:,} updates, {self.lost} lost"
        return (
            f"{self.kills:,} kills, {self.died_inside} died inside, {self.torn} torn records, "
            f"{self.violations} exclusion violations, {end}"
        )


def storm(lock: Any, kills: int, rng: random.Random, *, way: str = "fork", fuse: float = FUSE) -> Outcome:
    """Let three workers use *lock*, and kill and replace one of them so many times, unless they hang before."""
    context: Any = multiprocessing.get_context(way)
    segment = Segment(8 * (DONE + WORKERS))
    reading, writing = context.Pipe(duplex=False)
    outcome = Outcome()

    def start(me: int) -> Any:
        worker = context.Process(target=work, args=(lock, segment, me, reading, writing), daemon=True)
        worker.start()
        return worker

    workers = [start(me) for me in range(WORKERS)]
    try:
        while not (hung := not goes_on(reading, fuse)) and outcome.kills < kills:
            time.sleep(rng.uniform(0, LONGEST))
            victim = rng.randrange(WORKERS)
            workers[victim].kill()
            workers[victim].join()
            outcome.kills += 1
            outcome.deaths[victim] += 1
            workers[victim] = start(victim)
        segment.words[STOP] = 1
        outcome.hung = hung or not all_end(workers, reading, fuse)
        failed = [worker.exitcode for worker in workers if worker.exitcode]
        if failed:
            raise RuntimeError(f"a worker that nobody killed ended with exit code {failed[0]}")
    finally:
        for worker in workers:
            worker.kill()
            worker.join()
        reading.close()
        writing.close()
    account(segment.words.tolist(), outcome)
    return outcome


def goes_on(reading: Any, fuse: float) -> bool:
    """Whether updates are made that have begun after this call: more than can have been under way."""
    while select.select([reading], [], [], 0)[0]:
        os.read(reading.fileno(), 65536)
    updates = 0
    while updates <= WORKERS:
        if not select.select([reading], [], [], fuse)[0]:
            return False
        updates += len(os.read(reading.fileno(), 65536))
    return True


def all_end(workers: list[Any], reading: Any, fuse: float) -> bool:
    """Whether all *workers* end in order; meanwhile they may write."""
    left = [worker.sentinel for worker in workers]
    while left:
        ready = connection.wait([reading, *left], fuse)
        if not ready:
            return False
        if reading in ready:
            os.read(reading.fileno(), 65536)
        left = [sentinel for sentinel in left if sentinel not in ready]
    for worker in workers:
        worker.join()
    return True


def account(words: list[int], outcome: Outcome) -> None:
    """Read from the memory that is left what the storm came to."""
    outcome.died_inside, outcome.torn, outcome.violations = words[DIED], words[TORN], words[VIOLATIONS]
    tallies, done = words[TALLIES:DONE], words[DONE:]
    outcome.updates = sum(tallies)
    if outcome.hung:
        outcome.died_inside += 1  # and nobody came after it to see it
        return
    outcome.violations += not words[FIRST] == words[SECOND] == sum(tallies)
    # Who is killed after an update and before the note of it has done one more than it knows.
    for tally, known, deaths in zip(tallies, done, outcome.deaths, strict=True):
        outcome.lost += max(0, known - tally, tally - known - deaths)
