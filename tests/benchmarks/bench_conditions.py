"""Conditions, events and barriers beside the standard library's, each over the same kind of lock as its neighbour.

The default lock of a condition is a Mutex here, an RLock there; so the default is one pair, and like with like are the
others. Ping-pong is a hand-over between two threads: it takes as long as the operating system takes to switch.
"""

import threading
from typing import Any

from pairs import PARITY, Bench, Rounds, Statement, main, together

from concur.sync import Barrier, Condition, CountDownLatch, Event, Mutex

TURNS = 2_000

DEFAULT = (
    "the Mutex that is the default knows its owner by name and refuses to deadlock with itself, in Python; an RLock is"
    " C. Over an RLock, or a Lock, the target is reached: Condition(threading.RLock()) is the neighbour's default"
)


def ping_pong(condition: Any) -> Rounds:
    """Two threads that wake each other by turns."""
    turn = [0]

    def player(mine: int) -> None:
        for _ in range(TURNS):
            with condition:
                while turn[0] != mine:
                    condition.wait()
                turn[0] = 1 - mine
                condition.notify()

    def once() -> float:
        turn[0] = 0
        return together(lambda: player(0), lambda: player(1))

    return Rounds(once, calls=2 * TURNS)


def signals(one: Any, other: Any) -> Rounds:
    """Two threads that set each other's event by turns."""

    def player(mine: Any, theirs: Any) -> None:
        for _ in range(TURNS):
            mine.wait()
            mine.clear()
            theirs.set()

    def once() -> float:
        one.set()
        other.clear()
        return together(lambda: player(one, other), lambda: player(other, one))

    return Rounds(once, calls=2 * TURNS)


def meetings(barrier: Any) -> Rounds:
    def player() -> None:
        for _ in range(TURNS):
            barrier.wait()

    return Rounds(lambda: together(*[player] * barrier.parties), calls=TURNS)


def measure(bench: Bench) -> None:
    notify = "with c:\n    c.notify()"
    pairs: list[tuple[str, Any, Any, str]] = [
        ("default", Condition, threading.Condition, DEFAULT),
        ("Lock", lambda: Condition(threading.Lock()), lambda: threading.Condition(threading.Lock()), ""),
        ("RLock", lambda: Condition(threading.RLock()), lambda: threading.Condition(threading.RLock()), ""),
        ("Mutex", lambda: Condition(Mutex()), lambda: threading.Condition(Mutex()), ""),  # type: ignore[arg-type]
    ]
    for kind, ours, theirs, note in pairs:
        bench.pair(
            f"Condition, with and notify, nobody waits, {kind}",
            against="threading.Condition",
            ours=Statement(notify, c=ours()),
            theirs=Statement(notify, c=theirs()),
            target=1.2,
            note=note,
        )
    for kind, ours, theirs, note in pairs:
        bench.pair(
            f"Condition, ping-pong, {kind}",
            against="threading.Condition",
            ours=ping_pong(ours()),
            theirs=ping_pong(theirs()),
            target=PARITY,
            note=note,
        )
    for title, code in (
        ("set and clear", "e.set(); e.clear()"),
        ("is_set", "e.is_set()"),
        ("wait when set", "s.wait()"),
    ):
        ours, theirs = Event(), threading.Event()
        ours_set, theirs_set = Event(), threading.Event()
        ours_set.set()
        theirs_set.set()
        bench.pair(
            f"Event, {title}",
            against="threading.Event",
            ours=Statement(code, e=ours, s=ours_set),
            theirs=Statement(code, e=theirs, s=theirs_set),
        )
    bench.pair(
        "Event, ping-pong",
        against="threading.Event",
        ours=signals(Event(), Event()),
        theirs=signals(threading.Event(), threading.Event()),
    )
    for parties in (2, 4):
        bench.pair(
            f"Barrier, a round of {parties}",
            against="threading.Barrier",
            ours=meetings(Barrier(parties)),
            theirs=meetings(threading.Barrier(parties)),
        )
    bench.pair(
        "CountDownLatch, made and counted down",
        against="an Event that is made and set",
        ours=Statement("n = CountDownLatch(1); n.count_down()", CountDownLatch=CountDownLatch),
        theirs=Statement("n = Event(); n.set()", Event=threading.Event),
    )


if __name__ == "__main__":
    main(measure)
