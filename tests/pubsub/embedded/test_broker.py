"""A broker within its cluster: what it does when it stops, dies, is paused, hears old news, or is behind."""

import threading
from collections.abc import Callable, Iterator

import pytest

from concur.pubsub import EmbeddedCluster, NewTopic, TopicPartition
from concur.pubsub.assignors import Subscription
from concur.pubsub.batch import RecordBatch
from concur.pubsub.connection import ACKS_ALL, LATEST, connect
from concur.pubsub.embedded.controller import Controller
from concur.pubsub.errors import Disconnected, MemberIdRequired, NotCoordinator, PubSubError, RequestTimedOut
from tests.pubsub.mutants.stage import FUSE, ORDERS, TEN_MINUTES, Stage
from tests.sync.conftest import Elsewhere, spin_until


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    before = set(threading.enumerate())
    with Stage(monkeypatch) as stage:
        yield stage
    assert not set(threading.enumerate()) - before


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    threads = Elsewhere()
    yield threads
    threads.join()


def batch(value: bytes = b"x") -> RecordBatch:
    return RecordBatch([None], [value], [()], [0])


def test_who_stops_in_order_hands_over_first(stage: Stage) -> None:
    """Nobody has to wait for its session to end."""
    stage.sent("p", "a")
    stage.cluster.stop(1)
    state = stage.cluster.controller.state
    assert state.live == {2, 3}
    assert state.partitions[ORDERS].leader == 2
    assert stage.cluster.describe().brokers == {1: "down", 2: "up", 3: "up"}


def test_who_dies_leaves_nobody_waiting(stage: Stage, elsewhere: Elsewhere) -> None:
    """Neither who waits for its record to be committed, nor who waits for records."""
    client = connect(stage.cluster.bootstrap_servers)
    stage.cluster.cut([1], [2, 3])
    leader = stage.replica(1)
    errors: list[PubSubError] = []

    def told(ask: Callable[[], object]) -> None:
        try:
            ask()
        except Disconnected as error:
            errors.append(error)

    reads = {ORDERS: (0, -1)}
    elsewhere.start(lambda: told(lambda: client.produce(1, {ORDERS: batch()}, ACKS_ALL, TEN_MINUTES)))
    elsewhere.start(lambda: told(lambda: client.fetch(1, reads, TEN_MINUTES, 1, 99, 99)))
    spin_until(lambda: len(leader._committing) == 1 and len(leader._reading) == 1)
    stage.die(1)
    elsewhere.join()
    assert len(errors) == 2
    assert not any(error.definite for error in errors)


def test_a_topic_that_is_deleted_leaves_nobody_waiting_and_nothing_on_disk(
    stage: Stage, elsewhere: Elsewhere
) -> None:
    client = connect(stage.cluster.bootstrap_servers)
    leader = stage.replica(1)
    answers: list[object] = []
    elsewhere.start(
        lambda: answers.append(client.fetch(1, {ORDERS: (0, -1)}, TEN_MINUTES, 1, 99, 99)[ORDERS])
    )
    spin_until(lambda: len(leader._reading) == 1)
    client.delete_topics(["orders"])
    elsewhere.join()
    assert isinstance(answers[0], PubSubError)
    spin_until(lambda: not any(disk._kept for disk in stage.cluster._disks.values()))


def test_what_a_paused_broker_was_asked_for_is_done_when_it_goes_on(stage: Stage) -> None:
    client = connect(stage.cluster.bootstrap_servers)
    stage.cluster.pause(1)
    assert stage.cluster.describe().brokers == {1: "paused", 2: "up", 3: "up"}
    with pytest.raises(RequestTimedOut):
        client.produce(1, {ORDERS: batch()}, ACKS_ALL, 10)
    leader = stage.replica(1)
    assert leader.log.end == 0
    stage.cluster.resume(1)
    spin_until(lambda: leader.high_watermark == 1)


def test_a_paused_follower_copies_nothing(stage: Stage) -> None:
    """Also not what the leader has already answered."""
    follower, network = stage.replica(2), stage.cluster.network
    stage.cluster.pause(2)
    stage.sent("hasty", "a", acks=1, enable_idempotence=False)
    # Its three threads stop where they next look at the network: the one that lives, the one that keeps house, and the
    # one that has fetched.
    waiting = network._changed._waiters  # type: ignore[attr-defined]
    spin_until(lambda: follower.log.end == 1 or len(waiting) == 3)
    assert follower.log.end == 0
    stage.cluster.resume(2)
    spin_until(lambda: follower.log.end == 1)


def test_old_news_changes_nothing(stage: Stage) -> None:
    life = stage.cluster.lives[2]
    old = life.known
    stage.die(1)
    spin_until(lambda: stage.replica(2).leads)
    life._learn(old)
    assert life.known.version > old.version
    assert stage.replica(2).leads


def test_the_watermark_is_on_disk(stage: Stage) -> None:
    """With too few in sync to commit anything, a broker that was started again gives what was committed before."""
    stage.sent("p", "a")
    for broker in (3, 2):
        stage.die(broker)
    life = stage.cluster.lives[1]
    spin_until(lambda: life._kept[ORDERS][1].high_watermark == 1)
    stage.die(1)
    stage.cluster.start(1)
    stage.until(lambda partition: partition.leader == 1)
    spin_until(lambda: ORDERS in stage.cluster.lives[1].replicas and stage.replica(1).leads)
    client = connect(stage.cluster.bootstrap_servers)
    assert client.list_offsets(1, {ORDERS: LATEST}) == {ORDERS: (1, -1)}


