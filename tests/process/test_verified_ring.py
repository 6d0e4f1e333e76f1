"""The ring of ProcessQueue on a plain buffer, under every interleaving of its words; and what refutes it.

The text is that of concur/process/_ring.py; between threads, a lock of `threading` takes the place of a process mutex.
Each word of the buffer is a place of its own, and bytes of a record are stored and loaded word by word.
"""

from pathlib import Path
from threading import Lock, Semaphore
from types import ModuleType
from typing import Any

import pytest

from concur.check import Status, linearizable
from concur.check.exploration import sample
from concur.process import _ring
from tests.sync.verifying import Scenario, together, verdict_of

FILE = Path(_ring.__file__)


def behind(lock: Any) -> Any:
    """What makes a call while it holds *lock*."""

    def guarded(call: Any, *given: Any) -> Any:
        with lock:
            return call(*given)

    return guarded


class Queue:
    """Items of one byte; a batch is one record."""

    def __init__(self, module: ModuleType, maxsize: int, capacity: int, slots: int = 1, lap: int = 0) -> None:
        self.module = module
        self.words = memoryview(bytearray(8 * module.words_for(slots))).cast("Q")
        self.ring = module.Ring(
            self.words,
            memoryview(bytearray(capacity)),
            maxsize,
            behind(Lock()),
            behind(Lock()),
            lambda owner: True,
            lambda: None,
        )
        place = -lap % self.ring._around  # so many bytes before the places begin anew
        for word in (module.HEAD, module.TAIL):
            self.words[word] = (-lap % module.COUNTS << module.BITS) | place
        self.words[module.LIMIT] = place

    def put(self, *items: int, size: int = 0) -> bool:
        record = bytes(items) + b"." * (size - len(items))
        return self.ring.put(record, len(items)) == 0  # type: ignore[no-any-return]

    def get(self, limit: int = 1) -> list[int]:
        hand = self.module.Hand()
        if self.ring.take(hand, limit, 1) != 0:
            return []
        items: list[int] = []
        start = hand.start
        if hand.size >= 0:
            items, start = [bytes(self.ring.content(hand.at, hand.size))[0]], hand.upto
        while start != hand.upto:
            record, _, first, last, start = self.ring.front(start, hand.upto)
            assert first < last, "this does not end"
            items += bytes(record)[first:last]
        self.ring.finish(hand)
        return items

    def rest(self) -> list[int]:
        items = []
        while more := self.get(9):
            items += more
            assert len(items) < 9, "this does not end"
        return items


# One producer and one consumer


def one_and_one(module: ModuleType) -> None:
    """Room for one record at a time, which goes round the end."""
    queue = Queue(module, 3, 24, lap=8)
    put: list[int] = []
    got: list[int] = []

    def produce() -> None:
        put.extend(n for n in (1, 2, 3) if queue.put(n, size=9))

    def consume() -> None:
        for _ in range(2):
            got.extend(queue.get())

    together(produce, consume)
    assert got + queue.rest() == put


def one_and_one_with_batches(module: ModuleType) -> None:
    """The consumer takes a part of a record, and what is left of it with the next."""
    queue = Queue(module, 3, 32)
    put: list[int] = []
    got = []

    def produce() -> None:
        for batch in ((1, 2), (3,), (4, 5)):
            if queue.put(*batch):
                put.extend(batch)

    def consume() -> None:
        got.extend(queue.get(1))
        got.extend(queue.get(2))

    together(produce, consume)
    assert got + queue.rest() == put


def one_and_one_closed(module: ModuleType) -> None:
    """Who is told the end has everything."""
    queue = Queue(module, 2, 32)
    got: list[int] = []

    def produce() -> None:
        queue.put(1)
        queue.ring.close()
        assert not queue.put(2)

    def consume() -> None:
        hand = module.Hand()
        for _ in range(3):
            status = queue.ring.take(hand, 9, 1)
            if status == 0:
                got.append(hand.upto)
                queue.ring.finish(hand)
            elif status == module.SHUT:
                assert queue.ring.is_empty()
                assert queue.words[module.TAIL] >> module.BITS == 1
                return

    together(produce, consume)


def one_and_one_with_two_records(module: ModuleType) -> None:
    """The room of the first is free before that of the second is."""
    queue = Queue(module, 9, 48)
    queue.put(1, size=9)
    queue.put(2, size=9)
    put, got = [1, 2], []

    def produce() -> None:
        put.extend(n for n in (3, 4) if queue.put(n, size=9))

    def consume() -> None:
        got.extend(queue.get())
        got.extend(queue.get())

    together(produce, consume)
    assert got + queue.rest() == put


# Several


def two_and_one(module: ModuleType) -> None:
    queue = Queue(module, 2, 32)
    put: list[int] = []
    got: list[int] = []

    def produce(n: int) -> None:
        if queue.put(n):
            put.append(n)

    together(lambda: produce(1), lambda: produce(2), lambda: got.extend(queue.get()))
    assert sorted(got + queue.rest()) == sorted(put)


