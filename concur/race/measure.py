"""What the demonstrations have in common: threads that begin together, and counts of what got lost."""

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

SHORT = 1e-6  # seconds between two switches, at the least; the default is 5 ms


@dataclass(frozen=True, slots=True)
class Seen:
    """What some runs of one program came to."""

    runs: int
    losing: int  # runs that lost an update
    lost: int  # updates, in all runs
    updates: int  # that were made in one run

    @property
    def probability(self) -> float:
        """The part of the runs that lost an update."""
        return self.losing / self.runs

    @property
    def loss(self) -> float:
        """The part of the updates that was lost, on the average of the runs that lost any."""
        return self.lost / (self.losing * self.updates) if self.losing else 0.0

    def __str__(self) -> str:
        if not self.losing:
            return f"nothing lost in {self.runs} runs"
        return f"lost in {self.losing} of {self.runs} runs (p = {self.probability:.2f}), {self.loss:.0%} of updates"


def measure(run: Callable[[], int], runs: int, updates: int) -> Seen:
    """Make so many *runs*, each of which returns how many of its *updates* took effect."""
    losses = [updates - run() for _ in range(runs)]
    return Seen(runs, sum(loss > 0 for loss in losses), sum(losses), updates)


@contextmanager
def switching_every(seconds: float) -> Iterator[None]:
    """Let the interpreter switch threads after so many *seconds*; as before when it is over."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(seconds)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def at_the_same_time(work: Callable[[], object], threads: int = 2) -> None:
    """Let so many *threads* do the work, none before all are there."""
    ready = threading.Barrier(threads)

    def begin() -> None:
        ready.wait()
        work()

    # Daemons, so that Ctrl-C ends the program at once.
    workers = [threading.Thread(target=begin, daemon=True) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def has_gil() -> bool:
    """Whether one thread at a time runs Python code here."""
    asked: Callable[[], bool] = getattr(sys, "_is_gil_enabled", lambda: True)
    return asked()