def test_a_change_that_the_controller_refuses_is_not_pending_any_more(stage: Stage) -> None:
    """Or the leader would count with it for ever."""
    stage.sent("p", "a")
    leads = stage.replica(1)._leads
    assert leads is not None
    change = leads._propose(frozenset({1, 2, 3, 9}))
    stage.cluster.lives[1].alter_in_sync(stage.replica(1), change)
    assert leads.pending is None
    assert leads.maximal == {1, 2, 3}


def test_of_epochs_that_are_over_a_fetcher_knows_nothing(stage: Stage) -> None:
    for dies in (1, 2):
        stage.sent("p", str(dies))
        stage.die(dies)
        stage.cluster.start(dies)
        stage.until(lambda partition: len(partition.in_sync) == 3)
    assert stage.leader() == 1
    fetcher = stage.cluster.lives[3]._fetchers[1]
    spin_until(lambda: fetcher._truncated == {(ORDERS, 2)})


def test_who_lags_is_not_in_sync() -> None:
    config = {"replica.lag.time.max.ms": 500, "replica.fetch.wait.max.ms": 50}
    with EmbeddedCluster(3, config=config) as cluster:
        client = connect(cluster.bootstrap_servers)
        assert client.create_topics([NewTopic("orders", replicas={0: [1, 2, 3]})]) == {"orders": None}
        assert [life.replicas[ORDERS].lag_ms for life in cluster.lives.values()] == [500] * 3
        cluster.cut([1], [2])
        client.produce(1, {ORDERS: batch()}, 1, TEN_MINUTES)
        assert in_sync_becomes(cluster.controller, (1, 3))
        cluster.heal()
        assert in_sync_becomes(cluster.controller, (1, 2, 3))


def in_sync_becomes(controller: Controller, wanted: tuple[int, ...]) -> bool:
    return controller.wait_until(lambda state: state.partitions[ORDERS].in_sync == wanted, FUSE)


def test_who_comes_back_when_all_that_it_had_is_deleted_begins_anew() -> None:
    config = {"log.retention.check.interval.ms": 20, "replica.fetch.wait.max.ms": 20}
    small = {"segment.bytes": 200, "retention.bytes": 400}
    with EmbeddedCluster(2, config=config) as cluster:
        client = connect(cluster.bootstrap_servers)
        assert client.create_topics([NewTopic("orders", replicas={0: [1, 2]}, configs=small)]) == {
            "orders": None
        }
        cluster.stop(2)
        leader = cluster.lives[1].replicas[ORDERS]
        for _ in range(20):
            client.produce(1, {ORDERS: batch(b"x" * 79)}, 1, TEN_MINUTES)
        spin_until(lambda: leader.log.start > 0)
        cluster.start(2)
        assert in_sync_becomes(cluster.controller, (1, 2))
        follower = cluster.lives[2].replicas[ORDERS]
        spin_until(lambda: (follower.log.start, follower.log.end) == (leader.log.start, 20))


def test_a_member_that_falls_silent_is_out_though_nobody_visits_its_group() -> None:
    with EmbeddedCluster(1, config={"group.min.session.timeout.ms": 1}) as cluster:
        client = connect(cluster.bootstrap_servers)
        likes = {"range": Subscription(("orders",))}
        with pytest.raises(MemberIdRequired) as invited:
            client.join_group(1, "kitchen", "", TEN_MINUTES, TEN_MINUTES, likes)
        client.join_group(1, "kitchen", invited.value.member_id, 1, TEN_MINUTES, likes)
        group = cluster.seat._groups.named("kitchen", 0)
        spin_until(lambda: group.describe().state == "Empty")


def test_topics_take_what_is_not_said_from_the_brokers() -> None:
    with EmbeddedCluster(2, config={"num.partitions": 3, "default.replication.factor": 2}) as cluster:
        client = connect(cluster.bootstrap_servers)
        assert client.create_topics([NewTopic("orders")]) == {"orders": None}
        partitions = client.metadata(["orders"]).topics["orders"]
        assert [sorted(each.replicas) for each in partitions] == [[1, 2]] * 3
        client.create_topics([NewTopic("bills")])
        assert set(cluster.lives[2].replicas) >= {TopicPartition("bills", n) for n in range(3)}


def test_what_anybody_knows_is_asked_of_one_after_the_other(stage: Stage) -> None:
    for broker in (1, 2):
        stage.die(broker)
    client = connect(stage.cluster.bootstrap_servers)
    for _ in range(3):  # whoever is asked first
        assert list(client.metadata(["orders"]).topics) == ["orders"]


def test_a_reader_that_found_nothing_in_time_waits_no_longer(stage: Stage) -> None:
    client = connect(stage.cluster.bootstrap_servers)
    assert client.fetch(1, {ORDERS: (0, -1)}, 1, 1, 99, 99)[ORDERS].batches == []  # type: ignore[union-attr]
    assert len(stage.replica(1)._reading) == 0


def test_one_broker_coordinates_and_who_waited_at_the_one_before_is_told(stage: Stage) -> None:
    client = connect(stage.cluster.bootstrap_servers)
    assert client.find_coordinator("kitchen") == 1
    with pytest.raises(NotCoordinator, match="broker-2 does not coordinate"):
        client.fetch_offsets(2, "kitchen")
    before = stage.cluster.seat.coordinator(1)
    stage.die(1)
    assert client.find_coordinator("kitchen") == 2
    assert client.fetch_offsets(2, "kitchen") == {}
    with pytest.raises(NotCoordinator, match="has moved"):
        before.fetch_offsets("kitchen")
