"""BoundedQueue and MonitorQueue against queue.Queue, with culsans and aiologic beside.

Alone: one thread puts and gets. 1x1 and 4x4: so many producers and consumers, an item at a time; the figure is for
one item. The peers are measured as queue.Queue is, against ours, so that a ratio says how many times as fast
BoundedQueue is; they have no target.
"""

import importlib
import queue
from collections.abc import Callable
from typing import Any

from pairs import PARITY, Bench, Rounds, Statement, main, together

from concur import BoundedQueue, MonitorQueue

PAIR = "q.put(1); q.get()"
Make = Callable[[int], Any]


def peers() -> dict[str, Make]:
    """The queues of others that are installed here."""
    found: dict[str, Make] = {}
    for name, make in (
        ("culsans", lambda module: lambda size: module.Queue(size).sync_q),
        ("aiologic", lambda module: lambda size: Aiologic(module.Queue(size))),
    ):
        try:
            found[f"{name}.Queue"] = make(importlib.import_module(name))
        except ImportError:
            print(f"{name} is not installed, and left out")
    return found


class Aiologic:
    """aiologic's queue under the names that the others have for a thread's calls."""

    def __init__(self, theirs: Any) -> None:
        self.put, self.get = theirs.green_put, theirs.green_get


def between_threads(make: Make, size: int, threads: int, items: int) -> Rounds:
    """A round of so many producers, each of so many items, and as many consumers."""

    def run() -> float:
        q = make(size)

        def produce() -> None:
            put = q.put
            for item in range(items):
                put(item)

        def consume() -> None:
            get = q.get
            for _ in range(items):
                get()

        return together(*[produce] * threads, *[consume] * threads)

    return Rounds(run, calls=threads * items)


AT_64 = (
    "Alone an item takes a quarter of this time: the rest is threads that wait for each other and are woken."
)
AT_ONE = "With room for one item each costs two switches of threads, on both sides alike; they are what is measured."


def measure(bench: Bench) -> None:
    others = {"queue.Queue": queue.Queue} | peers()
    for theirs, make in others.items():
        bench.pair(
            "BoundedQueue, put and get alone",
            against=theirs,
            ours=Statement(PAIR, q=BoundedQueue(64)),
            theirs=Statement(PAIR, q=make(64)),
            target=8.0 if make is queue.Queue else None,
            note="Two calls of Python functions and four of methods of C are all that is left of it.",
        )
        for size, items, target in ((1, 500, PARITY), (64, 5_000, 3.0), (1024, 20_000, 5.0)):
            bench.pair(
                f"BoundedQueue, 1x1, room for {size:,}",
                against=theirs,
                ours=between_threads(BoundedQueue, size, 1, items),
                theirs=between_threads(make, size, 1, items if make is queue.Queue else items // 5),
                target=target if make is queue.Queue else None,
                note={1: AT_ONE, 64: AT_64}.get(size, ""),
            )
        for size, items in ((1, 100), (64, 1_000), (1024, 3_000)):
            bench.pair(
                f"BoundedQueue, 4x4, room for {size:,}",
                against=theirs,
                ours=between_threads(BoundedQueue, size, 4, items),
                theirs=between_threads(make, size, 4, items if make is queue.Queue else items // 2),
            )
    bench.pair(
        "MonitorQueue, put and get alone",
        against="queue.Queue",
        ours=Statement(PAIR, q=MonitorQueue(64)),
        theirs=Statement(PAIR, q=queue.Queue(64)),
    )
    for size, items in ((1, 500), (64, 5_000), (1024, 20_000)):
        bench.pair(
            f"MonitorQueue, 1x1, room for {size:,}",
            against="queue.Queue",
            ours=between_threads(MonitorQueue, size, 1, items),
            theirs=between_threads(queue.Queue, size, 1, items),
            target=2.0 if size >= 64 else PARITY,
            note=AT_ONE if size == 1 else "The textbook one: each call takes a lock and asks a condition.",
        )
    batch = list(range(16))
    bench.pair(
        "BoundedQueue, put_many and get_many of 16",
        against="queue.Queue, one by one",
        ours=Statement("q.put_many(batch); q.get_many(16)", q=BoundedQueue(64), batch=batch),
        theirs=Statement(
            "for item in batch: q.put(item)\nfor _ in batch: q.get()", q=queue.Queue(64), batch=batch
        ),
    )


if __name__ == "__main__":
    main(measure)
