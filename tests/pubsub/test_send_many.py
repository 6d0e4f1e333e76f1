"""send_many is as many sends: the same records, limits, errors and callbacks; and a producer after a fork."""

import os
import threading
from typing import Any

import pytest

from concur.pubsub import Deliveries, Producer
from concur.pubsub.errors import (
    BufferExhausted,
    IllegalState,
    NotEnoughReplicas,
    RecordTooLarge,
    SerializationError,
    UnknownTopicOrPartition,
)
from tests.pubsub.scripted import Brokers, refuses
from tests.pubsub.test_producer import FUSE, ONE, ZERO, producer_of


@pytest.fixture
def brokers() -> Brokers:
    return Brokers()


def test_all_are_sent_in_order_and_each_has_its_place(brokers: Brokers) -> None:
    """Over several batches, after one record that was there before, and before one that comes later."""
    values = [b"%079d" % n for n in range(10)]  # 100 bytes each, so three fit into a batch
    with producer_of(brokers, batch_size=300) as producer:
        before = producer.send("orders", b"before", partition=0)
        many = producer.send_many("orders", values, partition=0)
        after = producer.send("orders", b"after", partition=0)
        assert [metadata.offset for metadata in many.result(FUSE)] == list(range(1, 11))
        assert before.result(FUSE).offset == 0
        assert after.result(FUSE).offset == 11
    assert brokers.logs[ZERO] == [b"before", *values, b"after"]
    assert all(request[ZERO].size <= 300 for _, request in brokers.requests)
    assert many.done()
    assert len(many) == 10
    assert [delivery.result(0).offset for delivery in many] == list(range(1, 11))
    assert many[-1].result(0).offset == 10
    assert [delivery.result(0).offset for delivery in many[2:4]] == [3, 4]
    with pytest.raises(IndexError):
        many[10]


def test_a_batch_is_filled_to_the_last_byte_and_then_goes(brokers: Brokers) -> None:
    """As one by one: what fills a batch goes at once, although there is an hour to linger."""
    hour = {"linger_ms": 3_600_000, "delivery_timeout_ms": 7_200_000, "batch_size": 300}
    with producer_of(brokers, **hour) as producer:
        full = producer.send_many("orders", [b"x" * 79] * 3, partition=0)
        assert [metadata.offset for metadata in full.result(FUSE)] == [0, 1, 2]
        many = producer.send_many("orders", [b"x" * 79] * 7, partition=0)
        assert [delivery.result(FUSE).offset for delivery in many[:6]] == [3, 4, 5, 6, 7, 8]
        assert not many.done()
        with pytest.raises(TimeoutError):
            many.result(0.001)
        producer.flush(FUSE)
        assert many[6].result(0).offset == 9
    assert [len(request[ZERO]) for _, request in brokers.requests] == [3, 3, 3, 1]


def test_a_batch_that_another_send_began_goes_when_it_is_filled() -> None:
    """Though its broker's thread has looked at it, and waits for it to have lingered."""
    brokers = Brokers(partitions=4)
    hour = {"linger_ms": 3_600_000, "delivery_timeout_ms": 7_200_000, "batch_size": 300}
    with producer_of(brokers, **hour) as producer:
        first = producer.send("orders", b"x" * 79, partition=0)
        producer.send_many("orders", [b"x" * 79] * 3, partition=2).result(FUSE)  # by the same thread
        assert not first.done()
        many = producer.send_many("orders", [b"x" * 79] * 2, partition=0)
        assert [metadata.offset for metadata in many.result(FUSE)] == [1, 2]
        assert first.done()


def test_what_they_share_is_in_each(brokers: Brokers) -> None:
    seen: list[Any] = []
    texts = {"key_serializer": str.encode, "value_serializer": str.encode}
    with producer_of(brokers, **texts) as producer:
        one = producer.send("orders", "a", key="table 4").result(FUSE)
        many = producer.send_many(
            "orders",
            iter(["b", None, "c"]),
            "table 4",
            None,
            [("h", b"1")],
            7,
            lambda *answer: seen.append(answer),
        )
        metadata = many.result(FUSE)
        batch = brokers.requests[-1][1][one.topic_partition]
    assert [answer for answer, _ in seen] == metadata
    assert [each.partition for each in metadata] == [one.partition] * 3
    assert [each.serialized_value_size for each in metadata] == [1, -1, 1]
    assert list(batch.keys) == [b"table 4"] * 3
    assert list(batch.values) == [b"b", None, b"c"]
    assert list(batch.headers) == [(("h", b"1"),)] * 3
    assert list(batch.timestamps) == [7] * 3


