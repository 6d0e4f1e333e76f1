"""The cluster as a whole, on real threads: what is acknowledged stays, whoever dies, and who is dead leads nothing."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from concur.pubsub import (
    Admin,
    Consumer,
    EmbeddedCluster,
    NewTopic,
    Producer,
    TopicPartition,
)
from concur.pubsub.connection import connect
from concur.pubsub.errors import (
    ConfigError,
    IllegalState,
    InvalidPartitions,
    InvalidReplicaAssignment,
    InvalidReplicationFactor,
    InvalidTopic,
    NotEnoughReplicas,
    PubSubError,
    RecordTooLarge,
    RequestTimedOut,
    TopicAlreadyExists,
    UnknownTopicOrPartition,
)
from tests.sync.conftest import spin_until

FUSE = 60.0
ORDERS = TopicPartition("orders", 0)
SAFE = {"min.insync.replicas": 2}


@pytest.fixture(autouse=True)
def no_thread_stays() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert not set(threading.enumerate()) - before


def three_brokers(session_ms: int) -> Iterator[EmbeddedCluster]:
    """And a topic of one partition that all have."""
    quick = {"broker.session.timeout.ms": session_ms, "broker.heartbeat.interval.ms": 50}
    with EmbeddedCluster(3, config=quick) as cluster:
        created = connect(cluster.bootstrap_servers).create_topics([NewTopic("orders", 1, 3, SAFE)])
        assert created == {"orders": None}
        yield cluster


@pytest.fixture
def cluster() -> Iterator[EmbeddedCluster]:
    """Brokers that are never taken for dead, however slow the machine is."""
    yield from three_brokers(600_000)


@pytest.fixture
def mortal() -> Iterator[EmbeddedCluster]:
    """Brokers whose death is noticed soon."""
    yield from three_brokers(1_000)


def producer_of(cluster: EmbeddedCluster, **settings: Any) -> Producer:
    given = {"retry.backoff.ms": 5, "retry.backoff.max.ms": 50, "linger.ms": 0}
    given |= {key.replace("_", "."): value for key, value in settings.items()}
    return Producer({"bootstrap.servers": cluster.bootstrap_servers, **given})


def read_all(cluster: EmbeddedCluster, count: int) -> list[bytes]:
    """The first *count* records of the partition."""
    found: list[bytes] = []
    with Consumer(
        {"bootstrap.servers": cluster.bootstrap_servers, "auto.offset.reset": "earliest"}
    ) as consumer:
        consumer.assign([ORDERS])
        while len(found) < count:
            found += [record.value for record in consumer.poll(1.0)]
    return found


def leader_of(cluster: EmbeddedCluster) -> int:
    leader = cluster.describe().partitions[ORDERS].leader
    assert leader is not None
    return leader


def wait_for(cluster: EmbeddedCluster, true: Callable[[Any], bool]) -> None:
    """Wait until something is true of the partition, as the controller knows it."""
    assert cluster.controller.wait_until(lambda state: true(state.partitions[ORDERS]), FUSE)


@pytest.mark.parametrize("acks", ["all", 1, 0])
def test_what_is_sent_can_be_read(cluster: EmbeddedCluster, acks: Any) -> None:
    with producer_of(cluster, acks=acks) as producer:
        offsets = [producer.send("orders", b"%d" % n).result(FUSE).offset for n in range(5)]
    assert offsets == ([-1] * 5 if acks == 0 else [0, 1, 2, 3, 4])
    assert read_all(cluster, 5) == [b"0", b"1", b"2", b"3", b"4"]


def test_what_is_acknowledged_is_on_all_replicas_in_sync(cluster: EmbeddedCluster) -> None:
    with producer_of(cluster) as producer:
        producer.send("orders", b"1").result(FUSE)
        view = cluster.describe().partitions[ORDERS]
    assert view.in_sync == (1, 2, 3)
    assert view.ends == {1: 1, 2: 1, 3: 1}
    assert view.high_watermark == 1


@pytest.mark.parametrize("how", ["kill", "stop", "pause"])
def test_another_leads_when_the_leader_is_gone(mortal: EmbeddedCluster, how: str) -> None:
    """Nothing that was acknowledged is lost, nothing is there twice, and the order is kept."""
    with producer_of(mortal, request_timeout_ms=1000) as producer:
        values = [b"%d" % n for n in range(30)]
        first = leader_of(mortal)
        for n, value in enumerate(values):
            if n == 10:
                getattr(mortal, how)(first)
            producer.send("orders", value)
        producer.flush(FUSE)
        wait_for(mortal, lambda partition: partition.leader not in {None, first})
        if how == "pause":
            mortal.resume(first)
        else:
            mortal.start(first)
        wait_for(mortal, lambda partition: len(partition.in_sync) == 3)
        producer.send("orders", b"last").result(FUSE)
    assert read_all(mortal, 31) == [*values, b"last"]
    spin_until(lambda: mortal.describe().partitions[ORDERS].ends == {1: 31, 2: 31, 3: 31})
    assert mortal.describe().partitions[ORDERS].leader_epoch >= 1


def test_an_answer_that_is_lost_makes_no_double(cluster: EmbeddedCluster) -> None:
    with producer_of(cluster) as producer:
        producer.send("orders", b"0").result(FUSE)
        cluster.network.lose(leader_of(cluster), 1, source=producer._name)
        producer.send("orders", b"1").result(FUSE)
        producer.send("orders", b"2").result(FUSE)
    assert read_all(cluster, 3) == [b"0", b"1", b"2"]


def test_without_idempotence_it_does(cluster: EmbeddedCluster) -> None:
    """What the test before would miss if the broker did not look."""
    with producer_of(cluster, enable_idempotence=False) as producer:
        producer.send("orders", b"0").result(FUSE)
        cluster.network.lose(leader_of(cluster), 1, source=producer._name)
        producer.send("orders", b"1").result(FUSE)
    assert read_all(cluster, 3) == [b"0", b"1", b"1"]


def test_with_too_few_in_sync_nothing_is_taken(cluster: EmbeddedCluster) -> None:
    cluster.stop(2)
    cluster.stop(3)
    spin_until(lambda: cluster.lives[1].replicas[ORDERS].in_sync == {1})  # the leader knows
    with producer_of(cluster, retries=0, enable_idempotence=False) as producer:
        error = producer.send("orders", b"1").exception(FUSE)
    assert isinstance(error, NotEnoughReplicas)
    assert error.definite
    assert cluster.describe().partitions[ORDERS].ends == {1: 0}


def test_a_leader_behind_a_cut_link_commits_nothing(mortal: EmbeddedCluster) -> None:
    """It still believes that it leads; what it takes in is undone when it is heard of again."""
    mortal.cut([1], [2, 3, "controller"])
    with producer_of(mortal, retries=0, enable_idempotence=False, request_timeout_ms=100) as producer:
        error = producer.send("orders", b"lost").exception(FUSE)
        assert isinstance(error, RequestTimedOut | PubSubError)
        assert not error.definite
        wait_for(mortal, lambda partition: partition.leader == 2)
    # Who asks broker-1 is sent to broker-1, and hears nothing from there until the request has timed out.
    with producer_of(mortal, request_timeout_ms=1000) as producer:
        producer.send("orders", b"kept").result(FUSE)
    mortal.heal()
    wait_for(mortal, lambda partition: len(partition.in_sync) == 3)
    assert read_all(mortal, 1) == [b"kept"]


def test_a_group_goes_on_when_its_coordinator_dies(mortal: EmbeddedCluster) -> None:
    settings = {"group.id": "kitchen", "auto.offset.reset": "earliest", "retry.backoff.ms": 10}
    with producer_of(mortal) as producer:
        for n in range(4):
            producer.send("orders", b"%d" % n).result(FUSE)
        with Consumer({"bootstrap.servers": mortal.bootstrap_servers, **settings}) as consumer:
            consumer.subscribe(["orders"])
            found: list[bytes] = []
            while len(found) < 4:
                found += [record.value for record in consumer.poll(1.0)]
            consumer.commit()
            mortal.kill(1)  # which leads the partition and coordinates the group
            producer.send("orders", b"4").result(FUSE)
            while len(found) < 5:
                found += [record.value for record in consumer.poll(1.0)]
            consumer.commit()
            committed = consumer.committed([ORDERS])[ORDERS]
            assert committed is not None
            assert committed.offset == 5
    assert found == [b"0", b"1", b"2", b"3", b"4"]


def test_retention_bounds_what_is_kept() -> None:
    """A million records would not stay either: whole segments go, and a late reader begins where the log begins."""
    config = {"log.retention.check.interval.ms": 20, "num.partitions": 1}
    small = {"segment.bytes": 1000, "retention.bytes": 3000}
    with EmbeddedCluster(1, config=config) as cluster:
        connect(cluster.bootstrap_servers).create_topics([NewTopic("orders", configs=small)])
        with producer_of(cluster, batch_size=1) as producer:
            for _ in range(200):
                producer.send("orders", b"x" * 79)
            producer.flush(FUSE)
            log = cluster.lives[1].replicas[ORDERS].log
            waiting = threading.Event()
            while log.size > 4000:
                waiting.wait(0.01)
        assert log.end == 200
        assert log.start > 150
        settings = {"bootstrap.servers": cluster.bootstrap_servers, "auto.offset.reset": "earliest"}
        with Consumer(settings) as consumer:
            consumer.assign([ORDERS])
            first = next(iter(consumer.poll(FUSE)))
        assert first.offset == log.start


def test_a_record_that_is_too_large_for_its_topic() -> None:
    with EmbeddedCluster(1) as cluster:
        connect(cluster.bootstrap_servers).create_topics(
            [NewTopic("orders", configs={"max.message.bytes": 100})]
        )
        with producer_of(cluster) as producer:
            with pytest.raises(RecordTooLarge, match=r"max\.message\.bytes"):
                producer.send("orders", b"x" * 200).result(FUSE)
            assert producer.send("orders", b"x").result(FUSE).offset == 0


@pytest.mark.parametrize(
    ("topic", "error", "says"),
    [
        (NewTopic("orders", 1, 1), TopicAlreadyExists, "already"),
        (NewTopic("a b", 1, 1), InvalidTopic, "is no name"),
        (NewTopic("", 1, 1), InvalidTopic, "is no name"),
        (NewTopic("new", 0, 1), InvalidPartitions, "at least 1"),
        (NewTopic("new", 1, 4), InvalidReplicationFactor, "3 brokers are live"),
        (NewTopic("new", 1, 0), InvalidReplicationFactor, "from one replica"),
        (NewTopic("new", replicas={0: [9]}), InvalidReplicaAssignment, "must be live"),
        (NewTopic("new", replicas={1: [1]}), InvalidReplicaAssignment, "without gaps"),
        (NewTopic("new", 1, 1, {"retention": 5}), ConfigError, r"retention\."),
    ],
)
def test_topics_that_cannot_be_made(
    cluster: EmbeddedCluster, topic: NewTopic, error: type[Exception], says: str
) -> None:
    with Admin({"bootstrap.servers": cluster.bootstrap_servers}) as admin, pytest.raises(error, match=says):
        admin.create_topics([topic])


def test_a_topic_made_again_is_another(cluster: EmbeddedCluster) -> None:
    client = connect(cluster.bootstrap_servers)
    with producer_of(cluster) as producer:
        producer.send("orders", b"old").result(FUSE)
    assert client.delete_topics(["orders"]) == {"orders": None}
    assert isinstance(client.delete_topics(["orders"])["orders"], UnknownTopicOrPartition)
    assert client.create_topics([NewTopic("orders", 1, 3, SAFE)]) == {"orders": None}
    with producer_of(cluster) as producer:
        assert producer.send("orders", b"new").result(FUSE).offset == 0
    assert read_all(cluster, 1) == [b"new"]


def test_names_and_misuse() -> None:
    with EmbeddedCluster(1, name="shop") as cluster:
        with pytest.raises(ConfigError, match="called 'shop' already"):
            EmbeddedCluster(1, name="shop")
        with pytest.raises(ConfigError, match="open are: embedded://shop"):
            Producer({"bootstrap.servers": "embedded://shed"})
        for change in (cluster.kill, cluster.stop, cluster.start, cluster.pause, cluster.resume):
            with pytest.raises(ValueError, match="has no broker 4"):
                change(4)
        cluster.kill(1)
        cluster.kill(1)  # one that is down stays so
        assert repr(cluster) == "<EmbeddedCluster 'shop' brokers=1>"
    cluster.close()
    with pytest.raises(IllegalState, match="is closed"):
        cluster.start(1)
    with pytest.raises(ValueError, match="at least one broker"):
        EmbeddedCluster(0)
    with pytest.raises(ConfigError, match=r"broker\.session\.timeout\.ms"):
        EmbeddedCluster(1, name="other", config={"broker.session.timeout": 1})
    EmbeddedCluster(1, name="other").close()
