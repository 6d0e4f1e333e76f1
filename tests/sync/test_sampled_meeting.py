"""Condition, event, barrier, latch and readers-writer lock where there are too many schedules to run them all."""

import threading
from types import ModuleType
from typing import Any

import pytest

from concur.check import sample
from tests.sync.test_verified_rwlock import Page, is_free
from tests.sync.verifying import HOME, Scenario, together

RUNS = 10_000

pytestmark = pytest.mark.slow


def buffer_of_one(module: ModuleType) -> None:
    """Two put two items each into a buffer for one, two take them."""
    lock = threading.Lock()
    not_full, not_empty = module.Condition(lock), module.Condition(lock)
    buffer: list[int] = []
    taken: list[int] = []

    def put(first: int) -> None:
        for item in (first, first + 1):
            with not_full:
                not_full.wait_for(lambda: not buffer)
                buffer.append(item)
                not_empty.notify()

    def take() -> None:
        for _ in range(2):
            with not_empty:
                not_empty.wait_for(lambda: buffer)
                taken.append(buffer.pop())
                not_full.notify()

    together(lambda: put(0), lambda: put(2), take, take)
    assert sorted(taken) == [0, 1, 2, 3]


def turns_with_timeouts(module: ModuleType) -> None:
    """Threads that wait a while, or for ever, and pass on what they were told."""
    condition = module.Condition()
    state: list[str] = []

    def wait_a_while() -> None:
        with condition:
            if state or condition.wait(1):
                condition.notify()

    def wait() -> None:
        with condition:
            while not state:
                condition.wait()
            condition.notify()

    def tell() -> None:
        with condition:
            state.append("told")
            condition.notify()

    together(wait_a_while, wait, wait_a_while, wait, tell)


def event_up_and_down(module: ModuleType) -> None:
    event = module.Event()
    told: list[bool] = []

    def wait_twice() -> None:
        told.append(event.wait())
        told.append(event.wait(1))

    def up_and_down() -> None:
        for _ in range(2):
            event.set()
            event.clear()
        event.set()

    together(wait_twice, wait_twice, wait_twice, up_and_down)
    assert len(told) == 6
    assert told.count(True) >= 3
    assert repr(event) == "<Event set waiting=0>"


def barrier_three_rounds(module: ModuleType) -> None:
    log: list[tuple[str, int]] = []
    acted: list[int] = []
    barrier = module.Barrier(3, lambda: acted.append(len(acted)))

    def rounds() -> None:
        for round_ in range(3):
            log.append(("came", round_))
            barrier.wait()
            assert len(acted) > round_
            log.append(("went", round_))

    together(rounds, rounds, rounds)
    for round_ in range(3):
        assert ("came", round_) not in log[log.index(("went", round_)) :]
    assert acted == [0, 1, 2]


def barrier_broken_and_mended(module: ModuleType) -> None:
    barrier = module.Barrier(3)
    outcomes: list[Any] = []

    def meet(timeout: float | None) -> None:
        try:
            outcomes.append(barrier.wait(timeout))
        except threading.BrokenBarrierError:
            outcomes.append("broken")

    together(lambda: meet(1), lambda: meet(None), lambda: meet(1), barrier.abort)
    barrier.reset()
    assert outcomes == ["broken"] * 3 or sorted(outcomes) == [0, 1, 2]
    together(lambda: meet(None), lambda: meet(None), lambda: meet(None))
    assert sorted(outcomes[3:]) == [0, 1, 2]


def latch_of_three(module: ModuleType) -> None:
    latch = module.CountDownLatch(3)
    done: list[int] = []

    def work() -> None:
        done.append(1)
        latch.count_down()

    def wait() -> None:
        if not latch.wait(1):
            latch.wait()
        assert len(done) == 3

    together(work, work, work, wait, wait)
    assert repr(latch) == "<CountDownLatch count=0 waiting=0>"


def readers_and_writers(module: ModuleType) -> None:
    lock, page = module.ReadWriteLock(), Page()

    def read_twice() -> None:
        for _ in range(2):
            with lock.read():
                page.read()

    def write_twice() -> None:
        for _ in range(2):
            with lock.write():
                page.write()

    together(read_twice, read_twice, write_twice, write_twice)
    assert page.writes == 4
    assert is_free(lock)


def readers_and_writers_who_give_up(module: ModuleType) -> None:
    lock, page = module.ReadWriteLock(), Page()

    def read() -> None:
        with lock.read(), lock.read():
            page.read()
        if lock.read().acquire(timeout=1):
            page.read()
            lock.read().release()

    def write() -> None:
        if lock.write().acquire(timeout=1):
            page.write()
            lock.write().release()
        with lock.write():
            page.write()

    together(read, read, write, write)
    assert page.writes >= 2
    assert is_free(lock)


SCENARIOS: list[tuple[str, Scenario]] = [
    ("condition", buffer_of_one),
    ("condition", turns_with_timeouts),
    ("event", event_up_and_down),
    ("barrier", barrier_three_rounds),
    ("barrier", barrier_broken_and_mended),
    ("latch", latch_of_three),
    ("rwlock", readers_and_writers),
    ("rwlock", readers_and_writers_who_give_up),
]


@pytest.mark.parametrize(("file", "scenario"), SCENARIOS, ids=lambda value: getattr(value, "__name__", value))
def test_sampled(file: str, scenario: Scenario) -> None:
    """Ten thousand schedules, time running out at any moment, do not refute the claim."""
    verdict = sample(scenario, attempt=str(HOME / f"{file}.py"), runs=RUNS, timeouts="any", races="off")
    assert verdict.failure is None, str(verdict)
    assert verdict.schedules == RUNS, str(verdict)
