"""Processes that meet and are killed at random moments: nobody hangs, and nothing is lost but what the docs say."""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import wait as wait_for_any
from random import Random
from threading import BrokenBarrierError
from typing import Any

import pytest

from concur.process import ProcessBarrier, ProcessCondition, ProcessMutex, ProcessSemaphore
from concur.process._segment import Segment

from .storm import FUSE

fork = multiprocessing.get_context("fork")

STOP = 0  # the word that ends a round
BEGUN = 8  # words, one for each child: from then on it is a party
ROOM = 4


class Mortals:
    """Child processes of one round, some of which are killed; another is put in the place of each."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.words = Segment(8 * 64).words
        self.alive: list[tuple[Any, Callable[..., None], tuple[Any, ...]]] = []
        self.kills = 0

    def start(self, body: Callable[..., None], *given: Any) -> None:
        process = fork.Process(target=body, args=given, daemon=True)
        process.start()
        self.alive.append((process, body, given))

    def pause(self, longest: float = 0.01) -> None:
        """A random moment; a child that ends by itself has failed."""
        ended = wait_for_any([process.sentinel for process, _, _ in self.alive], self.rng.uniform(0, longest))
        assert not ended, "a child failed"

    def kill(self) -> tuple[Any, ...]:
        """Kill one of them; with what it was started."""
        process, body, given = self.alive.pop(self.rng.randrange(len(self.alive)))
        os.kill(process.pid, signal.SIGKILL)
        process.join(FUSE)
        assert process.exitcode == -signal.SIGKILL
        self.kills += 1
        return body, *given

    def until(self, true: Callable[[], bool]) -> None:
        end = time.monotonic() + FUSE
        while not true():
            assert time.monotonic() < end, f"they hang after {self.kills} kills"
            self.pause(0.001)

    def end(self) -> None:
        for process, _, _ in self.alive:
            process.join(FUSE)
            assert process.exitcode == 0, f"{process} hangs or has failed, after {self.kills} kills"

    def end_anyway(self) -> None:
        for process, _, _ in self.alive:
            process.kill()
            process.join()
            process.close()


@pytest.fixture
def rounds(storm: Any) -> Iterator[Iterator[Mortals]]:
    kills = 0

    def every() -> Iterator[Mortals]:
        nonlocal kills
        for rng in storm.rounds():
            mortals = Mortals(rng)
            try:
                yield mortals
            finally:
                kills += mortals.kills
                mortals.end_anyway()

    yield every()
    print(f" {kills} kills,", end="")


IDLE, ACQUIRES, HAS, RELEASES = range(4)


def visit(semaphore: ProcessSemaphore, words: memoryview, me: int, seed: int) -> None:
    rng = Random(seed)
    while not words[STOP]:
        words[me] = ACQUIRES
        if semaphore.acquire(timeout=rng.choice([None, 0, 0.001])):
            words[me] = HAS
            for _ in range(rng.randint(0, 50)):
                pass
            words[me] = RELEASES
            semaphore.release()
        words[me] = IDLE


def test_permits_are_conserved(rounds: Iterator[Mortals]) -> None:
    """But for those that the dead had; whether one had it that was killed inside a call, its parent cannot know."""
    for mortals in rounds:
        semaphore, words, rng = ProcessSemaphore(3), mortals.words, mortals.rng
        for me in range(1, 6):
            mortals.start(visit, semaphore, words, me, rng.random())
        for _ in range(20):
            mortals.pause()
            _, _, _, me, _ = mortals.kill()
            unknown = words[me] in {ACQUIRES, RELEASES}
            if words[me] == HAS:
                semaphore.release()  # in its place
            words[me] = IDLE
            mortals.start(visit, semaphore, words, me, rng.random())
            assert semaphore._words[0] <= 3
            if unknown:
                lost = count_lost(semaphore, words, mortals)
                assert lost in {0, 1}
                if lost:
                    semaphore.release()
        words[STOP] = 1
        mortals.end()
        assert semaphore._words[0] == 3


def count_lost(semaphore: ProcessSemaphore, words: memoryview, mortals: Mortals) -> int:
    """How many permits nobody has: the living are let go, each outside of its calls, and begin anew."""
    words[STOP] = 1
    extra = len(mortals.alive)
    semaphore.release(extra)  # so that nobody waits for ever
    mortals.end()
    lost = 3 + extra - semaphore._words[0]
    for _ in range(extra):
        assert semaphore.acquire(blocking=False)
    words[STOP] = 0
    again, mortals.alive = mortals.alive, []
    for process, body, given in again:
        process.close()
        mortals.start(body, *given)
    return lost


def work(full: ProcessCondition, empty: ProcessCondition, words: memoryview, gives: bool) -> None:
    """Put into a buffer, or take from it; it is the difference of two words, and each changes by one store."""
    waits, tells, counted = (full, empty, 1) if gives else (empty, full, 2)
    mutex = waits.mutex
    mutex.acquire()
    while True:
        if mutex.owner_died:  # it may have died before it notified
            assert 0 <= words[1] - words[2] <= ROOM
            full.notify_all()
            empty.notify_all()
        if words[STOP]:
            break
        if 0 <= words[1] - words[2] + (1 if gives else -1) <= ROOM:
            words[counted] += 1
            tells.notify()  # one: it must reach somebody who lives
            mutex.release()
            mutex.acquire()
        else:
            waits.wait()
    mutex.release()


def test_no_notify_is_lost(rounds: Iterator[Mortals]) -> None:
    """Each wakes one that lives, so that the work goes on, whoever is killed."""
    for mortals in rounds:
        mutex, words = ProcessMutex(), mortals.words
        full, empty = ProcessCondition(mutex), ProcessCondition(mutex)
        for gives in (True, True, True, False, False):
            mortals.start(work, full, empty, words, gives)
        for _ in range(20):
            mortals.pause()
            body, *given = mortals.kill()
            before = words[2]
            mortals.until(lambda: words[2] > before + 10)
            mortals.start(body, *given)
        with mutex:
            words[STOP] = 1
            full.notify_all()
            empty.notify_all()
        mortals.end()
        assert 0 <= words[1] - words[2] <= ROOM
        assert words[2] > 200


def walk(barrier: ProcessBarrier, words: memoryview, me: int) -> None:
    """Go from round to round; after a break, when the barrier is whole again."""
    words[BEGUN + me] = 1
    pausing = threading.Event()
    while not words[STOP]:
        try:
            number = barrier.wait()
        except BrokenBarrierError:
            pausing.wait(0.001)
        else:
            assert 0 <= number < barrier.parties
            words[me] += 1


def test_a_barrier_with_a_dead_party_breaks(rounds: Iterator[Mortals]) -> None:
    """Nobody waits for the dead; with another in its place, and a reset, all go on in step."""
    for mortals in rounds:
        barrier, words = ProcessBarrier(4), mortals.words
        for me in range(1, 5):
            mortals.start(walk, barrier, words, me)
        mortals.until(lambda: all(words[BEGUN + 1 : BEGUN + 5]))
        for _ in range(20):
            mortals.pause()
            body, *given = mortals.kill()
            mortals.until(lambda: barrier.broken)
            assert barrier.n_waiting == 0
            words[BEGUN + given[-1]] = 0
            mortals.start(body, *given)
            barrier.reset()
            before = words.tolist()
            mortals.until(lambda: all(words[me] >= before[me] + 3 for me in range(1, 5)))
            assert words[BEGUN + given[-1]]
        words[STOP] = 1
        barrier.abort()
        mortals.end()
