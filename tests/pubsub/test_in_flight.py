"""Several batches of a partition under way: whatever becomes of each, none that is acknowledged is lost, doubled, or
out of order.

A producer's parts are driven by hand, without its threads, against a model of what a broker remembers of producers. A
request may be carried out, refused, lost before or after, or come long after its sender has given up on it.
"""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from concur.pubsub import TopicPartition
from concur.pubsub.accumulator import Accumulator
from concur.pubsub.batch import RecordBatch
from concur.pubsub.config import producer_config
from concur.pubsub.delivery import Delivery, OpenBatch
from concur.pubsub.errors import (
    Disconnected,
    NotLeaderOrFollower,
    OutOfOrderSequenceNumber,
    PubSubError,
    RecordTooLarge,
    RequestTimedOut,
)
from concur.pubsub.outcomes import Outcomes

TP = TopicPartition("orders", 0)
Answer = tuple[int, int] | PubSubError


class Table:
    """The log of a partition, and what its leader remembers: of each producer the last five batches."""

    def __init__(self) -> None:
        self.log: list[bytes | None] = []
        self.last: dict[int, list[tuple[int, int, int]]] = {}  # id -> (number, records, offset) of each

    def append(self, batch: RecordBatch) -> Answer:
        if batch.producer_id >= 0 and batch.producer_id in self.last:
            last = self.last[batch.producer_id]
            for number, records, offset in last:
                if (number, records) == (batch.base_sequence, len(batch)):
                    return offset, -1
            if batch.base_sequence != last[-1][0] + last[-1][1]:
                return OutOfOrderSequenceNumber("not the next one")
        offset = len(self.log)
        self.log += batch.values
        if batch.producer_id >= 0:
            last = self.last.setdefault(batch.producer_id, [])
            last.append((batch.base_sequence, len(batch), offset))
            del last[:-5]
        return offset, -1


class Line:
    """A producer without threads, a network, and a broker."""

    def __init__(self, **given: Any) -> None:
        config = producer_config(
            {
                "bootstrap.servers": "scripted://none",
                "batch.size": 1,
                "linger.ms": 0,
                "retry.backoff.ms": 0,
                **{key.replace("_", "."): value for key, value in given.items()},
            }
        )
        self.batches = Accumulator(config)
        self.outcomes = Outcomes(config, self.batches)
        self.idempotent = config["enable.idempotence"]
        self.lane = self.batches.lane(TP)
        self.table = Table()
        self.deliveries: list[Delivery] = []
        self.told: list[tuple[int, int | None]] = []  # which record, and its offset
        self.under_way: list[OpenBatch] = []
        self.late: list[RecordBatch] = []  # requests still in the network that nobody waits for
        self.ids = 0

    # What the program does

    def add(self) -> None:
        n = len(self.deliveries)

        def note(metadata: Any, error: PubSubError | None) -> None:
            self.told.append((n, metadata.offset if metadata else None))

        row = (None, b"%d" % n, (), 0)
        self.deliveries.append(self.batches.append(self.lane, row, 30, note, None))

    # What the senders do

    def send(self) -> bool:
        """One request, if there is anything to send."""
        if self.idempotent and self.outcomes.producer is None:
            self.ids += 1
            self.outcomes.producer = (self.ids, 0)
        taken = self.batches.take({TP: 0}, 0, 10**6, self.outcomes.producer)
        self.under_way += taken
        return bool(taken)

    def expire(self) -> None:
        """The oldest record that has no answer has waited for too long."""
        batch = next(
            (each for each in [*self.lane.in_flight, *self.lane.waiting] if not each.is_answered), None
        )
        if batch is not None:
            batch.deadline = 0.0
            self.outcomes.give_up(self.batches.expired(), "it was not acknowledged in time")
            self.tell()

    def tell(self) -> None:
        for lane in self.batches.settle([TP]):
            for batch in lane.told:
                batch.tell()
            lane.told.clear()

    # What becomes of a request

    def come_back(self, batch: OpenBatch, answer: Answer) -> None:
        self.under_way.remove(batch)
        self.outcomes.take_in([batch], {TP: answer})
        self.tell()

    def done(self, batch: OpenBatch) -> None:
        self.come_back(batch, self.table.append(batch.seal()))

    def lost_before(self, batch: OpenBatch) -> None:
        self.come_back(batch, RequestTimedOut("lost"))

    def lost_after(self, batch: OpenBatch) -> None:
        self.table.append(batch.seal())
        self.come_back(batch, Disconnected("lost"))

    def delayed(self, batch: OpenBatch) -> None:
        self.late.append(batch.seal())
        self.come_back(batch, RequestTimedOut("late"))

    def refused(self, batch: OpenBatch) -> None:
        self.come_back(batch, NotLeaderOrFollower("not yet", definite=True))

    def too_large(self, batch: OpenBatch) -> None:
        self.come_back(batch, RecordTooLarge("too large"))

    def arrive_late(self, which: int) -> None:
        if self.late:
            self.table.append(self.late.pop(which % len(self.late)))

    def finish(self) -> None:
        """All that is left is answered as it should be; then all that is late arrives."""
        self.lane.open = None
        while not self.lane.is_empty:
            assert self.send() or self.under_way, "nothing under way, and nothing that may be sent"
            for batch in list(self.under_way):
                self.done(batch)
        while self.late:
            self.arrive_late(0)

    def check(self) -> None:
        log = self.table.log
        found = [int(value or b"") for value in log]
        fates = [delivery.exception(0) for delivery in self.deliveries]
        acknowledged = [n for n, error in enumerate(fates) if error is None]
        offsets = [self.deliveries[n].result(0).offset for n in acknowledged]
        assert [found[offset] for offset in offsets] == acknowledged
        assert sorted(n for n, _ in self.told) == list(range(len(fates)))
        if self.lane.most == 1:
            assert offsets == sorted(offsets), f"out of order: {found}"
        if self.idempotent:
            assert len(set(found)) == len(found), f"doubled: {found}"
            assert offsets == sorted(offsets), f"out of order: {found}"
            assert [n for n, _ in self.told] == list(range(len(fates)))
            for n, error in enumerate(fates):
                assert error is None or not error.definite or n not in found, f"{n} was said not to be there"