def one_and_two(module: ModuleType) -> None:
    """Two take from one record, and one puts where it was."""
    queue = Queue(module, 3, 24, slots=2)
    queue.put(1, 2, size=9)
    put, got = [1, 2], []

    def produce() -> None:
        if queue.put(3, size=9):
            put.append(3)

    together(produce, lambda: got.extend(queue.get()), lambda: got.extend(queue.get()))
    assert sorted(got + queue.rest()) == put


def one_slot_for_two(module: ModuleType) -> None:
    """Who finds no slot for a claim has changed nothing."""
    queue = Queue(module, 3, 32, slots=1)
    queue.put(1)
    queue.put(2)
    got: list[int] = []
    together(lambda: got.extend(queue.get()), lambda: got.extend(queue.get()))
    assert sorted(got + queue.rest()) == [1, 2]


def two_and_one_given_back(module: ModuleType) -> None:
    """What one consumer gives back the other finds, or who comes later; it is not overwritten meanwhile."""
    queue = Queue(module, 2, 24, slots=2)
    queue.put(1, size=9)
    put, got = [1], []

    def produce() -> None:
        if queue.put(2, size=9):
            put.append(2)

    def give_back() -> None:
        hand = module.Hand()
        if queue.ring.take(hand, 1, 2) == 0:
            queue.ring.give_back(hand)

    together(produce, give_back, lambda: got.extend(queue.get()))
    assert sorted(got + queue.rest()) == put


def looked_at_from_outside(module: ModuleType) -> None:
    """A queue that is never empty never looks so, and never full beyond its size."""
    queue = Queue(module, 2, 32)
    queue.put(1)

    def both() -> None:
        queue.put(2)
        queue.get()

    def look() -> None:
        assert not queue.ring.is_empty()
        assert len(queue.ring) in (1, 2)

    together(both, look)


class Model:
    """A queue of items of one byte, with room for one, as a sequential program."""

    def __init__(self) -> None:
        self.items: list[int] = []

    def put(self, item: int) -> bool:
        fits = not self.items
        if fits:
            self.items.append(item)
        return fits

    def get(self) -> list[int]:
        return [self.items.pop(0)] if self.items else []


def steps_one_and_one(module: ModuleType) -> None:
    """Each call is one step."""
    queue = linearizable(Model, Queue(module, 1, 32))
    together(lambda: (queue.put(1), queue.put(2)), lambda: (queue.get(), queue.get()))


def steps_two_and_one(module: ModuleType) -> None:
    queue = linearizable(Model, Queue(module, 1, 32))
    together(lambda: queue.put(1), lambda: queue.put(2), queue.get)
    queue.get()


def steps_one_and_two(module: ModuleType) -> None:
    queue = linearizable(Model, Queue(module, 1, 32, slots=2))
    together(lambda: queue.put(1), queue.get, queue.get)
    queue.get()


# Sleeping. Here a bell has no patience: who is not rung for sleeps for ever.


def get_and_wait(queue: Queue, bell: Semaphore) -> int:
    ticket = 0
    while not (items := queue.get()):
        again = queue.ring.sleeps_for_item(ticket)
        if again == ticket:
            bell.acquire()
            again = 0
        ticket = again
    return items[0]


def a_consumer_sleeps(module: ModuleType) -> None:
    queue, bell, got = Queue(module, 2, 32), Semaphore(0), []

    def produce() -> None:
        queue.put(1)
        for _ in range(queue.ring.rings_for_items(1)):
            bell.release()

    together(produce, lambda: got.append(get_and_wait(queue, bell)))
    assert got == [1]


def two_consumers_sleep(module: ModuleType) -> None:
    queue, bell, got = Queue(module, 2, 32, slots=2), Semaphore(0), []

    def produce() -> None:
        queue.put(1, 2)
        for _ in range(queue.ring.rings_for_items(2)):
            bell.release()

    together(
        produce, lambda: got.append(get_and_wait(queue, bell)), lambda: got.append(get_and_wait(queue, bell))
    )
    assert sorted(got) == [1, 2]


def a_producer_sleeps(module: ModuleType) -> None:
    """For room in bytes: until the claim on them ends."""
    queue, bell, got = Queue(module, 2, 24), Semaphore(0), []
    queue.put(1, size=9)

    def consume() -> None:
        got.extend(queue.get())
        for _ in range(queue.ring.rings_for_room(1)):
            bell.release()

    def produce() -> None:
        ticket = 0
        while not queue.put(2, size=9):
            again = queue.ring.sleeps_for_room(ticket)
            if again == ticket:
                bell.acquire()
                again = 0
            ticket = again

    together(consume, produce)
    assert got + queue.rest() == [1, 2]


