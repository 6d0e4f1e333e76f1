"""Threads that meet: nobody passes too early, and nobody is left behind."""

import threading
from random import Random
from threading import BrokenBarrierError

import pytest

from .storm import hop, ours, patience, several, theirs


@pytest.mark.parametrize("make", ours("Event") + theirs(threading.Event))
def test_an_event_wakes_everybody(make, storm) -> None:
    """Who waits for an event that is set, and stays so, goes on; nobody goes on before that."""
    for rng in storm.rounds():
        events = [make() for _ in range(10)]
        is_due: list[bool] = []  # one more before each event that is set

        def waits(own: Random) -> None:
            for index, event in enumerate(events):
                while not event.wait(None if own.random() < 0.5 else patience(own)):
                    pass
                assert len(is_due) > index

        def sets(own: Random) -> None:
            for event in events:
                hop()
                is_due.append(True)
                event.set()

        storm.run(*several(rng, 1, 4, waits), *several(rng, 1, 1, sets), watched=events)


@pytest.mark.parametrize("make", ours("Event") + theirs(threading.Event))
def test_an_event_that_is_set_and_cleared(make, storm) -> None:
    """Whatever happened before: when it is set for good, all who wait go on."""
    for rng in storm.rounds():
        event = make()

        def waits(own: Random) -> None:
            for _ in range(20):
                event.wait(patience(own))
            assert event.wait() is True

        def changes(own: Random) -> None:
            for _ in range(60):
                own.choice((event.set, event.clear, hop))()
            gate.wait()  # all changes are over
            event.set()

        changers = several(rng, 1, 3, changes)
        gate = threading.Barrier(len(changers))
        storm.run(*several(rng, 1, 3, waits), *changers, watched=event)
        assert event.is_set()


@pytest.mark.parametrize("make", ours("Barrier") + theirs(threading.Barrier))
def test_a_barrier_keeps_threads_in_step(make, storm) -> None:
    """Nobody is in a round before all have come; in each, all have different numbers, and the action runs once."""
    for rng in storm.rounds():
        parties, rounds = rng.randint(1, 4), 20
        came: list[int] = []
        acted: list[int] = []
        barrier = make(parties, lambda: acted.append(len(came)))

        def walks(own: Random) -> list[int]:
            numbers = []
            for round_ in range(rounds):
                came.append(round_)
                number = barrier.wait(None if own.random() < 0.5 else 60)
                assert len(came) >= (round_ + 1) * parties
                assert len(acted) >= round_ + 1
                numbers.append(number)
            return numbers

        numbers = storm.run(*several(rng, parties, parties, walks), watched=barrier)
        assert all(sorted(row) == list(range(parties)) for row in zip(*numbers, strict=True))
        assert acted == [parties * (round_ + 1) for round_ in range(rounds)]


@pytest.mark.parametrize("make", ours("Barrier") + theirs(threading.Barrier))
def test_a_barrier_that_breaks(make, storm) -> None:
    """By a time-out, or by abort: all who wait end with the same error, and after a reset it is whole again."""
    for rng in storm.rounds():
        parties = rng.randint(2, 4)
        barrier = make(parties)

        def walks(own: Random) -> bool:
            try:
                while True:
                    barrier.wait(patience(own) if own.random() < 0.1 else None)
            except BrokenBarrierError:
                return True

        def breaks(own: Random) -> bool:
            for _ in range(own.randint(0, 200)):
                hop()
            barrier.abort()
            return bool(barrier.broken)

        walkers = several(rng, parties, parties, walks)
        assert all(storm.run(*walkers, *several(rng, 1, 1, breaks), watched=barrier))
        barrier.reset()
        assert not barrier.broken
        storm.run(*[barrier.wait] * parties, watched=barrier)


@pytest.mark.parametrize("make", ours("CountDownLatch"))
def test_a_latch_opens_when_it_is_counted_down(make, storm) -> None:
    """Nobody passes before the last count, nobody waits after it."""
    for rng in storm.rounds():
        counters, each = rng.randint(1, 3), rng.randint(1, 10)
        latch = make(counters * each)
        counted: list[int] = []

        def counts(own: Random) -> None:
            for turn in range(each):
                counted.append(turn)
                latch.count_down()
                hop()

        def waits(own: Random) -> None:
            while not latch.wait(None if own.random() < 0.3 else patience(own)):
                pass
            assert len(counted) == counters * each

        storm.run(*several(rng, counters, counters, counts), *several(rng, 1, 4, waits), watched=latch)
        assert latch.count == 0
        assert latch.wait(0)
