"""The producer: what it sends, in which order, how often, and what it says when it cannot."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from concur.pubsub import Producer, ProducerRecord, TopicPartition
from concur.pubsub.errors import (
    BufferExhausted,
    DeliveryTimeout,
    Disconnected,
    IllegalState,
    NotEnoughReplicas,
    NotLeaderOrFollower,
    OutOfOrderSequenceNumber,
    PubSubError,
    RecordTooLarge,
    RequestTimedOut,
    SerializationError,
    UnknownTopicOrPartition,
)
from concur.pubsub.leaders import Leaders
from tests.pubsub.scripted import Brokers, fails, refuses

FUSE = 60.0
ZERO, ONE = TopicPartition("orders", 0), TopicPartition("orders", 1)


@pytest.fixture(autouse=True)
def no_thread_stays() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert not set(threading.enumerate()) - before


@pytest.fixture
def brokers() -> Brokers:
    return Brokers()


def producer_of(brokers: Brokers, **settings: Any) -> Producer:
    given = {"retry.backoff.ms": 1, "retry.backoff.max.ms": 2}
    given |= {key.replace("_", "."): value for key, value in settings.items()}
    return Producer({"bootstrap.servers": brokers.address, **given})


def sequences(brokers: Brokers, tp: TopicPartition) -> list[tuple[int, int]]:
    """The producer id and the first number of each batch that was sent for *tp*."""
    return [
        (request[tp].producer_id, request[tp].base_sequence)
        for _, request in brokers.requests
        if tp in request
    ]


def test_what_is_sent_is_acknowledged_with_its_offset(brokers: Brokers) -> None:
    with producer_of(brokers) as producer:
        deliveries = [producer.send("orders", b"%d" % n, partition=0) for n in range(5)]
        offsets = [delivery.result(FUSE).offset for delivery in deliveries]
    assert offsets == [0, 1, 2, 3, 4]
    assert brokers.logs[ZERO] == [b"0", b"1", b"2", b"3", b"4"]


def test_metadata_says_where_and_how_large(brokers: Brokers) -> None:
    with producer_of(brokers) as producer:
        record = ProducerRecord("orders", b"tea", b"k", partition=1, timestamp=1234)
        metadata = producer.send(record).result(FUSE)
    assert metadata == ("orders", 1, 0, 1234, 1, 3)


def test_records_of_one_key_go_to_one_partition_in_order(brokers: Brokers) -> None:
    with producer_of(brokers) as producer:
        for n in range(50):
            producer.send("orders", b"%d" % n, key=b"table 4")
        producer.flush(FUSE)
    assert list(brokers.logs.values()) == [[b"%d" % n for n in range(50)]]


def test_a_full_batch_does_not_linger(brokers: Brokers) -> None:
    """With an hour to linger, what fills a batch goes at once, and what does not stays until it is flushed."""
    hour = {"linger_ms": 3_600_000, "delivery_timeout_ms": 7_200_000, "batch_size": 300}
    with producer_of(brokers, **hour) as producer:
        full = [producer.send("orders", b"x" * 79, partition=0) for _ in range(3)]  # of 100 bytes each
        alone = producer.send("orders", b"x", partition=0)
        assert [delivery.result(FUSE).offset for delivery in full] == [0, 1, 2]
        assert not alone.done()
        producer.flush(FUSE)
        assert alone.result(0).offset == 3
    assert [len(request[ZERO]) for _, request in brokers.requests] == [3, 1]


def test_flush_waits_for_what_was_sent_before_it_only(brokers: Brokers) -> None:
    sent, go_on = threading.Event(), threading.Event()

    def slow(broker: int, batches: Any) -> None:
        sent.set()
        assert go_on.wait(FUSE)

    brokers.next(slow)
    with producer_of(brokers, linger_ms=0) as producer:
        first = producer.send("orders", b"1", partition=0)
        assert sent.wait(FUSE)
        with pytest.raises(TimeoutError, match="1 records have no answer"):
            producer.flush(0.01)
        assert not first.done()
        with pytest.raises(TimeoutError, match="orders-0"):
            first.result(0.01)
        go_on.set()
        producer.flush(FUSE)
        assert first.done()


@pytest.mark.parametrize("error", [Disconnected("gone"), RequestTimedOut("late"), NotEnoughReplicas("two")])
@pytest.mark.parametrize("how", [fails, refuses])
def test_what_may_succeed_later_is_sent_again_under_the_same_number(
    brokers: Brokers, error: PubSubError, how: Any
) -> None:
    brokers.next(how(error), how(error))
    with producer_of(brokers) as producer:
        assert producer.send("orders", b"1", partition=0).result(FUSE).offset == 0
        assert producer.send("orders", b"2", partition=0).result(FUSE).offset == 1
    assert sequences(brokers, ZERO) == [(1, 0), (1, 0), (1, 0), (1, 1)]


def test_order_is_kept_when_the_first_batch_fails(brokers: Brokers) -> None:
    """What comes later waits until what came before has its answer."""
    brokers.next(fails(Disconnected("gone")), fails(Disconnected("gone")))
    with producer_of(brokers, batch_size=1, linger_ms=0) as producer:
        for n in range(20):
            producer.send("orders", b"%d" % n, partition=0)
        producer.flush(FUSE)
    assert brokers.logs[ZERO] == [b"%d" % n for n in range(20)]
    assert sequences(brokers, ZERO) == [(1, 0), (1, 0), *((1, n) for n in range(20))]


def test_a_partition_that_fails_does_not_hold_up_another(brokers: Brokers) -> None:
    brokers.leaders[1] = None
    with producer_of(brokers) as producer:
        stuck = producer.send("orders", b"1", partition=1)
        assert producer.send("orders", b"0", partition=0).result(FUSE).offset == 0
        assert not stuck.done()
        brokers.leaders[1] = 1
        assert stuck.result(FUSE).offset == 0


def test_it_follows_the_leader(brokers: Brokers) -> None:
    """A broker that leads no more is asked once; then the new leader has it."""

    def moved(broker: int, batches: Any) -> Any:
        brokers.leaders[0], brokers.epoch = 1, 1
        return dict.fromkeys(batches, NotLeaderOrFollower("moved", definite=True))

    brokers.next(moved)
    with producer_of(brokers) as producer:
        assert producer.send("orders", b"1", partition=0).result(FUSE).offset == 0
    assert [broker for broker, _ in brokers.requests] == [0, 1]


def test_nothing_is_sent_again_before_it_was_asked_who_leads(brokers: Brokers) -> None:
    """Else a leader that is cut off would get it again, and keep it for a whole request.timeout.ms."""
    brokers.leaders = [0, 1, 0]
    usual = brokers.metadata

    def asked_again(topics: Any = None) -> Any:
        """While this is under way the sender comes round: it has something else for the same broker."""
        brokers.leaders[0], brokers.epoch = 1, 1
        brokers.metadata = usual  # type: ignore[method-assign]
        producer.send("orders", b"2", partition=2).result(FUSE)
        return usual(topics)

    def late(broker: int, batches: Any) -> Any:
        brokers.metadata = asked_again  # type: ignore[method-assign]
        return dict.fromkeys(batches, RequestTimedOut("late"))

    brokers.next(late)
    with producer_of(brokers, retry_backoff_ms=0, retry_backoff_max_ms=0, linger_ms=0) as producer:
        producer.send("orders", b"0", partition=0).result(FUSE)
    assert [(broker, list(request)) for broker, request in brokers.requests] == [
        (0, [ZERO]),
        (0, [TopicPartition("orders", 2)]),
        (1, [ZERO]),
    ]


def test_what_was_certainly_not_appended_gives_its_number_back(brokers: Brokers) -> None:
    brokers.next(refuses(RecordTooLarge("by the topic")))
    with producer_of(brokers, linger_ms=0) as producer:
        with pytest.raises(RecordTooLarge, match="by the topic"):
            producer.send("orders", b"1", partition=0).result(FUSE)
        assert producer.send("orders", b"2", partition=0).result(FUSE).offset == 0
    assert sequences(brokers, ZERO) == [(1, 0), (1, 0)]


def test_after_a_batch_in_doubt_it_goes_on_under_a_new_id(brokers: Brokers) -> None:
    """Nobody knows which number the broker expects next, so the numbers begin anew."""
    brokers.next(refuses(OutOfOrderSequenceNumber("a hole")))
    with producer_of(brokers, linger_ms=0) as producer:
        with pytest.raises(OutOfOrderSequenceNumber):
            producer.send("orders", b"1", partition=0).result(FUSE)
        producer.send("orders", b"2", partition=0).result(FUSE)
        producer.send("orders", b"3", partition=1).result(FUSE)
    assert sequences(brokers, ZERO) == [(1, 0), (2, 0)]
    assert sequences(brokers, ONE) == [(2, 0)]


def test_retries_are_counted(brokers: Brokers) -> None:
    brokers.next(*[refuses(RequestTimedOut("late"))] * 3)
    with producer_of(brokers, retries=2) as producer:
        with pytest.raises(RequestTimedOut) as caught:
            producer.send("orders", b"1", partition=0).result(FUSE)
        assert not caught.value.definite
    assert len(brokers.requests) == 3


def test_without_idempotence_nothing_is_numbered(brokers: Brokers) -> None:
    with producer_of(brokers, enable_idempotence=False) as producer:
        producer.send("orders", b"1", partition=0).result(FUSE)
    assert sequences(brokers, ZERO) == [(-1, -1)]
    assert brokers.ids == 0


def test_callbacks_are_called_in_order_and_may_fail(brokers: Brokers) -> None:
    told: list[Any] = []

    def note(metadata: Any, error: Any) -> None:
        told.append((metadata and metadata.offset, error))
        raise RuntimeError("the program's own fault")

    brokers.next(refuses(RecordTooLarge("no")))
    with producer_of(brokers, linger_ms=0) as producer:
        failed = producer.send("orders", b"0", partition=0, on_delivery=note)
        assert failed.exception(FUSE) is not None
        for n in range(3):
            producer.send("orders", b"%d" % n, partition=0, on_delivery=note)
        producer.flush(FUSE)
    assert [offset for offset, _ in told] == [None, 0, 1, 2]
    assert [type(error) for _, error in told] == [RecordTooLarge, type(None), type(None), type(None)]


def test_who_sends_too_much_waits_for_room_and_not_for_ever(brokers: Brokers) -> None:
    sent, go_on = threading.Event(), threading.Event()

    def slow(broker: int, batches: Any) -> None:
        sent.set()
        assert go_on.wait(FUSE)

    brokers.next(slow)
    small = {"buffer_memory": 250, "batch_size": 100, "max_block_ms": 10}
    with producer_of(brokers, **small) as producer:
        deliveries = [producer.send("orders", b"x" * 79, partition=0) for _ in range(2)]
        with pytest.raises(BufferExhausted, match=r"200 of the 250 bytes of buffer\.memory"):
            producer.send("orders", b"x" * 79, partition=0)
        go_on.set()
        producer.flush(FUSE)
        deliveries.append(producer.send("orders", b"x" * 79, partition=0))
        assert [delivery.result(FUSE).offset for delivery in deliveries] == [0, 1, 2]


def test_close_sends_what_is_there(brokers: Brokers) -> None:
    producer = producer_of(brokers, linger_ms=3_600_000, delivery_timeout_ms=7_200_000)
    delivery = producer.send("orders", b"1", partition=0)
    producer.close()
    producer.close()
    assert delivery.result(0).offset == 0
    with pytest.raises(IllegalState, match="closed"):
        producer.send("orders", b"2")
    with pytest.raises(IllegalState, match="closed"):
        producer.partitions_for("orders")


def test_close_gives_up_what_cannot_be_sent_in_time(brokers: Brokers) -> None:
    brokers.leaders[0] = None
    producer = producer_of(brokers)
    delivery = producer.send("orders", b"1", partition=0)
    producer.close(0.01)
    error = delivery.exception(0)
    assert isinstance(error, IllegalState)
    assert error.definite
    assert "was not sent" in str(error)


def test_a_failure_of_the_engine_itself_leaves_no_record_without_an_answer(brokers: Brokers) -> None:
    def broken(broker: int, batches: Any) -> Any:
        raise ZeroDivisionError

    brokers.next(broken)
    with producer_of(brokers) as producer:
        error = producer.send("orders", b"1", partition=0).exception(FUSE)
        assert "ZeroDivisionError" in str(error)
        assert producer.send("orders", b"2", partition=0).result(FUSE).offset == 0


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ({"topic": "nothing"}, UnknownTopicOrPartition, "no topic 'nothing'"),
        ({"topic": "orders", "partition": 2}, UnknownTopicOrPartition, "has no partition 2: it has 2"),
        ({"topic": "orders", "partition": -1}, UnknownTopicOrPartition, "has no partition -1"),
        ({"topic": "orders", "value": "text"}, SerializationError, "value of a record for 'orders' is str"),
        ({"topic": "orders", "key": 7}, SerializationError, "key of a record for 'orders' is int"),
        ({"topic": "orders", "headers": ["a"]}, SerializationError, "pairs of a str and bytes"),
        ({"topic": "orders", "headers": [("a", 1)]}, SerializationError, "pairs of a str and bytes"),
        ({"topic": "orders", "value": bytes(2_000_000)}, RecordTooLarge, "max.request.size"),
    ],
)
def test_bad_use_is_told_at_once(
    brokers: Brokers, arguments: dict[str, Any], error: type[Exception], says: str
) -> None:
    with producer_of(brokers) as producer:
        with pytest.raises(error, match=says):
            producer.send(**arguments)
        assert producer.send("orders", b"1", partition=0).result(FUSE).offset == 0


def test_serializers(brokers: Brokers) -> None:
    with producer_of(brokers, key_serializer=str.encode, value_serializer=lambda v: b"%d" % v) as producer:
        producer.send("orders", 7, key="k", partition=0).result(FUSE)
        producer.send("orders", None, key="k", partition=0).result(FUSE)
        with pytest.raises(
            SerializationError, match=r"value.serializer failed for a record of 'orders': TypeError"
        ):
            producer.send("orders", "seven", partition=0)
    assert brokers.logs[ZERO] == [b"7", None]


def test_delivery_timeout(brokers: Brokers) -> None:
    """What was never sent is definite, what was tried in vain is not."""
    settings = {
        "delivery_timeout_ms": 1000,  # enough for one attempt on a slow machine
        "request_timeout_ms": 10,
        "linger_ms": 0,
        "retry_backoff_max_ms": 5,
    }
    brokers.leaders[1] = None
    brokers.next(*[fails(RequestTimedOut("late"))] * 1000)
    with producer_of(brokers, **settings) as producer:
        deliveries = [producer.send("orders", b"1", partition=number) for number in (0, 1)]
        tried, never = (delivery.exception(FUSE) for delivery in deliveries)
    assert isinstance(tried, DeliveryTimeout)
    assert isinstance(never, DeliveryTimeout)
    assert (tried.definite, never.definite) == (False, True)
    assert "may be in the log" in str(tried)


def test_a_record_that_never_fits_into_memory_is_refused_at_once(brokers: Brokers) -> None:
    with producer_of(brokers, buffer_memory=100) as producer, pytest.raises(RecordTooLarge, match="100"):
        producer.send("orders", bytes(100), partition=0)


def test_a_record_without_a_timestamp_is_of_now(brokers: Brokers) -> None:
    before = int(time.time() * 1000)
    with producer_of(brokers) as producer:
        sent = producer.send("orders", b"1", partition=0).result(FUSE)
    assert before <= sent.timestamp <= int(time.time() * 1000)


def test_a_first_send_looks_for_its_topic_as_long_as_it_may_block(
    brokers: Brokers, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    real = brokers.metadata

    def metadata(topics: Any = None) -> Any:
        asked.append(topics)
        if len(asked) < 3:
            raise Disconnected("gone")
        return real(topics)

    monkeypatch.setattr(brokers, "metadata", metadata)
    with producer_of(brokers, max_block_ms=0) as producer, pytest.raises(Disconnected):
        producer.send("orders", b"1", partition=0)
    with producer_of(brokers) as producer:
        assert producer.send("orders", b"1", partition=0).result(FUSE).offset == 0
    assert len(asked) >= 3


def test_close_closes_the_connection(brokers: Brokers, monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[bool] = []
    monkeypatch.setattr(brokers, "close", lambda: closed.append(True))
    producer_of(brokers).close()
    assert closed == [True]


def test_a_broker_that_is_behind_does_not_make_a_client_forget_who_leads(brokers: Brokers) -> None:
    brokers.epoch, brokers.leaders[0] = 3, 1
    leaders = Leaders(brokers)  # type: ignore[arg-type]
    assert leaders.partitions("orders") == 2
    brokers.epoch, brokers.leaders[0] = 2, 0
    leaders.refresh()
    assert (leaders.of[ZERO], leaders.epochs[ZERO]) == (1, 3)
    with pytest.raises(UnknownTopicOrPartition):
        leaders.partitions("nothing")
    assert leaders._topics == {"orders"}  # it is not asked for ever after
