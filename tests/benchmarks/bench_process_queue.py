"""ProcessQueue against multiprocessing.Queue, with faster-fifo beside; and ProcessMutex against multiprocessing.Lock.

One process puts and another takes; the figure is for one message. Both queues have the same bound. In batches, 50
messages go at a time, by put_many and get_many, or as one list through multiprocessing.Queue. They are distinct: of
one object that is 50 times in a list the pickle has only one.
"""

import importlib
import multiprocessing
import time
from collections.abc import Callable
from typing import Any

from pairs import Bench, Rounds, Statement, main

from concur import ProcessMutex, ProcessQueue

FORK = multiprocessing.get_context("fork")
BOUND = 1024
BATCH = 50
RING = 1 << 21
KERNEL = (
    "The two calls of the kernel, where what survives a kill is kept, take two thirds of it: alone they are 18 times a "
    "lock that is a number in memory."
)

Body = Callable[[], None]


def between(consume: Body, produce: Body) -> Callable[[], float]:
    """A round: a child puts, this process takes; timed from the word to begin until all is taken."""

    def run() -> float:
        here, there = FORK.Pipe()

        def child() -> None:
            there.send("ready")
            there.recv()
            produce()

        process = FORK.Process(target=child)
        process.start()
        here.recv()
        begin = time.perf_counter()
        here.send("go")
        consume()
        elapsed = time.perf_counter() - begin
        process.join()
        return elapsed

    return run


def one_by_one(queue: Any, size: int, count: int) -> Rounds:
    item = bytes(size)

    def produce() -> None:
        put = queue.put
        for _ in range(count):
            put(item)

    def consume() -> None:
        get = queue.get
        for _ in range(count):
            get()

    return Rounds(between(consume, produce), calls=count)


def batches() -> list[list[bytes]]:
    return [[b"%100d" % (BATCH * batch + n) for n in range(BATCH)] for batch in range(8)]


def in_batches(queue: Any, count: int) -> Rounds:
    """*count* messages by put_many and get_many."""
    messages = batches()

    def produce() -> None:
        for n in range(count // BATCH):
            queue.put_many(messages[n % 8])

    def consume() -> None:
        left = count
        while left:
            left -= len(queue.get_many(BATCH))

    return Rounds(between(consume, produce), calls=count)


def as_lists(queue: Any, count: int) -> Rounds:
    """*count* messages as lists, one put for each list."""
    messages = batches()

    def produce() -> None:
        for n in range(count // BATCH):
            queue.put(messages[n % 8])

    def consume() -> None:
        for _ in range(count // BATCH):
            queue.get()

    return Rounds(between(consume, produce), calls=count)


def ours() -> Any:
    return ProcessQueue(BOUND, capacity=RING)


def theirs() -> Any:
    return FORK.Queue(BOUND)


def faster_fifo() -> Any:
    """The queue of faster-fifo, or None if it is not installed."""
    try:
        module = importlib.import_module("faster_fifo")
        importlib.import_module("faster_fifo_reduction")
    except ImportError:
        print("faster-fifo is not installed, and left out")
        return None
    return module.Queue


SMALL = (
    "A lock of the kernel for each put and each get is a third of the time: it is what outlives its owner. Where other "
    "work fills the cores, only the sum of the time on both sides counts, and there is a thread less on ours, no more."
)
LARGE = "It is copied three times, through 2 MiB of memory; the pipe is 64 KiB and stays in the cache."


def measure(bench: Bench) -> None:
    for code, how in (("s.acquire(); s.release()", "acquire and release"), ("with s:\n    pass", "with")):
        bench.pair(
            f"ProcessMutex, {how}",
            against="multiprocessing.Lock",
            ours=Statement(code, s=ProcessMutex()),
            theirs=Statement(code, s=multiprocessing.get_context("fork").Lock()),
            target=25.0,
            at_least=False,
            note=KERNEL,
        )
    sizes = ((100, 10_000, 1.2, "100 B"), (65_536, 1_000, 2.0, "64 KiB"))
    for size, count, target, name in sizes:
        bench.pair(
            f"ProcessQueue, {name} one by one",
            against="multiprocessing.Queue",
            ours=one_by_one(ours(), size, count),
            theirs=one_by_one(theirs(), size, count),
            target=target,
            note=SMALL if size == 100 else LARGE,
        )
    bench.pair(
        f"ProcessQueue, 100 B, {BATCH} at a time",
        against="ProcessQueue, one by one",
        ours=in_batches(ours(), 20_000),
        theirs=one_by_one(ours(), 100, 10_000),
        target=8.0,
    )
    bench.pair(
        f"ProcessQueue, 100 B, {BATCH} at a time",
        against="multiprocessing.Queue of lists",
        ours=in_batches(ours(), 20_000),
        theirs=as_lists(FORK.Queue(BOUND // BATCH), 20_000),
        target=1 / 1.3,
        note="A group is one list as well; what is on top of it is the two locks of the kernel.",
    )
    make = faster_fifo()
    if make is None:
        return
    for size, count, _, name in sizes:
        bench.pair(
            f"ProcessQueue, {name} one by one",
            against="faster-fifo",
            ours=one_by_one(ours(), size, count),
            theirs=one_by_one(make(RING), size, count),
        )
    bench.pair(
        f"ProcessQueue, 100 B, {BATCH} at a time",
        against="faster-fifo, put_many and get_many",
        ours=in_batches(ours(), 20_000),
        theirs=in_batches(make(RING), 20_000),
    )


if __name__ == "__main__":
    main(measure)
