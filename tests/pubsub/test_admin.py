"""The admin: what it asks for, and what it makes of several answers."""

import pytest

from concur.pubsub import NewTopic, OffsetAndTimestamp, TopicPartition
from concur.pubsub.admin import Admin
from concur.pubsub.connection import EARLIEST, LATEST
from concur.pubsub.errors import (
    Disconnected,
    IllegalState,
    LeaderNotAvailable,
    NotLeaderOrFollower,
    TopicAlreadyExists,
    UnknownTopicOrPartition,
)
from tests.pubsub.fake_cluster import FakeCluster
from tests.pubsub.test_consumer import FAST, failing

ZERO, ONE = TopicPartition("orders", 0), TopicPartition("orders", 1)


@pytest.fixture
def cluster() -> FakeCluster:
    return FakeCluster({"orders": 2}, brokers=2)


@pytest.fixture
def admin(cluster: FakeCluster) -> Admin:
    return Admin({"bootstrap.servers": cluster.bootstrap_servers, **FAST, "default.api.timeout.ms": 2000})


def test_topics_are_made_listed_and_deleted(cluster: FakeCluster, admin: Admin) -> None:
    admin.create_topics([NewTopic("bills", 3, 1)])
    cluster.add_topic("__consumer_offsets", 1)
    assert admin.list_topics() == ["bills", "orders"]
    assert [each.leader for each in admin.describe_topics("bills")["bills"]] == [0, 1, 0]
    assert admin.topic_configs(["bills"])["bills"]["retention.ms"] == 1
    admin.delete_topics(["bills"])
    assert admin.list_topics() == ["orders"]
    with pytest.raises(UnknownTopicOrPartition, match="bills"):
        admin.describe_topics(["orders", "bills"])
    with pytest.raises(UnknownTopicOrPartition, match="bills"):
        admin.delete_topics(["bills"])


def test_of_several_that_fail_the_first_is_raised_and_the_rest_is_done(admin: Admin) -> None:
    admin.create_topics([NewTopic("bills", 1, 1)])
    with pytest.raises(TopicAlreadyExists, match="bills") as caught:
        admin.create_topics([NewTopic("bills", 1, 1), NewTopic("new", 1, 1), NewTopic("orders", 1, 1)])
    assert caught.value.__notes__ == ["orders: there is a topic 'orders'"]
    assert "new" in admin.list_topics()


def test_a_topic_is_not_made_twice_when_the_answer_was_lost(cluster: FakeCluster, admin: Admin) -> None:
    """An error that is not definite is told; one that is definite is tried again."""
    cluster.hook("create_topics", failing(3, Disconnected("not reached", definite=True)))
    admin.create_topics([NewTopic("bills", 1, 1)])
    cluster.hook("create_topics", failing(1, Disconnected("answer lost")))
    with pytest.raises(Disconnected, match="answer lost"):
        admin.create_topics([NewTopic("more", 1, 1)])


def test_offsets_are_asked_of_the_leaders_that_there_are_now(cluster: FakeCluster, admin: Admin) -> None:
    cluster.append(ZERO, b"a", timestamp=100)
    cluster.append(ZERO, b"b", timestamp=200)
    assert admin.list_offsets({ZERO: EARLIEST, ONE: LATEST}) == {
        ZERO: OffsetAndTimestamp(0, -1, 0),
        ONE: OffsetAndTimestamp(0, -1, 0),
    }
    cluster.hook("list_offsets", failing(3, NotLeaderOrFollower("moved")))
    assert admin.list_offsets({ZERO: 150}) == {ZERO: OffsetAndTimestamp(1, 200, 0)}
    with pytest.raises(UnknownTopicOrPartition, match="no partition 2"):
        admin.list_offsets({TopicPartition("orders", 2): LATEST})
    cluster.elect(ONE, None)
    hasty = Admin({"bootstrap.servers": cluster.bootstrap_servers, **FAST, "default.api.timeout.ms": 20})
    with pytest.raises(LeaderNotAvailable):
        hasty.list_offsets({ZERO: LATEST, ONE: LATEST})


def test_groups(cluster: FakeCluster, admin: Admin) -> None:
    assert cluster.groups["billing"].generation == 0
    assert admin.list_groups() == ["billing"]
    assert admin.describe_groups("billing")["billing"].state == "Empty"


def test_a_closed_admin_says_so(cluster: FakeCluster) -> None:
    with Admin({"bootstrap.servers": cluster.bootstrap_servers}) as admin:
        pass
    admin.close()
    assert repr(admin).endswith("closed>")
    with pytest.raises(IllegalState, match="closed"):
        admin.list_topics()
