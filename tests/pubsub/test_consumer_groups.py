"""Consumers in groups: who reads what, in which order it changes hands, and what becomes of those thrown out."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from concur.pubsub import OffsetAndMetadata, TopicPartition
from concur.pubsub.consumer import Consumer
from concur.pubsub.errors import (
    CommitFailed,
    Disconnected,
    IllegalGeneration,
    IllegalState,
    InconsistentGroupProtocol,
    NotCoordinator,
    PubSubError,
    RebalanceInProgress,
    UnknownMemberId,
    UnknownTopicOrPartition,
    Wakeup,
)
from concur.pubsub.rebalancing import RebalanceListener
from tests.pubsub.fake_cluster import FakeCluster
from tests.pubsub.test_consumer import FAST, failing, no_thread_stays

__all__ = ["no_thread_stays"]  # a fixture

ORDERS = [TopicPartition("orders", n) for n in range(4)]
EAGER, COOPERATIVE = "range", "cooperative-sticky"


@pytest.fixture
def cluster() -> FakeCluster:
    return FakeCluster({"orders": 4}, brokers=2)


class Member(RebalanceListener):
    """A consumer, with what its listener was told in a log that members share."""

    def __init__(
        self, cluster: FakeCluster, name: str, log: list[tuple[str, str, list[int]]], **settings: Any
    ) -> None:
        super().__init__()
        self.name, self.log = name, log
        self.then: dict[str, Callable[[list[TopicPartition]], object]] = {}
        self.read: list[tuple[TopicPartition, int]] = []
        given: dict[str, Any] = {"group.id": "billing", "auto.offset.reset": "earliest", "client.id": name}
        given |= {"heartbeat.interval.ms": 5, "partition.assignment.strategy": EAGER, **FAST}
        given |= {key.replace("_", "."): value for key, value in settings.items()}
        self.consumer = Consumer({"bootstrap.servers": cluster.bootstrap_servers, **given})
        self.consumer.subscribe(["orders"], self)

    def __enter__(self) -> "Member":
        return self

    def __exit__(self, *_: object) -> None:
        self.consumer.close()

    def poll(self, timeout: float = 0.005) -> None:
        for record in self.consumer.poll(timeout):
            self.read.append((record.topic_partition, record.offset))

    @property
    def has(self) -> list[int]:
        return sorted(tp.partition for tp in self.consumer.assignment())

    def _told(self, what: str, partitions: list[TopicPartition]) -> None:
        self.log.append((self.name, what, sorted(tp.partition for tp in partitions)))
        if what in self.then:
            self.then[what](partitions)

    def on_assigned(self, partitions: list[TopicPartition]) -> None:
        self._told("assigned", partitions)

    def on_revoked(self, partitions: list[TopicPartition]) -> None:
        self._told("revoked", partitions)

    def on_lost(self, partitions: list[TopicPartition]) -> None:
        self._told("lost", partitions)


@pytest.fixture
def log() -> list[tuple[str, str, list[int]]]:
    return []


@pytest.fixture
def join(cluster: FakeCluster, log: list[tuple[str, str, list[int]]]) -> Iterator[Callable[..., Member]]:
    """Makes members, and closes them at the end."""
    members: list[Member] = []

    def make(name: str, **settings: Any) -> Member:
        members.append(Member(cluster, name, log, **settings))
        return members[-1]

    yield make
    for member in members:
        member.consumer.close()


def poll_until(is_so: Callable[[], object], *members: Member) -> None:
    while not is_so():
        for member in members:
            member.poll()


def test_a_member_alone_has_everything_and_two_share(cluster: FakeCluster, join: Any) -> None:
    one = join("one")
    poll_until(lambda: one.has == [0, 1, 2, 3], one)
    two = join("two")
    poll_until(lambda: one.has == [0, 1] and two.has == [2, 3], one, two)
    one.consumer.close()
    poll_until(lambda: two.has == [0, 1, 2, 3], two)
    assert cluster.groups["billing"].members.keys() == {"two-2"}


@pytest.mark.parametrize("strategy", [EAGER, "roundrobin", COOPERATIVE])
def test_a_partition_is_given_away_before_somebody_else_gets_it(
    cluster: FakeCluster, log: list[tuple[str, str, list[int]]], join: Any, strategy: str
) -> None:
    settings = {"partition_assignment_strategy": strategy}
    one = join("one", **settings)
    poll_until(lambda: one.has == [0, 1, 2, 3], one)
    two = join("two", **settings)
    poll_until(lambda: len(one.has) == len(two.has) == 2, one, two)
    three = join("three", **settings)
    poll_until(lambda: sorted(one.has + two.has + three.has) == [0, 1, 2, 3] and three.has, one, two, three)
    two.consumer.close()
    poll_until(lambda: sorted(one.has + three.has) == [0, 1, 2, 3], one, three)
    owners: dict[int, str] = {}
    for name, what, partitions in log:
        for partition in partitions:
            if what == "assigned":
                assert owners.setdefault(partition, name) == name, log
            else:
                assert owners.pop(partition) == name, log


def test_members_that_cooperate_keep_what_stays(
    log: list[tuple[str, str, list[int]]], cluster: FakeCluster, join: Any
) -> None:
    settings = {"partition_assignment_strategy": COOPERATIVE}
    one = join("one", **settings)
    poll_until(lambda: one.has == [0, 1, 2, 3], one)
    two = join("two", **settings)
    poll_until(lambda: len(two.has) == 2, one, two)
    mine = one.has
    told = [entry for entry in log if entry[2]]
    assert told == [
        ("one", "assigned", [0, 1, 2, 3]),
        ("one", "revoked", two.has),
        ("two", "assigned", two.has),
    ]
    assert len(mine) == 2
    # And while the others join, it reads on.
    for n in mine:
        cluster.append(ORDERS[n], b"x")
    join("three", **settings)
    poll_until(lambda: {(ORDERS[n], 0) for n in mine} <= set(one.read), one)


@pytest.mark.parametrize("strategy", [EAGER, COOPERATIVE])
def test_who_gets_a_partition_goes_on_where_its_owner_was(
    cluster: FakeCluster, join: Any, strategy: str
) -> None:
    """The automatic commit before a rebalance is of all that was returned: nothing is read twice, nothing lost."""
    for tp in ORDERS:
        for _ in range(30):
            cluster.append(tp, *[b"x"] * 5)
    settings = {"partition_assignment_strategy": strategy, "max_poll_records": 7}
    one = join("one", **settings)
    poll_until(lambda: len(one.read) > 40, one)
    two = join("two", **settings)
    poll_until(lambda: len(two.read) > 40, one, two)
    two.consumer.close()
    poll_until(lambda: len(one.read) + len(two.read) >= 600, one)
    read = one.read + two.read
    assert len(set(read)) == len(read) == 600


def test_the_heartbeat_says_that_the_group_is_rebalanced(cluster: FakeCluster, join: Any) -> None:
    """Without another poll the member stays what it is; the next one takes part."""
    one = join("one")
    poll_until(lambda: one.has, one)
    told = threading.Event()

    def hook(_: str, __: object) -> None:
        told.set()
        cluster.hook("heartbeat", None)
        raise RebalanceInProgress("join again")

    cluster.hook("heartbeat", hook)
    told.wait()
    assert one.has == [0, 1, 2, 3]
    poll_until(lambda: len(cluster.called("join_group")) == 3 and one.has, one)
    assert cluster.groups["billing"].generation == 2


@pytest.mark.parametrize("error", [UnknownMemberId("who?"), IllegalGeneration("gone on")])
@pytest.mark.parametrize("strategy", [EAGER, COOPERATIVE])
def test_who_was_thrown_out_has_lost_its_partitions_and_joins_again(
    cluster: FakeCluster,
    log: list[tuple[str, str, list[int]]],
    join: Any,
    error: PubSubError,
    strategy: str,
) -> None:
    one = join("one", partition_assignment_strategy=strategy)
    poll_until(lambda: one.has, one)
    thrown_out = threading.Event()

    def hook(_: str, __: object) -> None:
        cluster.hook("heartbeat", None)
        if isinstance(error, UnknownMemberId):
            cluster.expel("billing", "one-1")
        thrown_out.set()
        raise error

    cluster.hook("heartbeat", hook)
    thrown_out.wait()
    with pytest.raises(CommitFailed):
        while True:  # until the thread has read its answer, or the coordinator refuses
            one.consumer.commit({ORDERS[0]: 0})
    poll_until(lambda: len(log) == 3, one)
    assert [what for _, what, _ in log] == ["assigned", "lost", "assigned"]
    assert cluster.groups["billing"].offsets.get(ORDERS[0], OffsetAndMetadata(0)).offset == 0
    one.consumer.commit({ORDERS[0]: 1})


def test_a_commit_that_is_fenced_says_so_and_the_member_joins_again(
    cluster: FakeCluster, log: list[tuple[str, str, list[int]]], join: Any
) -> None:
    one = join("one", enable_auto_commit=False, heartbeat_interval_ms=30_000)
    poll_until(lambda: one.has, one)
    cluster.expel("billing", "one-1")
    with pytest.raises(CommitFailed, match=r"max\.poll\.interval\.ms"):
        one.consumer.commit({ORDERS[0]: 1})
    assert not cluster.groups["billing"].offsets
    poll_until(lambda: len(log) == 3, one)
    assert [what for _, what, _ in log] == ["assigned", "lost", "assigned"]


@pytest.mark.parametrize("error", [UnknownMemberId("the one that left"), RebalanceInProgress("at that time")])
def test_a_late_answer_to_what_the_member_was_is_ignored(
    cluster: FakeCluster, log: list[tuple[str, str, list[int]]], join: Any, error: PubSubError
) -> None:
    """A heartbeat hangs, the consumer leaves and joins again, and then the old member is told that it is unknown."""
    one = join("one")
    poll_until(lambda: one.has, one)
    hangs, go_on = threading.Event(), threading.Event()

    def hook(_: str, __: object) -> None:
        cluster.hook("heartbeat", None)
        hangs.set()
        go_on.wait()
        raise error

    cluster.hook("heartbeat", hook)
    hangs.wait()
    one.consumer.unsubscribe()
    one.consumer.subscribe(["orders"], one)
    one.poll()
    go_on.set()
    poll_until(lambda: one.has, one)
    one.poll()
    assert [what for _, what, _ in log] == ["assigned", "revoked", "assigned"]


def test_a_share_of_what_is_not_wanted_any_more_is_not_taken(cluster: FakeCluster, join: Any) -> None:
    """The subscription changes while the member waits for its share."""
    cluster.add_topic("bills", 1)
    one = join("one")
    waits, go_on = threading.Event(), threading.Event()

    def hook(*_: object) -> None:
        cluster.hook("sync_group", None)
        waits.set()
        go_on.wait()

    cluster.hook("sync_group", hook)
    poll_until(waits.is_set, one)
    one.consumer.subscribe(["bills"], one)
    one.poll()
    go_on.set()
    poll_until(lambda: one.consumer.assignment() == {TopicPartition("bills", 0)}, one)


def test_who_does_not_poll_leaves_the_group(
    cluster: FakeCluster, log: list[tuple[str, str, list[int]]], join: Any
) -> None:
    left = threading.Event()
    one = join("one", max_poll_interval_ms=300, enable_auto_commit=False)
    poll_until(lambda: one.has, one)
    cluster.hook("leave_group", lambda *_: left.set())
    left.wait()
    with pytest.raises(CommitFailed, match="not a member"):
        one.consumer.commit({ORDERS[0]: 1})
    poll_until(lambda: len(log) == 3, one)
    assert [what for _, what, _ in log] == ["assigned", "lost", "assigned"]
    one.consumer.commit({ORDERS[0]: 1})


def test_a_long_poll_is_no_silence(
    cluster: FakeCluster, log: list[tuple[str, str, list[int]]], join: Any
) -> None:
    one = join("one", max_poll_interval_ms=60)
    poll_until(lambda: one.has, one)
    one.poll(0.3)
    assert one.has
    assert not cluster.called("leave_group")


# Listeners


def test_a_listener_may_use_the_consumer(cluster: FakeCluster, join: Any) -> None:
    for tp in ORDERS:
        cluster.append(tp, b"a", b"b", b"c")
    one = join("one", enable_auto_commit=False)
    one.then["assigned"] = lambda partitions: [one.consumer.seek(tp, 2) for tp in partitions]
    one.then["revoked"] = lambda _: one.consumer.commit()
    poll_until(lambda: len(one.read) == 4, one)
    assert {offset for _, offset in one.read} == {2}
    one.consumer.unsubscribe()
    assert {place.offset for place in cluster.groups["billing"].offsets.values()} == {3}
    assert one.consumer.subscription() == set()
    with pytest.raises(IllegalState, match="nothing to poll"):
        one.poll()


@pytest.mark.parametrize("strategy", [EAGER, COOPERATIVE])
@pytest.mark.parametrize("what", ["assigned", "revoked"])
def test_a_listener_that_raises_is_told_of_and_the_rebalance_goes_on(
    cluster: FakeCluster, join: Any, what: str, strategy: str
) -> None:
    def fail(_: object) -> None:
        del one.then[what]
        raise ZeroDivisionError("in the listener")

    one = join("one", partition_assignment_strategy=strategy)
    if what == "revoked":
        poll_until(lambda: one.has, one)
    one.then[what] = fail
    two = join("two", partition_assignment_strategy=strategy)
    with pytest.raises(PubSubError, match=f"on_{what} raised ZeroDivisionError") as caught:
        poll_until(lambda: False, one, two)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    poll_until(lambda: len(one.has) == len(two.has) == 2, one, two)


def test_a_listener_must_not_poll_or_subscribe(join: Any) -> None:
    one = join("one")
    one.then["assigned"] = lambda _: one.consumer.poll(0)
    with pytest.raises(PubSubError, match="inside of a rebalance listener"):
        poll_until(lambda: False, one)
    one.then["revoked"] = lambda _: one.consumer.close()
    with pytest.raises(PubSubError, match="close inside of a rebalance listener"):
        one.consumer.unsubscribe()


def test_on_lost_is_on_revoked_unless_it_is_given() -> None:
    seen: list[str] = []
    RebalanceListener(on_revoked=lambda _: seen.append("revoked")).on_lost([])
    RebalanceListener(None, lambda _: seen.append("revoked"), lambda _: seen.append("lost")).on_lost([])
    RebalanceListener().on_lost([])
    assert seen == ["revoked", "lost"]


# What goes wrong on the way in


@pytest.mark.parametrize(
    "request_name", ["find_coordinator", "join_group", "sync_group", "heartbeat", "metadata"]
)
@pytest.mark.parametrize("error", [NotCoordinator("not me"), Disconnected("lost")])
def test_joining_is_tried_again(
    cluster: FakeCluster, join: Any, request_name: str, error: PubSubError
) -> None:
    cluster.hook(request_name, failing(3, error))
    one = join("one")
    poll_until(lambda: one.has == [0, 1, 2, 3], one)
    assert one.log[-1] == ("one", "assigned", [0, 1, 2, 3])


def test_a_group_that_does_not_take_the_consumer_says_why(cluster: FakeCluster, join: Any) -> None:
    cluster.hook("join_group", failing(1, InconsistentGroupProtocol("no assignor in common")))
    one = join("one")
    with pytest.raises(InconsistentGroupProtocol):
        poll_until(lambda: False, one)
    poll_until(lambda: one.has, one)


def test_a_rebalance_during_the_join_is_one_round_more(cluster: FakeCluster, join: Any) -> None:
    cluster.hook("sync_group", failing(2, RebalanceInProgress("again")))
    one = join("one")
    poll_until(lambda: one.has, one)
    assert len(cluster.called("join_group")) == 4  # the first of which brought the id


def test_commits_during_a_rebalance_are_told_to_wait(cluster: FakeCluster, join: Any) -> None:
    one = join("one")
    joining, go_on = threading.Event(), threading.Event()

    def hook(*_: object) -> None:
        joining.set()
        go_on.wait()

    cluster.hook("join_group", hook)
    poll_until(joining.is_set, one)
    with pytest.raises(RebalanceInProgress, match="billing"):
        one.consumer.commit({ORDERS[0]: 1})
    go_on.set()
    poll_until(lambda: one.has, one)
    one.consumer.commit({ORDERS[0]: 1})


def test_new_partitions_are_read(cluster: FakeCluster, join: Any) -> None:
    one = join("one", metadata_max_age_ms=20)
    poll_until(lambda: one.has == [0, 1, 2, 3], one)
    with cluster.changed:
        cluster.partitions[TopicPartition("orders", 4)] = cluster.partitions[ORDERS[0]]
    poll_until(lambda: one.has == [0, 1, 2, 3, 4], one)


def test_other_topics_are_another_subscription(
    cluster: FakeCluster, log: list[tuple[str, str, list[int]]], join: Any
) -> None:
    cluster.add_topic("bills", 1)
    one = join("one", partition_assignment_strategy=COOPERATIVE)
    poll_until(lambda: one.has, one)
    one.consumer.subscribe(["bills", "orders"], one)
    assert one.consumer.subscription() == {"bills", "orders"}
    poll_until(lambda: len(one.has) == 5, one)
    one.consumer.subscribe(["bills"], one)
    poll_until(lambda: one.consumer.assignment() == {TopicPartition("bills", 0)}, one)
    assert ("one", "revoked", [0, 1, 2, 3]) in log
    with pytest.raises(IllegalState, match="unsubscribe"):
        one.consumer.assign([ORDERS[0]])
    one.consumer.subscribe([])
    one.consumer.assign([ORDERS[0]])
    with pytest.raises(IllegalState, match="unsubscribe"):
        one.consumer.subscribe(["orders"])


def test_a_topic_that_is_not_there_is_an_error_until_it_is(cluster: FakeCluster, join: Any) -> None:
    one = join("one")
    one.consumer.subscribe("later")
    with pytest.raises(UnknownTopicOrPartition, match="no topic 'later'"):
        one.consumer.poll(30)
    cluster.add_topic("later", 1)
    while not one.has:
        try:
            one.poll()
        except UnknownTopicOrPartition:
            continue


# The end


def test_closing_in_the_middle_of_a_join_leaves_nobody_behind(cluster: FakeCluster, join: Any) -> None:
    one = join("one")
    poll_until(lambda: one.has, one)
    two = join("two")
    joining = threading.Event()

    def hook(_: str, call: tuple[Any, ...]) -> None:
        if call[1]:
            joining.set()

    cluster.hook("join_group", hook)
    poll_until(joining.is_set, two)
    two.consumer.close()  # while the group waits for one
    assert not [thread for thread in threading.enumerate() if "two" in thread.name]
    poll_until(lambda: one.has == [0, 1, 2, 3], one)
    assert len(cluster.groups["billing"].members) == 1


def test_wakeup_ends_a_poll_that_waits_for_the_group(cluster: FakeCluster, join: Any) -> None:
    one = join("one")
    go_on = threading.Event()

    def hook(*_: object) -> None:
        cluster.hook("join_group", None)
        one.consumer.wakeup()
        go_on.wait()

    cluster.hook("join_group", hook)
    with pytest.raises(Wakeup):
        one.consumer.poll(30)
    go_on.set()
    poll_until(lambda: one.has, one)


def test_close_commits_what_was_returned_and_tells_the_listener(
    cluster: FakeCluster, log: list[tuple[str, str, list[int]]], join: Any
) -> None:
    cluster.append(ORDERS[0], b"a", b"b")
    one = join("one", auto_commit_interval_ms=60_000)
    poll_until(lambda: len(one.read) == 2, one)
    one.consumer.wakeup()  # does not keep it from closing
    one.consumer.close()
    assert cluster.groups["billing"].offsets[ORDERS[0]].offset == 2
    assert log[-1] == ("one", "revoked", [0, 1, 2, 3])
    assert cluster.groups["billing"].state == "Empty"


def test_iteration_in_a_group(cluster: FakeCluster) -> None:
    for tp in ORDERS:
        cluster.append(tp, b"a", b"b")
    settings = {"group.id": "billing", "auto.offset.reset": "earliest"}
    with Consumer({"bootstrap.servers": cluster.bootstrap_servers} | settings) as consumer:
        consumer.subscribe(["orders"])
        found = []
        for record in consumer:
            found.append(record.value)
            if len(found) == 8:
                consumer.wakeup()
    assert {tp: place.offset for tp, place in cluster.groups["billing"].offsets.items()} == dict.fromkeys(
        ORDERS, 2
    )
