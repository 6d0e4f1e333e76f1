"""A storm of kills: producers and consumers of one queue are killed at random moments, and an account is kept.

Each worker keeps its account in shared memory, which outlives it. A producer notes which items it is about to put,
and afterwards that they are in. A consumer notes that it is about to take, and afterwards what it took, by one store.
So of a producer that was killed, the items of one call may be in or not; and of a consumer that was killed, the items
of one call may be taken without a note, if the call had returned, or was about to: from outside nobody can tell.
"""

import multiprocessing
import os
import random
import signal
import threading
from collections import Counter
from dataclasses import dataclass
from typing import Any

from concur import Closed
from concur.process import ProcessQueue
from concur.process._segment import WORD, Segment

FUSE = 60.0
MOST = 20_000  # items that one worker notes
BATCH = 5
STARTED, DONE, ENTRIES = 0, 1, 2  # words of an account
WORKERS = 3  # of each kind, at a time


@dataclass
class Report:
    kills: int = 0
    in_a_call: int = 0  # of those, who was in the middle of a call
    takers: int = 0  # and of those, who was taking
    received: int = 0  # items
    without_note: int = 0  # items that one of these takers had, or was about to have

    def __add__(self, other: "Report") -> "Report":
        return Report(*(getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__))


def account(accounts: Segment, worker: int) -> memoryview:
    return accounts.words[worker * (ENTRIES + MOST) : (worker + 1) * (ENTRIES + MOST)]


def produce(queue: Any, accounts: Segment, me: int, stop: Segment) -> None:
    mine = account(accounts, me)
    chance = random.Random(me)
    n = 0
    while n < MOST - BATCH and not stop.words[0]:
        count = chance.choice((1, 1, BATCH))
        mine[STARTED] = n + count
        if count == 1:
            queue.put((me, n, b"." * chance.randrange(200)))
        else:
            put = queue.put_many([(me, n + i, b"." * chance.randrange(50)) for i in range(count)])
            assert put == count
        n += count
        mine[DONE] = n


def consume(queue: Any, accounts: Segment, me: int, stop: Segment) -> None:
    mine = account(accounts, me)
    chance = random.Random(me)
    n = 0
    try:
        while n < MOST - BATCH:
            mine[STARTED] = 1
            items = [queue.get()] if chance.random() < 0.5 else queue.get_many(BATCH)
            for worker, number, _ in items:
                mine[ENTRIES + n] = worker << 32 | number
                n += 1
            mine[DONE] = n
            mine[STARTED] = 0
    except Closed:
        mine[STARTED] = 0


def storm(seed: str, kills: int) -> Report:
    """Kill so many workers, one after the other, and see to it that everything adds up. One queue serves them all."""
    chance = random.Random(seed)
    context = multiprocessing.get_context("fork")
    queue: ProcessQueue[Any] = ProcessQueue(
        chance.choice((2, 8, 50)), capacity=chance.choice((600, 1500, 6000))
    )
    accounts = Segment((kills + 4 * WORKERS) * (ENTRIES + MOST) * WORD)
    stop = Segment(WORD)
    waiting = threading.Event()
    report = Report()
    kinds: list[Any] = []  # of each worker that there ever was
    living: dict[int, Any] = {}

    def begin(kind: Any) -> None:
        me = len(kinds)
        kinds.append(kind)
        living[me] = context.Process(target=kind, args=(queue, accounts, me, stop), daemon=True)
        living[me].start()

    def end(worker: int) -> None:
        living[worker].join(FUSE)
        assert living[worker].exitcode is not None, (
            f"seed {seed}: {kinds[worker].__name__} hangs after {report}"
        )
        assert living.pop(worker).exitcode in (0, -signal.SIGKILL), f"seed {seed}: a worker failed"

    try:
        for kind in (produce, consume):
            for _ in range(WORKERS):
                begin(kind)
        killed: set[int] = set()
        while report.kills < kills:
            waiting.wait(chance.random() * 0.004)
            worker = chance.choice(list(living))
            if living[worker].exitcode is None:
                os.kill(living[worker].pid, signal.SIGKILL)
            end(worker)
            killed.add(worker)
            report.kills += 1
            begin(kinds[worker])
        stop.words[0] = 1
        for worker in [worker for worker in living if kinds[worker] is produce]:
            end(worker)
        queue.close()
        for worker in list(living):
            end(worker)
    finally:
        for process in living.values():
            process.kill()
            process.join()
    assert list(queue) == [], f"seed {seed}: somebody was told the end while there was something"

    received: Counter[int] = Counter()
    surely, perhaps = set(), set()
    without_note = 0  # items may be
    for worker, kind in enumerate(kinds):
        mine = account(accounts, worker)
        started, done = mine[STARTED], mine[DONE]
        if kind is produce:
            surely |= {worker << 32 | n for n in range(done)}
            perhaps |= {worker << 32 | n for n in range(done, started)}
            report.in_a_call += started != done
        else:
            received.update(mine[ENTRIES : ENTRIES + done].tolist())
            if started:
                assert worker in killed
                report.takers += 1
                report.in_a_call += 1
                without_note += BATCH
    assert max(received.values(), default=1) == 1, f"seed {seed}: an item came twice"
    assert not set(received) - surely - perhaps, f"seed {seed}: an item came that nobody put"
    report.received = len(received)
    report.without_note = len(surely - set(received))
    assert report.without_note <= without_note, f"seed {seed}: {report}"
    return report
