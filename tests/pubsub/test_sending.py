"""The threads of a producer: how many requests they have under way, and that order survives whatever order the answers
come in.
"""

import threading
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from concur.pubsub import Producer, TopicPartition, sender
from concur.pubsub.batch import RecordBatch
from concur.pubsub.errors import Disconnected, IllegalState, NotLeaderOrFollower, PubSubError, RequestTimedOut
from tests.pubsub.scripted import Brokers
from tests.pubsub.test_in_flight import Table

FUSE = 60.0
ZERO = TopicPartition("orders", 0)


@pytest.fixture(autouse=True)
def no_thread_stays() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert not set(threading.enumerate()) - before


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another thread is worth it without delay."""
    monkeypatch.setattr(sender, "PATIENCE", 0.0)


class Held(Brokers):
    """Brokers that hold every request until the test says what becomes of it."""

    def __init__(self) -> None:
        super().__init__(partitions=1)
        self.table = Table()
        self.holds = False
        self.changed = threading.Condition()
        self.held: list[RecordBatch] = []
        self.most = 0  # that were held at a time
        self.fates: dict[int, str] = {}  # by the id of the batch

    def produce(
        self,
        broker: int,
        batches: Mapping[TopicPartition, RecordBatch],
        acks: int,
        timeout_ms: int,
        sent: Any = lambda: None,
    ) -> Any:
        batch = batches[ZERO]
        with self.changed:
            self.held.append(batch)
            self.most = max(self.most, len(self.held))
            self.changed.notify_all()
        sent()
        with self.changed:
            self.changed.wait_for(
                lambda: id(batch) in self.fates or (not self.holds and self.held[0] is batch), FUSE
            )
            self.held.remove(batch)
            fate = self.fates.pop(id(batch), "done")
            self.changed.notify_all()
            if fate == "lost before":
                raise RequestTimedOut("lost")
            if fate == "refused":
                return {ZERO: NotLeaderOrFollower("no", definite=True)}
            answer = self.table.append(batch)
            if fate == "lost after":
                raise Disconnected("lost")
            return {ZERO: answer}

    def wait(self, count: int) -> list[RecordBatch]:
        """The requests that are held, as soon as they are so many, in the order of their records."""
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.held) >= count, FUSE)
            return sorted(self.held, key=lambda batch: int(batch.values[0] or b""))

    def let(self, batch: RecordBatch, fate: str) -> None:
        with self.changed:
            self.fates[id(batch)] = fate
            self.changed.notify_all()
            assert self.changed.wait_for(lambda: batch not in self.held, FUSE)

    def hold(self, holds: bool) -> None:
        with self.changed:
            self.holds = holds
            self.changed.notify_all()


def producer_of(brokers: Brokers, **given: Any) -> Producer:
    config = {"retry.backoff.ms": 0, "retry.backoff.max.ms": 0, "linger.ms": 0, "batch.size": 1}
    config |= {key.replace("_", "."): value for key, value in given.items()}
    return Producer({"bootstrap.servers": brokers.address, **config})


def threads_to_brokers() -> int:
    return sum(" to broker-" in thread.name for thread in threading.enumerate())


@pytest.mark.parametrize("given", [{}, {"acks": 1}, {"acks": 0}], ids=str)
@pytest.mark.parametrize("most", [1, 2, 5])
def test_so_many_requests_are_under_way(at_once: None, most: int, given: dict[str, Any]) -> None:
    """As many as max.in.flight.requests.per.connection, and never more; each needs a thread, and none is left."""
    brokers = Held()
    with producer_of(brokers, max_in_flight_requests_per_connection=most, **given) as producer:
        producer.send("orders", b"0").result(FUSE)
        brokers.hold(True)
        for n in range(1, 12):
            producer.send("orders", b"%d" % n)
        brokers.wait(most)
        with producer._batches.due:
            producer._sending._call(producer._sending._wires[0])
        assert threads_to_brokers() == most
        brokers.hold(False)
    assert brokers.most == most
    assert brokers.table.log == [b"%d" % n for n in range(12)]


def test_one_thread_is_enough_for_brokers_that_answer_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender, "PATIENCE", FUSE)
    brokers = Held()
    with producer_of(brokers) as producer:
        for n in range(100):
            producer.send("orders", b"%d" % n)
        producer.flush(FUSE)
        brokers.hold(True)
        for n in range(2):
            producer.send("orders", b"%d" % n)
        brokers.wait(1)
        with producer._batches.due:
            producer._sending._man({ZERO: 0})
        assert threads_to_brokers() == 1
        brokers.hold(False)
    assert brokers.most == 1


def test_a_batch_that_begins_while_another_is_under_way_is_sent() -> None:
    """Nobody was at the wire when it began, and nothing else happens that would call somebody."""
    brokers = Held()
    with producer_of(brokers) as producer:
        producer.send("orders", b"0").result(FUSE)
        brokers.hold(True)
        producer.send("orders", b"1")
        brokers.wait(1)
        producer.send("orders", b"2")
        brokers.wait(2)
        brokers.hold(False)


def test_what_waited_when_another_was_sent_is_sent_too() -> None:
    """It was not due yet when the thread left the wire."""
    brokers = Held()
    hour = {"linger_ms": 50, "batch_size": 60}
    with producer_of(brokers, **hour) as producer:
        producer.send("orders", b"0").result(FUSE)
        brokers.hold(True)
        for n in range(1, 4):
            producer.send("orders", b"%d" % n + b" " * 20)
        brokers.wait(2)
        brokers.hold(False)


FATES = ["done", "refused", "lost before", "lost after"]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations(range(5)), st.lists(st.sampled_from(FATES), min_size=5, max_size=5))
def test_order_survives_answers_in_any_order(at_once: None, order: list[int], fates: list[str]) -> None:
    brokers = Held()
    told: list[Any] = []

    def note(metadata: Any, error: PubSubError | None) -> None:
        told.append(metadata.offset if metadata else error)

    with producer_of(brokers) as producer:
        producer.send("orders", b"0", on_delivery=note).result(FUSE)
        brokers.hold(True)
        for n in range(1, 9):
            producer.send("orders", b"%d" % n, on_delivery=note)
        held = brokers.wait(5)
        for n in order:
            brokers.let(held[n], fates[n])
        brokers.hold(False)
        producer.flush(FUSE)
        assert told == list(range(9))
    assert brokers.table.log == [b"%d" % n for n in range(9)]
    assert brokers.most == 5


def test_ctrl_c_while_it_is_closed_ends_the_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has no answer is given up, as if the time for closing were over."""
    brokers = Held()
    producer = producer_of(brokers)
    brokers.leaders[0] = None
    delivery = producer.send("orders", b"0")
    usual = threading.Condition.wait_for

    def struck(self: threading.Condition, *arguments: Any) -> Any:
        if threading.current_thread() is threading.main_thread():
            raise KeyboardInterrupt
        return usual(self, *arguments)

    monkeypatch.setattr(threading.Condition, "wait_for", struck)
    with pytest.raises(KeyboardInterrupt):
        producer.close()
    assert isinstance(delivery.exception(0), IllegalState)


def test_what_is_told_late_makes_room_for_what_waits(at_once: None) -> None:
    """Five were answered while the first was being told, so a sixth had to wait: it goes when that is over."""
    brokers = Brokers(partitions=1)
    telling, go_on = threading.Event(), threading.Event()

    def told(metadata: Any, error: Any) -> None:
        telling.set()
        assert go_on.wait(FUSE)

    with Producer({"bootstrap.servers": brokers.address, "batch.size": 1, "linger.ms": 0}) as producer:
        producer.send("orders", b"first", on_delivery=told)
        assert telling.wait(FUSE)
        later = [producer.send("orders", b"%d" % n) for n in range(6)]
        batches = producer._batches
        with batches.due:
            lane = batches.lane_of(later[0]._batch)
            full = lambda: len(lane.in_flight) == 5 and not lane.under_way  # noqa: E731
            while not full():
                batches.due.wait(0.01)  # not every change is told here
        go_on.set()
        assert later[-1].result(FUSE).offset == 6