SCENARIOS = [
    looked_at_from_outside,
    steps_one_and_one,
    steps_two_and_one,
    steps_one_and_two,
    one_and_one,
    one_and_one_with_batches,
    one_and_one_closed,
    one_and_one_with_two_records,
    two_and_one,
    one_and_two,
    one_slot_for_two,
    two_and_one_given_back,
    a_consumer_sleeps,
    a_producer_sleeps,
]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_verified(scenario: Scenario) -> None:
    """Under every interleaving the claim holds."""
    verdict = verdict_of(scenario, FILE)
    print(verdict.schedules, verdict.seconds, end=" ")
    assert verdict.status is Status.VERIFIED, str(verdict)


def test_sampled() -> None:
    """Two who sleep for one record of two items; too many schedules to see all."""
    verdict = sample(two_consumers_sleep, attempt=str(FILE), runs=100)
    assert verdict.failure is None, str(verdict)


# The same with one line changed, or two that have changed places; and who notices.
MUTANTS: dict[str, tuple[str, str, Scenario]] = {
    "the tail moves before the record is there": (
        "        at = place % self.capacity\n        self._headers",
        """        at = place % self.capacity
        words[TAIL] = (number + count) % COUNTS << BITS | (place + needed) % self._around
        self._headers""",
        one_and_one,
    ),
    "the claim comes after the head": (
        "                starts[slot] = head | TAKEN\n                words[HEAD] = past\n",
        "                words[HEAD] = past\n                starts[slot] = head | TAKEN\n",
        one_and_one,
    ),
    "what a claim covers is overwritten": (
        "                used = max(used, (place - (start & PLACE)) % self._around)\n",
        "                pass\n",
        one_and_one,
    ),
    "the head is looked at after the claims": (
        """        for start in self.starts.tolist():
            if start:
                used = max(used, (place - (start & PLACE)) % self._around)
        words[LIMIT]""",
        """        claims = [start for start in self.starts.tolist() if start]
        used = max([(place - (start & PLACE)) % self._around for start in claims], default=0)
        used = max(used, (place - (words[HEAD] & PLACE)) % self._around)
        words[LIMIT]""",
        one_and_one_with_two_records,
    ),
    "a claim is cleared, and then copied": (
        """        if at + size <= self.capacity:
            return""",
        """        self.starts[0] = 0
        if at + size <= self.capacity:
            return""",
        one_and_one,
    ),
    "the end is looked at last": (
        """        shut = words[CLOSED]  # before the tail: if it is set, the tail stays
        head, tail = words[HEAD], words[TAIL]
""",
        "        head, tail = words[HEAD], words[TAIL]\n        shut = words[CLOSED]\n",
        one_and_one_closed,
    ),
    "the tail is looked at first": (
        """        head = self.words[HEAD]  # first: if the tail is there later, it was there then
        return bool(head == self.words[TAIL])
""",
        "        return bool(self.words[TAIL] == self.words[HEAD])\n",
        looked_at_from_outside,
    ),
    "consumers take without their mutex": (
        "self._as_consumer(self._take, hand, limit, me)",
        "self._take(hand, limit, me)",
        one_and_two,
    ),
    "producers put without their mutex": (
        "self._as_producer(self._put, record, count)",
        "self._put(record, count)",
        two_and_one,
    ),
    "one item too many": (
        "% COUNTS + count > self.maxsize",
        "% COUNTS + count > self.maxsize + 1",
        steps_one_and_one,
    ),
    "a part of a record is taken for the whole": (
        "        last = min(count, first + ((end >> BITS) - number) % COUNTS)\n",
        "        last = count\n",
        one_and_one_with_batches,
    ),
    "who gives back keeps it": (
        "            self.starts[hand.slot] |= FREED\n",
        "            self.starts[hand.slot] |= TAKEN\n",
        two_and_one_given_back,
    ),
    "who gives back clears it": (
        "            self.starts[hand.slot] |= FREED\n",
        "            self.starts[hand.slot] = 0\n",
        two_and_one_given_back,
    ),
    "who sleeps is not counted": (
        "        if ticket > words[rung]:\n",
        "        if ticket >= words[rung]:\n",
        a_consumer_sleeps,
    ),
    "one sleeper is none": ("        if sleepers <= 0:\n", "        if sleepers <= 1:\n", a_producer_sleeps),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_mutant_refuted(name: str, tmp_path: Path) -> None:
    """The scenarios notice a wrong line."""
    right, wrong, scenario = MUTANTS[name]
    text = FILE.read_text(encoding="utf-8")
    assert text.count(right) == 1, "the mutant does not fit the file"
    module = tmp_path / "mutant.py"
    module.write_text(text.replace(right, wrong), encoding="utf-8")
    verdict = verdict_of(scenario, module)
    assert verdict.status is Status.REFUTED, str(verdict)
