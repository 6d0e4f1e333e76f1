"""The door to the groups: what it refuses by itself, and that groups outlive it."""

import pytest

from concur.pubsub.assignors import Subscription
from concur.pubsub.config import broker_config
from concur.pubsub.connection import Connection
from concur.pubsub.embedded.coordinator import GroupCoordinator, Groups
from concur.pubsub.errors import InvalidGroupId, InvalidSessionTimeout, MemberIdRequired, NotCoordinator
from concur.pubsub.records import OffsetAndMetadata, TopicPartition

A0 = TopicPartition("a", 0)
LIKES = {"range": Subscription(("a",))}


def coordinator(groups: Groups) -> GroupCoordinator:
    return GroupCoordinator(broker_config({"group.initial.rebalance.delay.ms": 0}), groups)


def member_of(door: GroupCoordinator, group: str) -> str:
    """A new member that owns all there is."""
    with pytest.raises(MemberIdRequired, match=f"join group '{group}' again, as 'c1-1'") as invitation:
        door.join_group(group, "", 10_000, 60_000, LIKES, "c1")
    member = invitation.value.member_id
    joined = door.join_group(group, member, 10_000, 60_000, LIKES, "c1")
    assert door.sync_group(group, member, joined.generation, {member: [A0]}) == (A0,)
    return member


def test_groups_outlive_their_coordinator() -> None:
    """Members, generations and offsets are those of before; the old door is shut."""
    groups = Groups()
    old = coordinator(groups)
    member = member_of(old, "billing")
    old.commit_offsets("billing", member, 1, {A0: OffsetAndMetadata(41)})
    old.close()
    new = coordinator(groups)
    new.heartbeat("billing", member, 1)
    assert new.fetch_offsets("billing") == {A0: OffsetAndMetadata(41)}
    assert new.describe_groups(["billing", "other"]) == {
        "billing": ("billing", "Stable", 1, "range", member, {member: (A0,)})
    }
    for call in (
        lambda: old.heartbeat("billing", member, 1),
        lambda: old.commit_offsets("billing", member, 1, {A0: OffsetAndMetadata(5)}),
        lambda: old.leave_group("billing", member),
        lambda: old.join_group("other", "", 10_000, 60_000, LIKES),
    ):
        with pytest.raises(NotCoordinator):
            call()
    old.expire()
    new.expire()
    assert new.fetch_offsets("billing", [A0]) == {A0: OffsetAndMetadata(41)}


def test_groups_know_nothing_of_each_other() -> None:
    """Each group has its own generations, members and offsets."""
    door = coordinator(Groups())
    one, other = member_of(door, "one"), member_of(door, "other")
    door.commit_offsets("one", one, 1, {A0: OffsetAndMetadata(1)})
    door.leave_group("one", one)
    door.heartbeat("other", other, 1)
    assert door.fetch_offsets("other") == {}
    assert {name: group.state for name, group in door.describe_groups().items()} == {
        "one": "Empty",
        "other": "Stable",
    }


@pytest.mark.parametrize("session", [5_999, 1_800_001])
def test_a_session_is_as_the_broker_allows(session: int) -> None:
    with pytest.raises(
        InvalidSessionTimeout, match=f"session.timeout.ms {session} .* allows 6000 to 1800000"
    ):
        coordinator(Groups()).join_group("billing", "", session, 60_000, LIKES)


def test_a_group_has_a_name() -> None:
    with pytest.raises(InvalidGroupId):
        coordinator(Groups()).fetch_offsets("")


def test_its_requests_are_those_of_a_connection() -> None:
    """A connection hands them on as they are, without the broker."""
    for name in ("join_group", "sync_group", "heartbeat", "leave_group", "commit_offsets", "fetch_offsets"):
        asked = getattr(Connection, name).__code__
        taken = getattr(GroupCoordinator, name).__code__
        names = asked.co_varnames[: asked.co_argcount]
        assert taken.co_varnames[: taken.co_argcount] == tuple(n for n in names if n != "broker"), name
