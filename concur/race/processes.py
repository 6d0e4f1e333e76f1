"""Processes: two of them add to a number in shared memory, truly at the same time.

``value += 1`` on a shared ``multiprocessing.Value`` is a load, an addition and a store. Two processors
make these steps at the same moment, and no interpreter lock stands between them. With the lock that such a value
comes with, nothing is lost, and it takes longer.

The processes are spawned, so a program that calls this needs ``if __name__ == "__main__":``.
"""

from collections.abc import Callable
from typing import Any

from concur.race.measure import SPAWN, in_two_processes, signals_held

UPDATES = 200_000  # by each of the two


def add(value: Any, lock: Any) -> None:
    """What each process does."""
    if lock is None:
        for _ in range(UPDATES):
            value.value += 1
    else:
        for _ in range(UPDATES):
            with lock:
                value.value += 1


def count(*, locked: bool) -> tuple[int, float]:
    """What two processes come to when each adds one so often; and the seconds that it took."""
    value = SPAWN.Value("q", 0, lock=False)
    with signals_held():
        lock = SPAWN.Lock() if locked else None
    seconds = in_two_processes(add, value, lock)
    return value.value, seconds


def demo(say: Callable[[str], None]) -> None:
    wanted = 2 * UPDATES
    value, seconds = count(locked=False)
    say(f"without a lock: {value:,} of {wanted:,}, {1 - value / wanted:.1%} lost, {seconds:.2f} s")
    if value == wanted:
        say("Nothing was lost this time, as happens when the two do not overlap.")
    else:
        say("Two processors loaded the same number, and both stored it plus one.")
    value, seconds = count(locked=True)
    say(f"with its lock:  {value:,} of {wanted:,}, {seconds:.2f} s")
    assert value == wanted
