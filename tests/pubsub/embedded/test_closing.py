"""Clients that are closed while their requests are under way: they end at once, and no thread stays behind.

A request that went on would stay for a minute at least, and its thread with it.
"""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from concur.pubsub import Admin, Consumer, EmbeddedCluster, NewTopic, Producer, TopicPartition
from concur.pubsub.batch import RecordBatch
from concur.pubsub.connection import ACKS_ALL, connect
from concur.pubsub.embedded.client import Client
from concur.pubsub.errors import DeliveryTimeout, PubSubError, RequestTimedOut, Wakeup

FUSE = 60.0
MINUTES = 600_000
ORDERS = TopicPartition("orders", 0)
SLOW = {"replica.lag.time.max.ms": MINUTES, "broker.session.timeout.ms": MINUTES}


@pytest.fixture(autouse=True)
def no_thread_stays() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert not set(threading.enumerate()) - before


@pytest.fixture
def cluster() -> Iterator[EmbeddedCluster]:
    with EmbeddedCluster(3, config=SLOW) as cluster:
        with Admin({"bootstrap.servers": cluster.bootstrap_servers}) as admin:
            admin.create_topics([NewTopic("orders", 1, 3)])
        yield cluster


def leader_of(cluster: EmbeddedCluster) -> int:
    leader = cluster.describe().partitions[ORDERS].leader
    assert leader is not None
    return leader


def no_follower(cluster: EmbeddedCluster) -> None:
    for broker in {1, 2, 3} - {leader_of(cluster)}:
        cluster.pause(broker)


def no_leader(cluster: EmbeddedCluster) -> None:
    cluster.pause(leader_of(cluster))


def slow_way(cluster: EmbeddedCluster) -> None:
    cluster.network.delay(["clients"], [1, 2, 3], 60.0)


def lost(cluster: EmbeddedCluster) -> None:
    cluster.network.lose(leader_of(cluster), 100, "request")


TROUBLES = [no_follower, no_leader, slow_way, lost]


def heal(cluster: EmbeddedCluster) -> None:
    cluster.network.heal()
    for broker in (1, 2, 3):
        cluster.resume(broker)


def when_asked(monkeypatch: pytest.MonkeyPatch, request: str) -> threading.Event:
    """An event that is set when a client makes a request of that name."""
    asked = threading.Event()
    usual: Callable[..., Any] = getattr(Client, request)

    def note(self: Client, *arguments: Any) -> Any:
        asked.set()
        return usual(self, *arguments)

    monkeypatch.setattr(Client, request, note)
    return asked


@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_producer_is_closed_in_time(
    cluster: EmbeddedCluster, monkeypatch: pytest.MonkeyPatch, trouble: Callable[[EmbeddedCluster], None]
) -> None:
    """Its request is under way, and would be for minutes; what has no answer is given up, in doubt."""
    given = {"request.timeout.ms": MINUTES, "delivery.timeout.ms": 2 * MINUTES, "linger.ms": 0}
    producer = Producer({"bootstrap.servers": cluster.bootstrap_servers, **given})
    first = producer.send("orders", b"0").result(FUSE)
    asked = when_asked(monkeypatch, "produce")
    trouble(cluster)
    told: list[Any] = []
    delivery = producer.send("orders", b"1", on_delivery=lambda *answer: told.append(answer))
    assert asked.wait(FUSE)
    producer.close(0.0)
    error = delivery.exception(0)
    assert isinstance(error, DeliveryTimeout)
    assert not error.definite
    assert told == [(None, error)]
    assert first.offset == 0
    heal(cluster)


@pytest.mark.parametrize("trouble", [*TROUBLES, lambda cluster: None])
def test_a_consumer_is_closed_at_once(
    cluster: EmbeddedCluster, monkeypatch: pytest.MonkeyPatch, trouble: Callable[[EmbeddedCluster], None]
) -> None:
    """Its fetch is under way, and waits for what never comes."""
    given = {"fetch.max.wait.ms": MINUTES, "request.timeout.ms": MINUTES, "auto.offset.reset": "earliest"}
    consumer = Consumer({"bootstrap.servers": cluster.bootstrap_servers, **given})
    consumer.assign([ORDERS])
    assert consumer.position(ORDERS) == 0
    asked = when_asked(monkeypatch, "fetch")
    trouble(cluster)

    def wake() -> None:
        asked.wait(FUSE)
        consumer.wakeup()

    waker = threading.Thread(target=wake)
    waker.start()
    with pytest.raises(Wakeup):
        consumer.poll(MINUTES)
    waker.join()
    consumer.close()
    heal(cluster)


def test_a_client_that_is_gone_waits_for_nothing(cluster: EmbeddedCluster) -> None:
    no_follower(cluster)
    client = connect(cluster.bootstrap_servers, request_timeout_ms=MINUTES)
    client.close()
    batch = RecordBatch([None], [b"v"], [()], [0])
    answer = client.produce(leader_of(cluster), {ORDERS: batch}, ACKS_ALL, MINUTES)[ORDERS]
    assert isinstance(answer, RequestTimedOut)
    fetched = client.fetch(leader_of(cluster), {ORDERS: (0, -1)}, MINUTES, 1, 10**6, 10**6)[ORDERS]
    assert not isinstance(fetched, PubSubError)
    assert fetched.batches == []
    heal(cluster)


@pytest.mark.parametrize("request_timeout_ms", [1, 50])
def test_how_long_a_request_may_take_is_for_the_client_to_say(
    cluster: EmbeddedCluster, request_timeout_ms: int
) -> None:
    """Also of requests that have no time-out of their own, and of those that any broker may answer."""
    client = connect(cluster.bootstrap_servers, request_timeout_ms=request_timeout_ms)
    leader = leader_of(cluster)
    for broker in (1, 2, 3):
        cluster.pause(broker)
    for ask in (lambda: client.list_offsets(leader, {ORDERS: -1}), client.metadata, client.init_producer_id):
        with pytest.raises(RequestTimedOut, match="did not answer within 0"):
            ask()
    heal(cluster)
    client.close()
