"""Forced, between processes: both load, meet, and store, so an update is lost in every round.

A barrier in shared memory stands between load and store, and neither process passes it before the other is there.
No luck is needed, nor a second processor. A lock held from load to store forbids just that: while one process is
between the two steps no other is, so with it they can only meet before they take it.
"""

from collections.abc import Callable
from typing import Any

from concur.race.measure import PATIENCE, SPAWN, in_two_processes, signals_held


def add(value: Any, meeting: Any, lock: Any, count: int) -> None:
    """What each process does."""
    for _ in range(count):
        if lock is None:
            loaded = value.value
            meeting.wait(PATIENCE)
            value.value = loaded + 1  # the other stores the same number: no matter who is first
        else:
            meeting.wait(PATIENCE)
            with lock:
                value.value += 1


def rounds(count: int, *, locked: bool) -> int:
    """So many rounds in which two processes add one each; how many additions were lost."""
    value = SPAWN.Value("q", 0, lock=False)
    with signals_held():
        meeting, lock = SPAWN.Barrier(2), SPAWN.Lock() if locked else None
    in_two_processes(add, value, meeting, lock, count)
    return 2 * count - int(value.value)


def demo(say: Callable[[str], None]) -> None:
    count = 100
    lost = rounds(count, locked=False)
    say(f"without a lock: {lost} of {2 * count} updates lost in {count} rounds, {lost / (2 * count):.1%}")
    assert lost == count
    lost = rounds(count, locked=True)
    say(f"with a lock:    {lost} of {2 * count} updates lost in {count} rounds")
    assert lost == 0
