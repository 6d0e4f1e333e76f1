"""The coordinator of groups: the door through which members come to their group.

One broker at a time has it. When that broker is gone, another one makes a coordinator of its own from the same
``Groups``, as a broker of Kafka reads them from the topic ``__consumer_offsets``: members, generations and offsets
stay, a rebalance that was going on goes on, and who waited at the old one is told that it has moved.

    >>> from concur.pubsub.assignors import Subscription
    >>> from concur.pubsub.config import broker_config
    >>> from concur.pubsub.embedded.coordinator import GroupCoordinator, Groups
    >>> from concur.pubsub.errors import MemberIdRequired
    >>> coordinator = GroupCoordinator(broker_config({"group.initial.rebalance.delay.ms": 0}), Groups())
    >>> likes = {"range": Subscription(("orders",))}
    >>> try:
    ...     coordinator.join_group("billing", "", 10_000, 60_000, likes, "c1")
    ... except MemberIdRequired as invitation:
    ...     joined = coordinator.join_group("billing", invitation.member_id, 10_000, 60_000, likes)
    >>> joined.generation, joined.leader == joined.member_id
    (1, True)
    >>> coordinator.describe_groups(["billing"])["billing"].state
    'CompletingRebalance'

All calls are made in the members' own threads; those of a round that is not over wait for it. A broker's
housekeeping calls :meth:`GroupCoordinator.expire` now and then, for groups that nobody else visits.
"""

import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from concur.pubsub.assignors import Subscription
from concur.pubsub.connection import GroupDescription, Joined
from concur.pubsub.embedded.group import Group
from concur.pubsub.errors import InvalidGroupId, InvalidSessionTimeout, NotCoordinator
from concur.pubsub.records import OffsetAndMetadata, TopicPartition


class Groups:
    """What survives the coordinator: every group of a cluster, by name."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_name: dict[str, Group] = {}  # under _lock; a group is never taken out

    def named(self, name: str, initial_delay: float) -> Group:
        """The group called *name*, made if it is asked for the first time."""
        with self._lock:
            if name not in self._by_name:
                self._by_name[name] = Group(name, initial_delay)
            return self._by_name[name]

    def all(self) -> list[Group]:
        """All groups, by name."""
        with self._lock:
            return [self._by_name[name] for name in sorted(self._by_name)]


class GroupCoordinator:
    """Takes the requests of all groups; its methods are those of a ``Connection`` without the broker.

    Args:
        config: the broker's.
        groups: what was kept of the groups. They belong to this coordinator until it is closed; its predecessor has
            been closed before.
    """

    def __init__(self, config: Mapping[str, Any], groups: Groups) -> None:
        self._initial_delay = config["group.initial.rebalance.delay.ms"] / 1000
        self._sessions = config["group.min.session.timeout.ms"], config["group.max.session.timeout.ms"]
        self._groups = groups
        self._closed = False
        for group in groups.all():
            group.reopen()

    def join_group(
        self,
        group: str,
        member_id: str,
        session_timeout_ms: int,
        rebalance_timeout_ms: int,
        protocols: Mapping[str, Subscription],
        client_id: str = "",
    ) -> Joined:
        """See :meth:`concur.pubsub.connection.Connection.join_group`."""
        least, most = self._sessions
        if not least <= session_timeout_ms <= most:
            raise InvalidSessionTimeout(
                f"session.timeout.ms {session_timeout_ms} of a member of group {group!r}: the broker allows {least} to "
                f"{most} (group.min.session.timeout.ms, group.max.session.timeout.ms)"
            )
        return self._group(group).join(
            member_id, client_id, session_timeout_ms, rebalance_timeout_ms, protocols
        )

    def sync_group(
        self,
        group: str,
        member_id: str,
        generation: int,
        shares: Mapping[str, Sequence[TopicPartition]],
    ) -> tuple[TopicPartition, ...]:
        """See :meth:`concur.pubsub.connection.Connection.sync_group`."""
        return self._group(group).sync(member_id, generation, shares)

    def heartbeat(self, group: str, member_id: str, generation: int) -> None:
        """See :meth:`concur.pubsub.connection.Connection.heartbeat`."""
        self._group(group).heartbeat(member_id, generation)

    def leave_group(self, group: str, member_id: str) -> None:
        """See :meth:`concur.pubsub.connection.Connection.leave_group`."""
        self._group(group).leave(member_id)

    def commit_offsets(
        self,
        group: str,
        member_id: str,
        generation: int,
        offsets: Mapping[TopicPartition, OffsetAndMetadata],
    ) -> None:
        """See :meth:`concur.pubsub.connection.Connection.commit_offsets`."""
        self._group(group).commit(member_id, generation, offsets)

    def fetch_offsets(
        self, group: str, partitions: Iterable[TopicPartition] | None = None
    ) -> dict[TopicPartition, OffsetAndMetadata]:
        """See :meth:`concur.pubsub.connection.Connection.fetch_offsets`."""
        return self._group(group).committed(partitions)

    def describe_groups(self, groups: Iterable[str] | None = None) -> dict[str, GroupDescription]:
        """The groups called so that there are, or all."""
        wanted = None if groups is None else set(groups)
        return {
            group.name: group.describe()
            for group in self._groups.all()
            if wanted is None or group.name in wanted
        }

    def expire(self) -> None:
        """See to what is due in all groups."""
        if not self._closed:
            for group in self._groups.all():
                group.expire()

    def close(self) -> None:
        """The broker is gone: who waits here, or comes, is told that the coordinator is elsewhere."""
        self._closed = True
        for group in self._groups.all():
            group.close()

    def _group(self, name: str) -> Group:
        if not name:
            raise InvalidGroupId("group.id is empty")
        group = self._groups.named(name, self._initial_delay)
        if self._closed:  # looked at after the group was found: what close() has not closed was not there yet
            raise NotCoordinator(f"the coordinator of group {name!r} has moved: look for it again")
        return group
