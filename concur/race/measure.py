"""What the demonstrations have in common: threads and processes that begin together, and counts of what got lost."""

import multiprocessing
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import connection, resource_tracker
from multiprocessing.synchronize import Barrier

SHORT = 1e-6  # seconds between two switches, at the least; the default is 5 ms
SPAWN = multiprocessing.get_context("spawn")  # what processes share is made by it
PATIENCE = 60.0  # seconds until a process that does not come is given up


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


def in_two_processes(work: Callable[..., object], *shared: object) -> float:
    """Let two spawned processes do the work, neither before both are there; how many seconds they took.

    When this is left, by Ctrl-C too, both have ended. That one of them failed is a ``RuntimeError``, at once, even
    if the other waits for it. The program that calls this needs ``if __name__ == "__main__":``.
    """
    with signals_held():
        ready = SPAWN.Barrier(3)
    workers = [SPAWN.Process(target=_begin, args=(ready, work, shared), daemon=True) for _ in range(2)]
    try:
        with signals_held():
            for worker in workers:
                worker.start()
        ready.wait(PATIENCE)
        began = time.perf_counter()
        running = {worker.sentinel: worker for worker in workers}
        while running:
            ended = connection.wait(list(running))
            for worker in [running.pop(sentinel) for sentinel in list(running) if sentinel in ended]:
                worker.join()
                if worker.exitcode:
                    raise RuntimeError(f"a process that was to count ended with exit code {worker.exitcode}")
        return time.perf_counter() - began
    finally:
        for worker in workers:
            if worker.pid is not None:
                worker.kill()
                worker.join()


def _begin(ready: Barrier, work: Callable[..., object], shared: tuple[object, ...]) -> None:
    """What each process does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends its children
    ready.wait(PATIENCE)
    work(*shared)


@contextmanager
def signals_held() -> Iterator[None]:
    """Ctrl-C and requests to end come when this is over, so that no process or semaphore is made by half.

    Those that are started meanwhile never see them: a terminal sends Ctrl-C to them too, and one that is still
    importing would print a traceback.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    # It is begun with the first semaphore, and lets signals through when it has been.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def has_gil() -> bool:
    """Whether one thread at a time runs Python code here."""
    asked: Callable[[], bool] = getattr(sys, "_is_gil_enabled", lambda: True)
    return asked()
