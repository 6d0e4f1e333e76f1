"""Waiting under a lock: no wake-up is lost, and none is used twice."""

import threading
from collections import deque
from random import Random

import pytest

from .storm import hop, ours, patience, several, theirs

CONDITIONS = ours("Condition") + theirs(threading.Condition)
LOCKS = [None, threading.Lock, threading.RLock]


@pytest.mark.parametrize("make_lock", LOCKS, ids=["its own lock", "Lock", "RLock"])
@pytest.mark.parametrize("make", CONDITIONS)
def test_a_buffer_of_two(make, make_lock, storm) -> None:
    """Threads that wait for room and for items, some with time-outs, lose nothing and all end."""
    for rng in storm.rounds():
        lock = make() if make_lock is None else make_lock()
        if make_lock is None:  # two conditions on one lock, made by the first
            room = lock
            items = make(room._lock)
        else:
            room, items = make(lock), make(lock)
        buffer: deque[int] = deque()
        pairs, impatient = rng.randint(1, 3), rng.choice((0.0, 0.5, 1.0))

        def puts(own: Random) -> list[int]:
            for item in range(50):
                with room:
                    while len(buffer) >= 2:
                        room.wait(patience(own) if own.random() < impatient else None)
                    buffer.append(item)
                    items.notify()
            return []

        def gets(own: Random) -> list[int]:
            got: list[int] = []
            while len(got) < 50:
                with items:
                    if items.wait_for(lambda: buffer, patience(own) if own.random() < impatient else None):
                        got.append(buffer.popleft())
                        room.notify()
            return got

        bodies = several(rng, pairs, pairs, puts) + several(rng, pairs, pairs, gets)
        got = sorted(item for items_ in storm.run(*bodies, watched=(room, items)) for item in items_)
        assert got == sorted(list(range(50)) * pairs)
        assert not buffer


@pytest.mark.parametrize("make", ours("Condition"))
def test_a_notify_wakes_one_that_says_so(make, storm) -> None:
    """As many waits return True as were notified, also when the notify comes as the time is up."""
    for rng in storm.rounds():
        condition = make()
        count = {"asleep": 0, "notified": 0, "woken": 0}  # read and written under the lock

        def waits(own: Random) -> None:
            for _ in range(60):
                with condition:
                    count["asleep"] += 1
                    if condition.wait(patience(own)):
                        count["woken"] += 1
                    else:
                        count["asleep"] -= 1

        def notifies(own: Random) -> None:
            for _ in range(60):
                with condition:
                    n = min(own.randint(1, 3), count["asleep"])
                    condition.notify(n)
                    count["asleep"] -= n
                    count["notified"] += n
                hop()

        storm.run(*several(rng, 1, 4, waits), *several(rng, 1, 2, notifies), watched=condition)
        assert count["woken"] == count["notified"]
        assert count["asleep"] == 0
