"""Permits are neither lost nor made, whatever way they are asked for."""

import threading
from random import Random
from typing import Any

import pytest

from .storm import Room, hop, ours, several, taken, theirs, turns

SEMAPHORES = ours("Semaphore", "FairSemaphore", "BoundedSemaphore") + theirs(
    threading.Semaphore, threading.BoundedSemaphore
)


def free(semaphore: Any) -> int:
    """How many permits can be taken; they are not given back."""
    count = 0
    while semaphore.acquire(False):
        count += 1
    return count


@pytest.mark.parametrize("make", SEMAPHORES)
def test_as_many_as_there_are_permits(make, storm) -> None:
    """No more are inside than there are permits; all are there when everybody has left."""
    for rng in storm.rounds():
        permits, times = rng.randint(1, 3), turns(rng)
        semaphore, room = make(permits), Room(permits)

        def visits(own: Random) -> None:
            for _ in range(times):
                if taken(semaphore, own):
                    room.visit()
                    semaphore.release()

        storm.run(*several(rng, 2, 5, visits), watched=semaphore)
        assert free(semaphore) == permits


@pytest.mark.parametrize("make", SEMAPHORES)
def test_several_are_given_back_at_once(make, storm) -> None:
    """release(n) gives back n, to as many as wait."""
    for rng in storm.rounds():
        permits, times = rng.randint(2, 5), turns(rng)
        semaphore = make(permits)

        def works(own: Random) -> None:
            for _ in range(times):
                held = sum(
                    semaphore.acquire(timeout=own.uniform(0, 3e-4)) for _ in range(own.randint(1, permits))
                )
                hop()
                if held:
                    semaphore.release(held)

        storm.run(*several(rng, 2, 5, works), watched=semaphore)
        assert free(semaphore) == permits


@pytest.mark.parametrize("make", ours("Semaphore", "FairSemaphore") + theirs(threading.Semaphore))
def test_signals(make, storm) -> None:
    """From 0 permits, each release lets one acquire through, and no more."""
    for rng in storm.rounds():
        semaphore, pairs, times = make(0), rng.randint(1, 3), turns(rng)

        def sends(own: Random) -> int:
            sent = 0
            while sent < times:
                n = min(own.randint(1, 3), times - sent)
                semaphore.release(n)
                sent += n
                hop()
            return 0

        def receives(own: Random) -> int:
            received = 0
            while received < times:
                received += taken(semaphore, own)
            return received

        bodies = several(rng, pairs, pairs, sends) + several(rng, pairs, pairs, receives)
        assert sum(storm.run(*bodies, watched=semaphore)) == times * pairs
        assert free(semaphore) == 0
