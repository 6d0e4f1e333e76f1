"""Locks let one thread in at a time, whatever way it asks, and are free when all have left."""

import threading
from random import Random

import pytest

from .storm import Room, ours, several, taken, theirs, turns

LOCKS = ours(
    "Mutex", "PlainMutex", "FairMutex", "ReentrantMutex", "Semaphore", "FairSemaphore", "BoundedSemaphore"
) + theirs(threading.Lock, threading.RLock, threading.Semaphore, threading.BoundedSemaphore)


@pytest.mark.parametrize("make", LOCKS)
def test_one_at_a_time(make, storm) -> None:
    """With time-outs and tries between them, no two are inside, and nobody keeps the lock who was refused."""
    for rng in storm.rounds():
        lock, room, times = make(), Room(), turns(rng)

        def visits(own: Random) -> int:
            inside = 0
            for _ in range(times):
                if taken(lock, own):
                    room.visit()
                    inside += 1
                    lock.release()
            return inside

        assert sum(storm.run(*several(rng, 2, 5, visits), watched=lock)) == room.visits
        assert lock.acquire(False), f"nobody is inside, and yet it is not free: {lock!r}"


@pytest.mark.parametrize("make", ours("ReentrantMutex") + theirs(threading.RLock))
def test_taken_several_times_over(make, storm) -> None:
    """It is free for others only when given back as often as taken."""
    for rng in storm.rounds():
        lock, room, times = make(), Room(), turns(rng)

        def visits(own: Random) -> int:
            inside = 0
            for _ in range(times):
                depth = 0
                for _ in range(own.randint(1, 4)):
                    depth += taken(lock, own)
                for _ in range(depth):
                    room.visit()
                    inside += 1
                    lock.release()
            return inside

        assert sum(storm.run(*several(rng, 2, 4, visits), watched=lock)) == room.visits
        assert lock.acquire(False)
