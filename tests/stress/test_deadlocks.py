"""Under watch(), a deadlock is an error in one thread, and no thread waits for ever."""

import threading
from collections.abc import Callable
from contextlib import ExitStack
from random import Random
from typing import Any

import pytest

from concur.errors import DeadlockError

from .storm import Room, hop, ours, several

deadlock = pytest.importorskip("concur.deadlock")


levels = pytest.mark.parametrize("order", [False, True], ids=["wait-for graph", "with the order of locks"])
kinds = pytest.mark.parametrize(
    "kind", ["Lock", "RLock", *ours("Mutex", "PlainMutex", "FairMutex", "ReentrantMutex")]
)


def watched(kind: Any, order: bool) -> tuple[Any, Callable[[], Any]]:
    """A watch, and what makes a lock of this kind in it: a name stands for threading's, which the watch replaces."""
    if isinstance(kind, str):
        return deadlock.watch(order=order, on_potential=quietly), lambda: getattr(threading, kind)()
    return deadlock.watch(kind, order=order, on_potential=quietly), kind


def quietly(report: object) -> None:
    """Potential deadlocks are there in plenty."""


@levels
@kinds
def test_every_deadlock_is_an_error(kind, order: bool, storm) -> None:
    """Threads take three locks in any order: as many deadlocks are reported as are raised, and all threads end."""
    for rng in storm.rounds():
        watch, make = watched(kind, order)
        with watch as watching:
            rooms = [(make(), Room()) for _ in range(3)]

            def works(own: Random) -> int:
                broken = 0
                for _ in range(20):
                    try:
                        with ExitStack() as held:
                            for lock, room in own.sample(rooms, own.randint(2, 3)):
                                held.enter_context(lock)
                                room.visit()
                                hop()
                    except DeadlockError:
                        broken += 1
                return broken

            raised = sum(storm.run(*several(rng, 2, 4, works), watched=watching))
            assert raised == len([report for report in watching.reports if report.kind == "deadlock"])
            assert all(lock.acquire(False) for lock, _ in rooms)


@levels
@kinds
def test_no_alarm_where_locks_have_an_order(kind, order: bool, storm) -> None:
    """Threads that take locks in one order are told nothing."""
    for rng in storm.rounds():
        watch, make = watched(kind, order)
        with watch as watching:
            rooms = [(make(), Room()) for _ in range(4)]

            def works(own: Random) -> None:
                for _ in range(20):
                    with ExitStack() as held:
                        for index in sorted(own.sample(range(4), own.randint(1, 4))):
                            lock, room = rooms[index]
                            held.enter_context(lock)
                            room.visit()

            storm.run(*several(rng, 2, 4, works), watched=watching)
            assert watching.reports == []