FATES: list[Callable[[Line, OpenBatch], None]] = [
    *(Line.done, Line.done, Line.lost_before, Line.lost_after, Line.delayed, Line.refused, Line.too_large)
]
STEP = st.one_of(
    st.tuples(st.just("add"), st.just(0), st.just(0)),
    st.tuples(st.just("send"), st.just(0), st.just(0)),
    st.tuples(st.just("answer"), st.integers(0, 4), st.integers(0, len(FATES) - 1)),
    st.tuples(st.just("answer"), st.integers(0, 4), st.integers(0, len(FATES) - 1)),
    st.tuples(st.just("late"), st.integers(0, 4), st.just(0)),
    st.tuples(st.just("expire"), st.just(0), st.just(0)),
)


def go(line: Line, steps: list[tuple[str, int, int]]) -> None:
    for what, which, fate in steps:
        if what == "add":
            line.add()
        elif what == "send":
            line.send()
        elif what == "answer" and line.under_way:
            FATES[fate](line, line.under_way[which % len(line.under_way)])
        elif what == "late":
            line.arrive_late(which)
        elif what == "expire":
            line.expire()
        assert len(line.lane.in_flight) <= line.lane.most
    line.finish()
    line.check()


FIVE = [("add", 0, 0), ("send", 0, 0), ("answer", 0, 0)] + [("add", 0, 0)] * 7 + [("send", 0, 0)] * 5


@settings(max_examples=300, deadline=None)
@given(st.lists(STEP, max_size=60), st.booleans())
def test_whatever_becomes_of_each(steps: list[tuple[str, int, int]], at_once: bool) -> None:
    """Of five batches under way each may be done, refused, lost before or after, or come late, in any order."""
    go(Line(), FIVE * at_once + steps)


@settings(max_examples=100, deadline=None)
@given(st.lists(STEP, max_size=60), st.sampled_from([1, 3]))
def test_without_numbers_what_is_acknowledged_is_there(steps: list[tuple[str, int, int]], most: int) -> None:
    go(Line(enable_idempotence=False, max_in_flight_requests_per_connection=most), steps)


def five(**given: Any) -> Line:
    """With five under way, the first of an id having been acknowledged."""
    line = Line(**given)
    line.add()
    line.send()
    line.done(line.under_way[0])
    for _ in range(7):
        line.add()
    for _ in range(9):
        line.send()
    assert [batch.seal().base_sequence for batch in line.under_way] == [1, 2, 3, 4, 5]
    return line


def numbers(line: Line) -> list[tuple[int, int]]:
    """Of what is under way: the producer's id, and the number."""
    return [(batch.seal().producer_id, batch.seal().base_sequence) for batch in line.under_way]


def test_the_first_under_an_id_goes_alone() -> None:
    """A broker takes any number from a producer that it does not know, so a second one must not come first."""
    line = Line()
    for _ in range(3):
        line.add()
    assert line.send()
    assert not line.send()
    line.done(line.under_way[0])
    assert line.send()
    assert line.send()


