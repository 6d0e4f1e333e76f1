"""Consumers on an embedded cluster: the same promises where brokers die, and coordinators with them."""

from collections.abc import Iterator

import pytest

from concur.pubsub import (
    Admin,
    Consumer,
    EmbeddedCluster,
    NewTopic,
    Producer,
    RebalanceListener,
    TopicPartition,
)

ORDERS = [TopicPartition("orders", n) for n in range(4)]


@pytest.fixture
def cluster(request: pytest.FixtureRequest) -> Iterator[EmbeddedCluster]:
    """With the parameter: milliseconds after which a silent broker is taken for dead; otherwise never."""
    session = getattr(request, "param", 600_000)
    quick = {"broker.session.timeout.ms": session, "broker.heartbeat.interval.ms": 50}
    with EmbeddedCluster(brokers=3, config=quick) as cluster:
        with Admin({"bootstrap.servers": cluster.bootstrap_servers}) as admin:
            admin.create_topics([NewTopic("orders", 4, 3)])
        yield cluster


def member(
    cluster: EmbeddedCluster, listener: RebalanceListener | None = None, **settings: object
) -> Consumer:
    given = {"group.id": "billing", "auto.offset.reset": "earliest", "heartbeat.interval.ms": 20}
    given |= {"retry.backoff.ms": 5, "retry.backoff.max.ms": 50}
    given |= {key.replace("_", "."): value for key, value in settings.items()}
    consumer = Consumer({"bootstrap.servers": cluster.bootstrap_servers, **given})
    consumer.subscribe(["orders"], listener)
    return consumer


def send(cluster: EmbeddedCluster, first: int, last: int) -> None:
    with Producer({"bootstrap.servers": cluster.bootstrap_servers, "retry.backoff.ms": 5}) as producer:
        sent = [producer.send("orders", b"%d" % n, partition=n % 4) for n in range(first, last)]
        for delivery in sent:
            delivery.result(timeout=30)


def read(consumers: list[Consumer], found: list[int], count: int) -> None:
    while len(found) < count:
        for consumer in consumers:
            found += [int(record.value) for record in consumer.poll(0.01)]


@pytest.mark.parametrize("strategy", ["range", "cooperative-sticky"])
def test_members_that_come_and_go_read_everything_once(cluster: EmbeddedCluster, strategy: str) -> None:
    found: list[int] = []
    with member(cluster, partition_assignment_strategy=strategy) as one:
        send(cluster, 0, 100)
        read([one], found, 100)
        with member(cluster, partition_assignment_strategy=strategy) as two:
            while len(one.assignment()) != 2 or len(two.assignment()) != 2:
                read([one, two], found, len(found) + 1) if len(found) < 100 else (
                    one.poll(0.01),
                    two.poll(0.01),
                )
            send(cluster, 100, 200)
            read([one, two], found, 200)
        send(cluster, 200, 300)
        read([one], found, 300)
    assert sorted(found) == list(range(300))
    with Admin({"bootstrap.servers": cluster.bootstrap_servers}) as admin:
        assert admin.list_groups() == ["billing"]
        assert admin.describe_groups(["billing"])["billing"].state == "Empty"


@pytest.mark.parametrize("cluster", [500], indirect=True)
def test_a_group_outlives_its_coordinator_and_leaders(cluster: EmbeddedCluster) -> None:
    """Any broker may die; what was committed stays, and reading goes on."""
    found: list[int] = []
    with member(cluster) as one:
        for n, broker in enumerate((1, 2, 3)):
            send(cluster, 50 * n, 50 * n + 50)
            read([one], found, 50 * n + 50)
            one.commit()
            cluster.kill(broker)
            send(cluster, 1000 + n, 1001 + n)
            while 1000 + n not in found:
                found += [int(record.value) for record in one.poll(0.05)]
            found.remove(1000 + n)
            one.commit()
            cluster.start(broker)
    assert sorted(found) == list(range(150))
    with member(cluster) as two:
        while not two.assignment():
            two.poll(0.01)
        assert sum(two.position(tp) for tp in ORDERS) == 153
