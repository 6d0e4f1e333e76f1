"""Mutexes and semaphores beside those of the standard library: alone, with four threads contending, hand-over."""

import threading
from collections.abc import Callable
from typing import Any

from pairs import Bench, Rounds, Statement, main, together

from concur import BoundedSemaphore, FairMutex, FairSemaphore, Mutex, PlainMutex, ReentrantMutex, Semaphore

PAIR = "s.acquire(); s.release()"
WITH = "with s:\n    pass"


def contended(lock: Any, calls: int = 5_000) -> Rounds:
    """Four threads that take it and give it back, as often as they can."""

    def body() -> None:
        for _ in range(calls):
            lock.acquire()
            lock.release()

    return Rounds(lambda: together(*[body] * 4), calls=4 * calls)


def ping_pong(make: Callable[[int], Any], rounds: int = 500) -> Rounds:
    """Two threads that signal each other in turn; one hand-over is a call."""
    ping, pong = make(0), make(0)

    def serve() -> None:
        for _ in range(rounds):
            ping.release()
            pong.acquire()

    def answer() -> None:
        for _ in range(rounds):
            ping.acquire()
            pong.release()

    return Rounds(lambda: together(serve, answer), calls=2 * rounds)


def measure(bench: Bench) -> None:
    for code, how in ((PAIR, "acquire and release"), (WITH, "with")):
        for kind, target in ((Mutex, 4.0), (PlainMutex, 2.0), (FairMutex, 6.0)):
            bench.pair(
                f"{kind.__name__}, {how}",
                against="threading.Lock",
                ours=Statement(code, s=kind()),
                theirs=Statement(code, s=threading.Lock()),
                target=target,
                at_least=False,
                note="two calls of Python functions alone take half of it, and the owner's record the rest",
            )
        bench.pair(
            f"ReentrantMutex, {how}",
            against="threading.RLock",
            ours=Statement(code, s=ReentrantMutex()),
            theirs=Statement(code, s=threading.RLock()),
            at_least=False,
        )
    bench.pair(
        "ReentrantMutex, acquire and release",
        against="threading._PyRLock",
        ours=Statement(PAIR, s=ReentrantMutex()),
        theirs=Statement(PAIR, s=threading._PyRLock()),  # type: ignore[attr-defined]
    )
    bench.pair(
        "Mutex, four threads",
        against="threading.Lock",
        ours=contended(Mutex()),
        theirs=contended(threading.Lock()),
        at_least=False,
    )
    bench.pair(
        "FairMutex, four threads",
        against="threading.Lock",
        ours=contended(FairMutex(), 200),
        theirs=contended(threading.Lock()),
        at_least=False,
    )
    limit = "two calls of Python functions take two thirds of it: an empty pair of methods is 12 to 14 times as fast"
    pairs: list[tuple[Any, Any, float | None]] = [
        (Semaphore, threading.Semaphore, 8.0),
        (BoundedSemaphore, threading.BoundedSemaphore, 5.0),
        (FairSemaphore, threading.Semaphore, None),
    ]
    for kind, theirs, target in pairs:
        name, against = kind.__name__, f"threading.{theirs.__name__}"
        bench.pair(
            f"{name}, acquire and release",
            against=against,
            ours=Statement(PAIR, s=kind()),
            theirs=Statement(PAIR, s=theirs()),
            target=target,
            note=limit,
        )
        bench.pair(
            f"{name}, with",
            against=against,
            ours=Statement(WITH, s=kind()),
            theirs=Statement(WITH, s=theirs()),
        )
        if kind is FairSemaphore:
            bench.pair(
                f"{name}, four threads",
                against=against,
                ours=contended(kind(), 200),
                theirs=contended(theirs(), 200),
            )
            continue
        for permits in (1, 2):
            bench.pair(
                f"{name}({permits}), four threads",
                against=against,
                ours=contended(kind(permits)),
                theirs=contended(theirs(permits)),
                target=3.0,
            )
    for kind in (Semaphore, FairSemaphore):
        bench.pair(
            f"{kind.__name__}, ping-pong",
            against="threading.Semaphore",
            ours=ping_pong(kind),
            theirs=ping_pong(threading.Semaphore),
        )


if __name__ == "__main__":
    main(measure)
