"""What a watch costs: watched locks beside plain ones, and what it finds.

Without lock orders a watched lock keeps its owner; with them it also notes where it was taken, and looks up each
lock that was held then. Off, there is nothing to measure: threading.Lock is the original again.
"""

import sys
import threading
from pathlib import Path
from typing import Any

from pairs import Bench, Rounds, Statement, main, together

from concur.deadlock import watch
from concur.sync import Mutex

PAIR = "lock.acquire(); lock.release()"
WITH = "with lock: pass"
NESTED = "a.acquire(); b.acquire(); c.acquire(); c.release(); b.release(); a.release()"
SEEDS = 500
ORDERED = 50_000


def measure(bench: Bench) -> None:
    for order, most, kind in ((False, 3.0, "wait-for graph"), (True, 9.0, "with order and call sites")):
        with watch(order=order):
            watched = [threading.Lock() for _ in range(3)]
            reentrant = threading.RLock()
        plain, reentrant_plain = [threading.Lock() for _ in range(3)], threading.RLock()
        against = {"target": most, "at_least": False, "against": "threading.Lock"}
        with watch(order=order):  # a watch must be on for the locks to be looked at
            bench.pair(
                f"{kind}: acquire, release",
                ours=Statement(PAIR, lock=watched[0]),
                theirs=Statement(PAIR, lock=plain[0]),
                **against,
            )
            bench.pair(
                f"{kind}: with",
                ours=Statement(WITH, lock=watched[0]),
                theirs=Statement(WITH, lock=plain[0]),
                **against,
            )
            bench.pair(
                f"{kind}: three nested",
                ours=Statement(NESTED, **dict(zip("abc", watched, strict=True))),
                theirs=Statement(NESTED, **dict(zip("abc", plain, strict=True))),
                **against,
            )
            bench.pair(
                f"{kind}: RLock",
                ours=Statement(PAIR, lock=reentrant),
                theirs=Statement(PAIR, lock=reentrant_plain),
                **(against | {"against": "threading.RLock"}),
            )
            bench.pair(
                f"{kind}: four threads",
                ours=contended(watched[0]),
                theirs=contended(plain[0]),
                **against,
            )
    bench.count("seeded deadlocks named", 100 * named() / SEEDS, target=100, unit="%")
    bench.count(f"alarms in {ORDERED:,} ordered acquisitions", alarms(), target=0, at_least=False)


def contended(lock: Any) -> Rounds:
    def body() -> None:
        for _ in range(2_000):
            lock.acquire()
            lock.release()

    return Rounds(lambda: together(*[body] * 4), calls=4 * 2_000)


def named() -> int:
    """How many of the programs of the tests are found to deadlock, by the names of their threads."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "deadlock"))
    from test_seeded import Program

    found = 0
    for seed in range(SEEDS):
        with watch(Mutex, on_potential=lambda report: None) as watching:
            program = Program(seed)
            program.run()
        reports = [report for report in watching.reports if report.kind == "deadlock"]
        found += bool(reports) and sorted(reports[0].threads) == sorted(program.names)
    return found


def alarms() -> int:
    """How often a program is suspected whose threads take up to three locks, always upwards."""
    with watch(on_potential=lambda report: None) as watching:
        locks: list[Any] = [threading.Lock() if index % 2 else threading.RLock() for index in range(5)]

        def climb(me: int) -> None:
            taken = step = 0
            while taken < ORDERED / 4:
                mine = sorted({(me + step) % 5, (me * 3 + step * 2) % 5, step % 5})
                for index in mine:
                    locks[index].acquire()
                for index in reversed(mine):
                    locks[index].release()
                taken += len(mine)
                step += 1

        together(*[lambda me=me: climb(me) for me in range(4)])
    return len(watching.reports)


if __name__ == "__main__":
    main(measure)