def test_no_more_than_five_since_the_first_that_is_not_answered() -> None:
    """The broker can tell the last five from new ones: of six, the first would come again as a new one."""
    line = five()
    for batch in line.under_way[1:]:
        line.table.append(line.under_way[0].seal())
        line.done(batch)
    assert not line.send()
    line.lost_after(line.under_way[0])
    line.finish()
    line.check()
    assert line.ids == 1


def test_what_is_sent_again_goes_in_order_and_one_at_a_time() -> None:
    line = five()
    for batch in list(line.under_way)[::-1]:
        line.refused(batch)
    sent: list[tuple[int, int]] = []
    while line.send():
        assert len(line.under_way) <= 1 or sent[-1][1] >= 5
        sent += numbers(line)[-1:]
        line.done(line.under_way[0])
    assert sent == [(1, n) for n in range(1, 8)]
    line.check()


def test_what_was_overtaken_comes_again_at_once_and_is_not_counted() -> None:
    line = five(retries=1, retry_backoff_ms=60_000, retry_backoff_max_ms=60_000)
    first, second = line.under_way[:2]
    line.done(second)  # before its turn: refused
    assert not line.send()
    line.done(first)
    assert line.send()
    assert numbers(line)[-1] == (1, 2)
    assert line.under_way[-1].attempts == 1


def test_answers_are_told_in_order() -> None:
    line = five()
    first, second = line.under_way[:2]
    line.lost_after(first)
    line.done(second)
    assert [n for n, _ in line.told] == [0]
    line.send()
    line.done(line.under_way[-1])
    assert line.told == [(0, 0), (1, 1), (2, 2)]


def test_behind_one_that_failed_in_doubt_those_that_were_refused_go_under_a_new_id() -> None:
    line = five()
    first, *others = list(line.under_way)
    line.lost_before(first)
    for batch in others:
        line.done(batch)  # refused: the first is missing
    line.expire()
    line.finish()
    line.check()
    assert line.ids == 2
    assert [error is None for error in (each.exception(0) for each in line.deliveries)] == [True, False] + [
        True
    ] * 6


def test_behind_one_that_failed_in_doubt_one_in_doubt_keeps_its_number() -> None:
    """It is in the log, with the one before it; under a new number it would be there twice."""
    line = five()
    first, second = line.under_way[:2]
    line.lost_after(first)
    line.lost_after(second)
    line.expire()
    for batch in list(line.under_way):
        line.refused(batch)
    assert line.send()
    assert numbers(line) == [(1, 2)]
    line.finish()
    line.check()
    assert line.deliveries[2].result(0).offset == 2


def test_one_in_doubt_that_is_refused_fails_in_doubt() -> None:
    """A request of it may still be on its way, so it must not be sent under another number."""
    line = five()
    first, second = line.under_way[:2]
    line.delayed(first)
    line.delayed(second)
    for batch in list(line.under_way):
        line.done(batch)
    line.expire()
    line.finish()
    line.check()
    error = line.deliveries[2].exception(0)
    assert isinstance(error, OutOfOrderSequenceNumber)
    assert not error.definite
    assert "before this one may have succeeded" in str(error)


def test_behind_one_that_was_certainly_refused_all_go_under_a_new_id() -> None:
    line = five()
    first, *others = list(line.under_way)
    line.too_large(first)
    for batch in others:
        line.done(batch)
    line.finish()
    line.check()
    assert line.ids == 2


def test_an_answer_after_it_was_given_up_changes_nothing() -> None:
    line = five()
    first = line.under_way[0]
    line.expire()
    error = line.deliveries[1].exception(0)
    assert error is not None
    assert not error.definite
    for batch in list(line.under_way):
        line.done(batch)
    assert line.deliveries[1].exception(0) is error
    line.finish()
    line.check()
    assert first.is_done


@pytest.mark.parametrize("most", [1, 5])
def test_without_numbers_order_is_kept_only_one_at_a_time(most: int) -> None:
    line = Line(enable_idempotence=False, max_in_flight_requests_per_connection=most)
    line.add()
    line.add()
    line.send()
    line.send()
    line.refused(line.under_way[0])
    line.finish()
    line.check()
    assert line.table.log == ([b"0", b"1"] if most == 1 else [b"1", b"0"])


def test_while_something_is_under_way_under_a_broken_id_nothing_new_goes() -> None:
    """It would be refused: what comes before it never came."""
    line = five()
    line.expire()  # the first, which is under way
    line.done(line.under_way[1])
    assert len(line.lane.in_flight) < line.lane.most
    assert not line.send()


def test_an_answer_that_comes_after_it_was_given_up_lets_others_go_under_a_new_id() -> None:
    line = five()
    for batch in line.under_way[1:]:
        line.table.append(line.under_way[0].seal())
        line.done(batch)
    line.expire()
    line.done(line.under_way[0])
    assert line.send()
    assert numbers(line) == [(2, 0)]
