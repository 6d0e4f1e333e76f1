"""Readers together or one writer alone, whatever way they ask."""

from random import Random
from typing import Any

import pytest

from .storm import Room, hop, ours, several, taken, turns

LOCKS = ours("ReadWriteLock")


class Record:
    """Two values that are equal whenever nobody writes."""

    def __init__(self) -> None:
        self.one = self.two = 0

    def write(self) -> None:
        assert self.one == self.two
        self.one += 1
        hop()
        self.two += 1

    def read(self) -> None:
        one = self.one
        hop()
        assert one == self.two, f"read {one} and {self.two} while somebody writes"


@pytest.mark.parametrize("make", LOCKS)
def test_readers_together_or_one_writer(make, storm) -> None:
    """No reader sees half of what a writer does, no writing is lost, and all of it ends."""
    for rng in storm.rounds():
        lock, record, times = make(), Record(), turns(rng)

        def works(own: Random) -> int:
            written = 0
            share = own.random()
            for _ in range(times):
                if own.random() < share:
                    if taken(lock.write(), own):
                        record.write()
                        written += 1
                        lock.write().release()
                elif taken(lock.read(), own):
                    record.read()
                    if own.random() < 0.2:
                        with lock.read():  # again: it never waits for that
                            record.read()
                    lock.read().release()
            return written

        written = sum(storm.run(*several(rng, 2, 5, works), watched=lock))
        assert record.one == record.two == written
        assert lock.write().acquire(False), f"nobody is inside, and yet it is not free: {lock!r}"


@pytest.mark.parametrize("make", LOCKS)
def test_writers_alone(make, storm) -> None:
    """The side of writers is a lock like others."""
    for rng in storm.rounds():
        writing: Any = make().write()
        room = Room()

        def works(own: Random) -> None:
            for _ in range(60):
                if taken(writing, own):
                    room.visit()
                    writing.release()

        storm.run(*several(rng, 2, 4, works), watched=writing)
