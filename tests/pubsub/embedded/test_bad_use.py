"""Bad use of a whole cluster: the error says what was wrong, nothing that was acknowledged is lost, and all goes on.

Each test begins with a record and ends with another one, by the same clients; then everything is read, and the history
must be without fault.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from concur.pubsub import Admin, NewTopic, RebalanceListener, TopicPartition
from concur.pubsub.connection import connect
from concur.pubsub.errors import (
    CommitFailed,
    ConcurrentModification,
    IllegalState,
    PubSubError,
    RecordTooLarge,
    SerializationError,
    UnknownTopicOrPartition,
    Wakeup,
)
from concur.pubsub.history import promised
from concur.pubsub.history.clients import RecordedConsumer
from tests.pubsub.mutants.stage import FUSE, ORDERS, Stage
from tests.sync.conftest import Elsewhere, spin_until

NOWHERE, FOURTH = TopicPartition("nowhere", 0), TopicPartition("orders", 3)


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    threads = Elsewhere()
    yield threads
    threads.join()


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    before = set(threading.enumerate())
    with Stage(monkeypatch) as stage:
        stage.sent("p", "a")
        yield stage
        stage.sent("p", "b")
        stage.finish()
        stage.history.check(promised())
        assert stage.inside() == []
        assert [value for value in stage.read() if value in {"a", "b"}] == ["a", "b"]
    assert not set(threading.enumerate()) - before


def polled(consumer: RecordedConsumer, count: int = 1) -> list[Any]:
    """Poll until so many values were given."""
    found: list[Any] = []
    while len(found) < count:
        found += [record.value for record in consumer.poll(0.05)]
    return found


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ({"topic": "nowhere"}, UnknownTopicOrPartition, "there is no topic 'nowhere'"),
        ({"partition": 1}, UnknownTopicOrPartition, "'orders' has no partition 1: it has 1, from 0 to 0"),
        ({"value": bytes(2_000_000)}, RecordTooLarge, r"has 2000021 bytes, and max\.request\.size"),
        ({"value": "text"}, SerializationError, "the value of a record for 'orders' is str"),
    ],
)
def test_a_record_that_cannot_be_sent(
    stage: Stage, arguments: dict[str, Any], error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        stage.producer("p").send(**{"topic": "orders", "value": b"bad", **arguments})


def test_a_record_that_is_too_large_for_its_topic(stage: Stage) -> None:
    """The broker says so, and takes the next one, which has the same number."""
    limits = {"min.insync.replicas": 2, "max.message.bytes": 100}
    with Admin({"bootstrap.servers": stage.cluster.bootstrap_servers}) as admin:
        admin.create_topics([NewTopic("notes", 1, 3, limits)])
    producer = stage.producer("p")
    with pytest.raises(RecordTooLarge, match=r"for notes-0: its topic takes 100 \(max\.message\.bytes\)"):
        producer.send("notes", b"x" * 100).result(FUSE)
    assert producer.send("notes", b"x").result(FUSE).offset == 0


def test_a_serializer_that_raises(stage: Stage) -> None:
    producer = stage.producer("q", value_serializer=lambda value: b"%d" % value)
    with pytest.raises(SerializationError, match=r"the value\.serializer failed .* of 'orders': TypeError"):
        producer.send("orders", "seven")
    with pytest.raises(SerializationError, match="is list"):
        stage.producer("r", key_serializer=list).send("orders", b"x", key=b"k")


def test_a_deserializer_that_raises(stage: Stage) -> None:
    """The record that is bad keeps its place until the program goes past it; those around it are given."""
    stage.sent("q", "c")

    def strict(value: bytes) -> str:
        if value == b"c":
            raise ValueError("no c")
        return value.decode()

    consumer = stage.consumer("c", **{"value.deserializer": strict})._consumer
    consumer.assign([ORDERS])
    assert polled(consumer) == ["a"]
    for _ in range(2):
        with pytest.raises(SerializationError, match=r"orders-0 offset 1: .*'no c'.*seek\(.*, 2\) goes past"):
            consumer.poll(FUSE)
    consumer.seek(ORDERS, 2)
    stage.sent("q", "d")
    assert polled(consumer) == ["d"]


@pytest.mark.parametrize(
    ("tp", "says"),
    [
        (NOWHERE, "there is no topic 'nowhere'"),
        (FOURTH, "'orders' has no partition 3: it has 1, from 0 to 0"),
    ],
)
def test_a_partition_that_is_not_there_is_not_read(stage: Stage, tp: TopicPartition, says: str) -> None:
    """What else the consumer has is read all the same, and when it asks for that alone it is no error any more."""
    consumer = stage.consumer("c")
    consumer.assign([tp, ORDERS])
    found: list[Any] = []
    told: list[str] = []
    while not found or not told:
        try:
            found += [record.value for record in consumer.poll(0.02)]
        except UnknownTopicOrPartition as error:
            told.append(str(error))
    assert found == [b"a"]
    assert says in told[0]
    consumer.assign([ORDERS])
    stage.sent("q", "c")
    assert polled(consumer) == [b"c"]


def test_a_topic_that_is_not_there_is_subscribed_to_until_it_is(stage: Stage) -> None:
    consumer = stage.member("c")
    consumer.subscribe(["orders", "nowhere"])
    with pytest.raises(UnknownTopicOrPartition, match=r"Topics are made by Admin\.create_topics"):
        while True:
            consumer.poll(0.02)
    with Admin({"bootstrap.servers": stage.cluster.bootstrap_servers}) as admin:
        admin.create_topics([NewTopic("nowhere", 1, 3)])
    while consumer.assignment() != {ORDERS, NOWHERE}:
        with suppress(UnknownTopicOrPartition):  # until the consumer has heard of it
            consumer.poll(0.02)


def test_admins_name_what_is_not_there(stage: Stage) -> None:
    with Admin({"bootstrap.servers": stage.cluster.bootstrap_servers}) as admin:
        for ask in (admin.describe_topics, admin.topic_configs, admin.delete_topics):
            with pytest.raises(UnknownTopicOrPartition, match="there is no topic 'nowhere'"):
                ask(["nowhere"])
        with pytest.raises(UnknownTopicOrPartition, match="'orders' has no partition 3"):
            admin.list_offsets({FOURTH: -1})
        assert admin.list_topics() == ["orders"]


def test_closed_clients(stage: Stage) -> None:
    """What was taken in before is delivered; everything else is refused, by name."""
    producer, consumer = stage.producer("q"), stage.member("c")
    delivery = producer.send("orders", b"c", partition=0)
    producer.close()
    assert delivery.result(0).offset == 1
    consumer.close()
    admin = Admin({"bootstrap.servers": stage.cluster.bootstrap_servers})
    admin.close()
    calls: list[Callable[[], object]] = [
        lambda: producer.send("orders", b"d", partition=0),
        lambda: producer.partitions_for("orders"),
        lambda: consumer.poll(0),
        lambda: consumer.commit({ORDERS: 1}),
        lambda: consumer.subscribe(["orders"]),
        lambda: consumer.seek(ORDERS, 0),
        admin.list_topics,
    ]
    for call in calls:
        with pytest.raises(IllegalState, match="is closed"):
            call()


def test_two_threads_poll(stage: Stage, elsewhere: Elsewhere) -> None:
    """The second one is told so, and the first does not notice."""
    consumer = stage.consumer("c")
    consumer.assign([ORDERS])
    assert polled(consumer) == [b"a"]
    ends: list[object] = []

    def wait() -> None:
        try:
            consumer.poll(FUSE)
        except Wakeup as woken:
            ends.append(woken)

    thread = elsewhere.start(wait, "reader")
    spin_until(lambda: consumer._inside._owner == thread.ident)
    for call in (lambda: consumer._consumer.poll(0), consumer.assignment, consumer._consumer.close):
        with pytest.raises(ConcurrentModification, match=r"while another thread was inside.*wakeup\(\)"):
            call()
    consumer.wakeup()
    elsewhere.join(thread)
    assert len(ends) == 1
    stage.sent("q", "c")
    assert polled(consumer) == [b"c"]


def test_a_member_that_was_thrown_out_commits(stage: Stage) -> None:
    """Its commit changes nothing, and it joins again; what it read, and nobody committed, is given to it once more."""
    heard: list[str] = []
    listener = RebalanceListener(
        on_assigned=lambda _: heard.append("assigned"), on_lost=lambda _: heard.append("lost")
    )
    member = stage.member("c")
    member.subscribe(["orders"], listener)
    assert polled(member) == [b"a"]
    client = connect(stage.cluster.bootstrap_servers, "the coordinator's operator")
    broker = client.find_coordinator("kitchen")
    client.leave_group(broker, "kitchen", member._membership.member)
    with pytest.raises(CommitFailed, match=r"^group 'kitchen' has gone on without this consumer") as caught:
        member.commit({ORDERS: 1})
    assert caught.value.definite
    assert client.fetch_offsets(broker, "kitchen") == {}
    assert polled(member) == [b"a"]
    assert heard == ["assigned", "lost", "assigned"]
    member.commit()
    assert client.fetch_offsets(broker, "kitchen")[ORDERS].offset == 1


def test_somebody_who_is_no_member_commits(stage: Stage) -> None:
    member = stage.member("c")
    assert polled(member) == [b"a"]
    other = stage.consumer("d", **{"group.id": "kitchen"})
    other.assign([ORDERS])
    with pytest.raises(CommitFailed, match="group 'kitchen' has members, and only they may commit"):
        other.commit({ORDERS: 1})
    assert member.committed([ORDERS]) == {ORDERS: None}
    member.commit()


@pytest.mark.parametrize("when", ["on_assigned", "on_revoked"])
def test_a_listener_that_raises(stage: Stage, when: str) -> None:
    """poll, or close, says so once; the partitions come and go as if nothing had been."""

    def fails(partitions: list[TopicPartition]) -> None:
        raise ValueError(f"not {len(partitions)}")

    member = stage.member("c")
    listener = RebalanceListener()
    setattr(listener, when, fails)
    member.subscribe(["orders"], listener)
    if when == "on_assigned":
        with pytest.raises(PubSubError, match=r"on_assigned raised ValueError\('not 1'\) for orders-0"):
            polled(member)
    assert polled(member) == [b"a"]
    member.commit()
    if when == "on_revoked":
        with pytest.raises(PubSubError, match=r"on_revoked raised ValueError\('not 1'\) for orders-0"):
            member.close()
    else:
        member.close()
    after = stage.member("e")
    stage.sent("q", "c")
    assert polled(after) == [b"c"]


def test_a_callback_that_raises(stage: Stage) -> None:
    def fails(*_: object) -> None:
        raise ValueError("the program's own")

    producer = stage.producer("p")
    first = producer.send("orders", b"c", partition=0, on_delivery=fails)
    assert first.result(FUSE).offset == 1
    assert producer.send("orders", b"d", partition=0).result(FUSE).offset == 2