def test_without_a_key_all_go_to_one_partition_and_the_next_to_another(brokers: Brokers) -> None:
    with producer_of(brokers, batch_size=100) as producer:
        first = {each.partition for each in producer.send_many("orders", [b"x" * 79] * 5).result(FUSE)}
        second = {each.partition for each in producer.send_many("orders", [b"x" * 79] * 5).result(FUSE)}
    assert len(first) == len(second) == 1
    assert first != second


def test_nothing_is_nothing(brokers: Brokers) -> None:
    with producer_of(brokers) as producer:
        none = producer.send_many("orders", [])
    assert none.done()
    assert none.result() == []
    assert none.exception() is None
    assert list(none) == []
    assert isinstance(none, Deliveries)


@pytest.mark.parametrize(
    ("values", "given", "error", "says"),
    [
        ([b"good", "text"], {}, SerializationError, "value of a record for 'orders' is str"),
        ([b"good", b"x" * 2_000_000], {}, RecordTooLarge, "2000021 bytes"),
        ([b"good"], {"key": "text"}, SerializationError, "key of a record"),
        ([b"good"], {"partition": 2}, UnknownTopicOrPartition, "from 0 to 1"),
        ([b"good"], {"headers": [("h", 1)]}, SerializationError, "headers"),
    ],
)
def test_if_one_cannot_be_sent_none_is(
    brokers: Brokers, values: list[Any], given: dict[str, Any], error: type[Exception], says: str
) -> None:
    with producer_of(brokers) as producer, pytest.raises(error, match=says):
        producer.send_many("orders", values, **({"partition": 0} | given))
    assert brokers.logs == {}


def test_who_sends_too_much_is_told_how_much_was_taken_in(brokers: Brokers) -> None:
    go_on = threading.Event()
    brokers.next(lambda broker, batches: go_on.wait(FUSE) and None)
    small = {"buffer_memory": 250, "batch_size": 100, "max_block_ms": 10}
    small |= {"max_in_flight_requests_per_connection": 1}
    with producer_of(brokers, **small) as producer:
        with pytest.raises(BufferExhausted, match="2 of 5 were taken in before"):
            producer.send_many("orders", [b"x" * 79] * 5, partition=0)
        go_on.set()
        producer.flush(FUSE)
        assert len(brokers.logs[ZERO]) == 2
    with pytest.raises(IllegalState, match="closed"):
        producer.send_many("orders", [b"late"])


def test_more_than_the_memory_goes_through_it_bit_by_bit(brokers: Brokers) -> None:
    values = [b"%079d" % n for n in range(50)]
    with producer_of(brokers, buffer_memory=250, batch_size=100) as producer:
        producer.send_many("orders", values, partition=1).result(FUSE)
    assert brokers.logs[ONE] == values


def test_one_batch_that_fails_is_told_by_all_and_by_its_own(brokers: Brokers) -> None:
    brokers.next(refuses(NotEnoughReplicas("too few", definite=True)))
    with producer_of(brokers, batch_size=100, retries=0, enable_idempotence=False) as producer:
        many = producer.send_many("orders", [b"x" * 79] * 2, partition=0)
        with pytest.raises(NotEnoughReplicas):
            many.result(FUSE)
        assert isinstance(many[0].exception(0), NotEnoughReplicas)
        assert many[1].result(FUSE).offset == 0
        assert repr(many) == "<Deliveries 2 of 2 done>"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.parametrize("send", [Producer.send, Producer.send_many])
def test_a_forked_process_is_refused(brokers: Brokers, send: Any) -> None:
    """Also with a batch that is open: it would never be sent, as the threads are not here."""
    hour = {"linger_ms": 3_600_000, "delivery_timeout_ms": 7_200_000}
    with producer_of(brokers, **hour) as producer:
        producer.send("orders", b"1", partition=0)
        child = os.fork()
        if child == 0:
            try:
                send(producer, "orders", b"2")
            except IllegalState as error:
                os._exit(7 if "forked" in str(error) else 8)
            os._exit(9)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
