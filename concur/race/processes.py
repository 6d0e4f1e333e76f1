"""Processes: two of them add to a number in shared memory, truly at the same time.

``value += 1`` on a shared ``multiprocessing.Value`` is a load, an addition and a store. Two processors
make these steps at the same moment, and no interpreter lock stands between them. With the lock that such a value
comes with, nothing is lost, and it takes longer.

The processes are spawned, so a program that calls this needs ``if __name__ == "__main__":``.
"""

import multiprocessing
import signal
import time
from collections.abc import Callable
from typing import Any

UPDATES = 200_000  # by each of the two
PATIENCE = 60.0  # seconds until a process that does not come is given up


def add(value: Any, ready: Any, lock: Any) -> None:
    """What each process does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends its children
    ready.wait(PATIENCE)
    if lock is None:
        for _ in range(UPDATES):
            value.value += 1
    else:
        for _ in range(UPDATES):
            with lock:
                value.value += 1


def count(*, locked: bool) -> tuple[int, float]:
    """What two processes come to when each adds one so often; and the seconds that it took."""
    context = multiprocessing.get_context("spawn")
    value = context.Value("q", 0, lock=False)
    ready = context.Barrier(3)
    lock = context.Lock() if locked else None
    workers = [context.Process(target=add, args=(value, ready, lock), daemon=True) for _ in range(2)]
    try:
        for worker in workers:
            worker.start()
        ready.wait(PATIENCE)
        began = time.perf_counter()
        for worker in workers:
            worker.join()
        seconds = time.perf_counter() - began
    finally:
        for worker in workers:
            if worker.pid is not None:
                worker.terminate()
                worker.join()
    failed = [worker.exitcode for worker in workers if worker.exitcode]
    if failed:
        raise RuntimeError(f"a process that was to count ended with exit code {failed[0]}")
    return value.value, seconds


def demo(say: Callable[[str], None]) -> None:
    wanted = 2 * UPDATES
    value, seconds = count(locked=False)
    say(f"without a lock: {value:,} of {wanted:,}, {1 - value / wanted:.1%} lost, {seconds:.2f} s")
    if value == wanted:
        say("Nothing was lost this time, as happens when the two do not overlap.")
    value, seconds = count(locked=True)
    say(f"with its lock:  {value:,} of {wanted:,}, {seconds:.2f} s")
    say("Two processors loaded the same number, and both stored it plus one.")
    assert value == wanted
