"""The controller: who leads, who is in sync, and who is taken for dead."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from concur.check import Status, explore
from concur.pubsub import errors
from concur.pubsub.config import broker_config, topic_config
from concur.pubsub.embedded.controller import Controller
from concur.pubsub.embedded.leadership import InSyncChange
from concur.pubsub.embedded.metadata import PartitionState, elected, without
from concur.pubsub.records import TopicPartition
from tests.pubsub.embedded.simulated_silence import two_brokers_fall_silent
from tests.sync.conftest import Elsewhere, spin_until

ORDERS = TopicPartition("orders", 0)
ALL = frozenset({1, 2, 3})


def partition(in_sync: tuple[int, ...], leader: int | None) -> PartitionState:
    return PartitionState((1, 2, 3), in_sync, leader, leader_epoch=4, partition_epoch=7)


@pytest.mark.parametrize(
    ("in_sync", "leader", "live", "unclean", "expected"),
    [
        ((1, 2, 3), 1, {1, 2, 3}, False, (1, (1, 2, 3), 4)),  # who leads and lives, stays
        ((2, 3), 1, {1, 2, 3}, False, (2, (2, 3), 5)),  # unless it is not in sync
        ((2, 3), 1, {2, 3}, False, (2, (2, 3), 5)),  # else the first that is in sync
        ((3,), 1, {2, 3}, False, (3, (3,), 5)),  # and not one that is not
        ((1,), 1, {2, 3}, False, (None, (1,), 5)),  # rather nobody
        ((1,), 1, {2, 3}, True, (2, (2,), 5)),  # unless that is allowed
        ((1,), None, {2, 3}, False, (None, (1,), 4)),  # which is no change if nobody led before
        ((1,), None, {1, 2}, False, (1, (1,), 5)),
        ((1,), 1, set(), True, (None, (1,), 5)),
    ],
)
def test_who_is_elected(
    in_sync: tuple[int, ...], leader: int | None, live: set[int], unclean: bool, expected: Any
) -> None:
    after = elected(partition(in_sync, leader), frozenset(live), unclean=unclean)
    assert (after.leader, after.in_sync, after.leader_epoch) == expected


def test_the_last_one_in_sync_stays_so_when_it_goes_down() -> None:
    assert without(partition((1, 2), 1), 1).in_sync == (2,)
    assert without(partition((1,), 1), 1).in_sync == (1,)
    assert without(partition((1, 2), 1), 3).partition_epoch == 7


@pytest.fixture
def controller() -> Controller:
    """One with three live brokers that never fall silent, and a topic; its thread is not started."""
    controller = Controller(session_timeout=3600)
    for broker in sorted(ALL):
        controller.heartbeat(broker, 1, -1, 0)
    controller.create_topic("orders", (1, 3), topic_config({}, broker_config({})))
    return controller


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    threads = Elsewhere()
    yield threads
    threads.join()


def now(controller: Controller) -> PartitionState:
    return controller.state.partitions[ORDERS]


def test_heartbeats_bring_news_once(controller: Controller) -> None:
    state = controller.heartbeat(1, 1, -1, 0)
    assert state is controller.state
    assert state.live == ALL
    assert controller.heartbeat(1, 1, state.version, 0) is None


def test_a_heartbeat_waits_for_news_and_no_longer(controller: Controller, elsewhere: Elsewhere) -> None:
    seen = controller.state.version
    told: list[Any] = []
    thread = elsewhere.start(lambda: told.append(controller.heartbeat(1, 1, seen, 3600)))
    spin_until(lambda: len(controller._changed._waiters) > 0)  # type: ignore[attr-defined]
    controller.delete_topic("orders")
    elsewhere.join(thread)
    assert told == [controller.state]


def test_every_change_is_a_version(controller: Controller) -> None:
    versions = [controller.state.version]
    changes: list[Callable[[], object]] = [
        lambda: controller.alter_in_sync(ORDERS, 1, InSyncChange(0, 0, frozenset({1, 2}))),
        lambda: controller.leave(3),
        lambda: controller.delete_topic("orders"),
    ]
    for change in changes:
        change()
        versions.append(controller.state.version)
    assert versions == sorted(set(versions))


def test_who_is_live(controller: Controller) -> None:
    assert controller.first_live() == (1, 1)
    assert controller.is_live(2, 1)
    controller.leave(1)
    controller.heartbeat(2, 5, -1, 0)
    assert not controller.is_live(2, 1)
    assert controller.is_live(2, 5)
    assert controller.first_live() == (2, 5)
    assert not controller.is_live(1, 1)


def test_who_falls_silent_is_fenced_in_time() -> None:
    verdict = explore(two_brokers_fall_silent, timeouts="idle", races="off")
    assert verdict.status is Status.VERIFIED, verdict


def test_who_leaves_leads_nothing(controller: Controller) -> None:
    controller.leave(1)
    assert now(controller) == PartitionState((1, 2, 3), (2, 3), 2, leader_epoch=1, partition_epoch=2)
    controller.heartbeat(1, 1, -1, 0)
    assert now(controller).leader == 2
    assert now(controller).in_sync == (2, 3)


def test_a_broker_that_was_started_again_has_lost_what_it_led(controller: Controller) -> None:
    """Even if nobody noticed that it was down: it has forgotten what it knew of its followers."""
    controller.heartbeat(1, 2, -1, 0)
    assert now(controller).leader == 2
    with pytest.raises(errors.Disconnected):
        controller.heartbeat(1, 1, -1, 0)


def test_without_anybody_in_sync_nobody_leads_until_one_comes_back(controller: Controller) -> None:
    for broker in (3, 2, 1):
        controller.leave(broker)
    assert (now(controller).leader, now(controller).in_sync) == (None, (1,))
    controller.heartbeat(2, 2, -1, 0)
    assert now(controller).leader is None
    controller.heartbeat(1, 2, -1, 0)
    assert now(controller).leader == 1


def test_the_leader_changes_who_is_in_sync(controller: Controller) -> None:
    before = now(controller)
    after = controller.alter_in_sync(ORDERS, 1, InSyncChange(0, 0, frozenset({1, 2})))
    assert after.in_sync == (1, 2)
    assert after.partition_epoch == before.partition_epoch + 1
    assert now(controller) == after


def test_in_sync_is_in_the_order_of_the_replicas(controller: Controller) -> None:
    """In which they are elected."""
    controller.create_topic("bills", [[3, 2, 1]], topic_config({}, broker_config({})))
    bills = TopicPartition("bills", 0)
    assert controller.alter_in_sync(bills, 3, InSyncChange(0, 0, frozenset({1, 2, 3}))).in_sync == (3, 2, 1)


def test_where_it_is_allowed_one_who_is_not_in_sync_is_elected(controller: Controller) -> None:
    allowed = {"unclean.leader.election.enable": True}
    controller.create_topic("bills", [[1, 2]], topic_config(allowed, broker_config({})))
    bills = TopicPartition("bills", 0)
    controller.alter_in_sync(bills, 1, InSyncChange(0, 0, frozenset({1})))
    controller.alter_in_sync(ORDERS, 1, InSyncChange(0, 0, frozenset({1})))
    controller.leave(1)
    after = controller.state.partitions
    assert (after[bills].leader, after[bills].in_sync) == (2, (2,))
    assert (after[ORDERS].leader, after[ORDERS].in_sync) == (None, (1,))


@pytest.mark.parametrize(
    ("broker", "change", "error"),
    [
        (2, InSyncChange(0, 0, frozenset({2})), errors.FencedLeaderEpoch),  # does not lead
        (1, InSyncChange(3, 0, frozenset({1})), errors.FencedLeaderEpoch),  # not in this epoch
        (1, InSyncChange(0, 5, frozenset({1})), None),  # has old news
        (1, InSyncChange(0, 0, frozenset({2})), None),  # would not be in sync itself
        (1, InSyncChange(0, 0, frozenset({1, 9})), None),  # with somebody who is not live
    ],
)
def test_others_do_not(
    controller: Controller, broker: int, change: InSyncChange, error: type[Exception] | None
) -> None:
    before = now(controller)
    if error is None:
        assert controller.alter_in_sync(ORDERS, broker, change) == before
    else:
        with pytest.raises(error):
            controller.alter_in_sync(ORDERS, broker, change)
    assert now(controller) == before


def test_topics_are_spread_and_not_made_twice(controller: Controller) -> None:
    config = topic_config({}, broker_config({}))
    controller.create_topic("bills", (3, 2), config)
    leaders = [each.leader for each in controller.state.partitions_of("bills").values()]
    assert sorted(leaders, key=str) == [1, 2, 3]
    with pytest.raises(errors.TopicAlreadyExists):
        controller.create_topic("bills", (1, 1), config)
    with pytest.raises(errors.InvalidReplicationFactor, match="3 brokers are live"):
        controller.create_topic("more", (1, 4), config)
    for placed in ([[1, 1]], [[1], []], [[1, 4]]):
        with pytest.raises(errors.InvalidReplicaAssignment, match="named once"):
            controller.create_topic("more", placed, config)
    controller.create_topic("one", (1, 1), config)
    controller.create_topic("two", (1, 1), config)
    alone = [controller.state.partitions[TopicPartition(name, 0)].leader for name in ("one", "two")]
    assert len(set(alone)) == 2  # topics of one partition do not all fall to one broker
    first = controller.state.topics["bills"].number
    controller.delete_topic("bills")
    controller.create_topic("bills", [[3]], config)
    assert controller.state.topics["bills"].number != first
    (again,) = controller.state.partitions_of("bills").values()
    assert (again.replicas, again.leader_epoch) == ((3,), 1)


def test_producer_ids_are_never_given_twice(controller: Controller) -> None:
    assert [controller.new_producer_id() for _ in range(3)] == [0, 1, 2]


def test_a_topic_that_is_made_again_goes_on_with_the_highest_epoch(controller: Controller) -> None:
    config = topic_config({}, broker_config({}))
    controller.create_topic("bills", [[1, 2], [3, 2]], config)
    controller.leave(1)  # of bills-0 the epoch is 1 now, of bills-1 it is 0
    controller.delete_topic("bills")
    controller.create_topic("bills", [[2]], config)
    assert controller.state.partitions[TopicPartition("bills", 0)].leader_epoch == 2


def test_what_was_deleted_has_no_in_sync_set(controller: Controller) -> None:
    controller.delete_topic("orders")
    with pytest.raises(errors.UnknownTopicOrPartition, match="there is no partition orders-0"):
        controller.alter_in_sync(ORDERS, 1, InSyncChange(0, 0, frozenset({1})))
    with pytest.raises(errors.UnknownTopicOrPartition, match="there is no topic 'orders'"):
        controller.delete_topic("orders")
