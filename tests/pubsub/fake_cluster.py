"""A cluster of a few lists, for tests of clients: no replicas, no network; faults are injected by the test.

``hook(request, function)`` calls *function*(client, arguments) at the beginning of every request of that name; it may
raise, wait, or note. The coordinator is the textbook's, without time-outs: a test expels a member by hand.
"""

import itertools
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from concur.pubsub.assignors import Subscription
from concur.pubsub.batch import RecordBatch, StoredBatch
from concur.pubsub.connection import (
    EARLIEST,
    LATEST,
    ClusterMetadata,
    Connection,
    FetchedPartition,
    GroupDescription,
    Joined,
    PartitionMetadata,
    register,
)
from concur.pubsub.errors import (
    IllegalGeneration,
    MemberIdRequired,
    NotLeaderOrFollower,
    OffsetOutOfRange,
    PubSubError,
    RebalanceInProgress,
    TopicAlreadyExists,
    UnknownMemberId,
    UnknownTopicOrPartition,
)
from concur.pubsub.records import NewTopic, OffsetAndMetadata, TopicPartition

Hook = Callable[[str, tuple[Any, ...]], object]

_clusters: dict[str, "FakeCluster"] = {}
_numbers = itertools.count()
register("fake", lambda address, client_id, _: FakeConnection(_clusters[address], client_id))


class Partition:
    def __init__(self, leader: int) -> None:
        self.leader: int | None = leader
        self.epoch = 0
        self.batches: list[StoredBatch] = []
        self.start = 0
        self.end = 0


class Group:
    """One group; guarded by the cluster's condition."""

    def __init__(self) -> None:
        self.state = "Empty"
        self.generation = 0
        self.leader = ""
        self.protocol = ""
        self.members: dict[str, Mapping[str, Subscription]] = {}
        self.joined: set[str] = set()
        self.shares: dict[str, tuple[TopicPartition, ...]] = {}
        self.offsets: dict[TopicPartition, OffsetAndMetadata] = {}
        self.pending: set[str] = set()

    def rebalance(self) -> None:
        if self.state != "PreparingRebalance":
            self.state, self.joined = "PreparingRebalance", set()
        if not self.members:
            self.state = "Empty"

    def complete_if_all_joined(self) -> None:
        if self.members and self.joined == set(self.members) and self.state == "PreparingRebalance":
            self.state = "CompletingRebalance"
            self.generation += 1
            self.shares = {}
            common = set.intersection(*(set(said) for said in self.members.values()))
            first = self.members[min(self.members)]
            self.protocol = next(name for name in first if name in common)
            if self.leader not in self.members:
                self.leader = min(self.members)

    def remove(self, member: str) -> None:
        del self.members[member]
        self.joined.discard(member)
        self.rebalance()
        self.complete_if_all_joined()


class FakeCluster:
    def __init__(self, topics: Mapping[str, int], brokers: int = 1) -> None:
        self.name = f"fake-{next(_numbers)}"
        _clusters[self.name] = self
        self.bootstrap_servers = f"fake://{self.name}"
        self.brokers = brokers
        self.coordinator = 0
        self.changed = threading.Condition()
        self.partitions: dict[TopicPartition, Partition] = {}
        self.groups: defaultdict[str, Group] = defaultdict(Group)
        self.calls: list[tuple[str, str, tuple[Any, ...]]] = []  # client, request, arguments
        self.hooks: dict[str, Hook] = {}
        self.members = itertools.count(1)
        self.connections: list[FakeConnection] = []
        for topic, count in topics.items():
            self.add_topic(topic, count)

    def add_topic(self, topic: str, count: int) -> None:
        with self.changed:
            for n in range(count):
                self.partitions[TopicPartition(topic, n)] = Partition(n % self.brokers)

    def append(self, tp: TopicPartition, *values: bytes, timestamp: int = 0) -> None:
        """Append one batch."""
        with self.changed:
            partition = self.partitions[tp]
            n = len(values)
            batch = RecordBatch([b"k"] * n, list(values), [()] * n, [timestamp] * n)
            partition.batches.append(StoredBatch(partition.end, partition.epoch, batch))
            partition.end += n
            self.changed.notify_all()

    def elect(self, tp: TopicPartition, leader: int | None) -> None:
        with self.changed:
            self.partitions[tp].leader = leader
            self.partitions[tp].epoch += 1
            self.changed.notify_all()

    def delete_before(self, tp: TopicPartition, offset: int) -> None:
        with self.changed:
            partition = self.partitions[tp]
            partition.start = offset
            partition.batches = [batch for batch in partition.batches if batch.next_offset > offset]

    def expel(self, group: str, member: str) -> None:
        """What the coordinator does when a session ends."""
        with self.changed:
            self.groups[group].remove(member)
            self.changed.notify_all()

    def hook(self, request: str, function: Hook | None) -> None:
        if function is None:
            del self.hooks[request]
        else:
            self.hooks[request] = function

    def called(self, request: str) -> list[tuple[Any, ...]]:
        return [arguments for _, name, arguments in self.calls if name == request]


class FakeConnection(Connection):
    def __init__(self, cluster: FakeCluster, client_id: str) -> None:
        self.cluster = cluster
        self.client_id = client_id
        self.closed = False
        cluster.connections.append(self)

    def _note(self, request: str, *arguments: Any) -> None:
        assert not self.closed
        self.cluster.calls.append((self.client_id, request, arguments))
        hook = self.cluster.hooks.get(request)
        if hook is not None:
            hook(self.client_id, arguments)

    def metadata(self, topics: Sequence[str] | None = None) -> ClusterMetadata:
        self._note("metadata", topics)
        with self.cluster.changed:
            found: dict[str, list[PartitionMetadata]] = {}
            for tp, partition in self.cluster.partitions.items():
                if topics is None or tp.topic in topics:
                    found.setdefault(tp.topic, []).append(
                        PartitionMetadata(tp.partition, partition.leader, partition.epoch, (0,), (0,))
                    )
            return ClusterMetadata(found, tuple(range(self.cluster.brokers)), None)

    def init_producer_id(self) -> tuple[int, int]:
        raise NotImplementedError

    def produce(
        self,
        broker: int,
        batches: Mapping[TopicPartition, RecordBatch],
        acks: int,
        timeout_ms: int,
        sent: Callable[[], None] = lambda: None,
    ) -> dict[TopicPartition, tuple[int, int] | PubSubError]:
        raise NotImplementedError

    def _led(self, broker: int, tp: TopicPartition) -> Partition | PubSubError:
        partition = self.cluster.partitions.get(tp)
        if partition is None:
            return UnknownTopicOrPartition(f"no {tp}")
        if partition.leader != broker:
            return NotLeaderOrFollower(f"broker {broker} does not lead {tp}", definite=True)
        return partition

    def fetch(
        self,
        broker: int,
        positions: Mapping[TopicPartition, tuple[int, int]],
        max_wait_ms: int,
        min_bytes: int,
        max_bytes: int,
        max_partition_bytes: int,
    ) -> dict[TopicPartition, FetchedPartition | PubSubError]:
        self._note("fetch", broker, dict(positions))
        found: dict[TopicPartition, FetchedPartition | PubSubError] = {}

        def is_worth_it() -> bool:
            found.clear()
            worth = False
            for tp, (offset, _) in positions.items():
                partition = self._led(broker, tp)
                if isinstance(partition, PubSubError):
                    found[tp], worth = partition, True
                elif not partition.start <= offset <= partition.end:
                    found[tp], worth = OffsetOutOfRange(f"{tp} has no {offset}"), True
                else:
                    batches = [batch for batch in partition.batches if batch.next_offset > offset]
                    found[tp] = FetchedPartition(batches, partition.end, partition.start)
                    worth = worth or bool(batches)
            return worth or self.closed

        with self.cluster.changed:
            self.cluster.changed.wait_for(is_worth_it, max_wait_ms / 1000)
        return found

    def list_offsets(
        self, broker: int, timestamps: Mapping[TopicPartition, int]
    ) -> dict[TopicPartition, tuple[int, int] | PubSubError]:
        self._note("list_offsets", broker, dict(timestamps))
        found: dict[TopicPartition, tuple[int, int] | PubSubError] = {}
        with self.cluster.changed:
            for tp, timestamp in timestamps.items():
                partition = self._led(broker, tp)
                if isinstance(partition, PubSubError):
                    found[tp] = partition
                elif timestamp == EARLIEST:
                    found[tp] = (partition.start, -1)
                elif timestamp == LATEST:
                    found[tp] = (partition.end, -1)
                else:
                    found[tp] = next(
                        (
                            (batch.base_offset, batch.batch.timestamps[0])
                            for batch in partition.batches
                            if batch.batch.timestamps[0] >= timestamp
                        ),
                        (-1, -1),
                    )
        return found

    # The coordinator

    def find_coordinator(self, group: str) -> int:
        self._note("find_coordinator", group)
        return self.cluster.coordinator

    def _member(self, group: str, member: str, generation: int | None = None) -> Group:
        found = self.cluster.groups[group]
        if member not in found.members:
            raise UnknownMemberId(f"{group} has no member {member!r}")
        if generation is not None and generation != found.generation:
            raise IllegalGeneration(f"{group} is in generation {found.generation}, not {generation}")
        return found

    def join_group(
        self,
        broker: int,
        group: str,
        member_id: str,
        session_timeout_ms: int,
        rebalance_timeout_ms: int,
        protocols: Mapping[str, Subscription],
        client_id: str = "",
    ) -> Joined:
        self._note("join_group", group, member_id, dict(protocols))
        with self.cluster.changed:
            found = self.cluster.groups[group]
            if not member_id:
                member_id = f"{client_id}-{next(self.cluster.members)}"
                found.pending.add(member_id)
                raise MemberIdRequired("join with this", member_id)
            if member_id in found.pending:
                found.pending.discard(member_id)
                found.members[member_id] = {}
            self._member(group, member_id)
            found.members[member_id] = dict(protocols)
            found.rebalance()
            found.joined.add(member_id)
            before = found.generation
            found.complete_if_all_joined()
            self.cluster.changed.notify_all()
            self.cluster.changed.wait_for(
                lambda: found.generation != before or member_id not in found.members
            )
            self._member(group, member_id)
            said = {member: each[found.protocol] for member, each in found.members.items()}
            leads = member_id == found.leader
            return Joined(found.generation, member_id, found.leader, found.protocol, said if leads else {})

    def sync_group(
        self,
        broker: int,
        group: str,
        member_id: str,
        generation: int,
        shares: Mapping[str, Sequence[TopicPartition]],
    ) -> tuple[TopicPartition, ...]:
        self._note("sync_group", group, member_id, generation, dict(shares))
        with self.cluster.changed:
            found = self._member(group, member_id, generation)
            if shares:
                found.shares = {member: tuple(share) for member, share in shares.items()}
                found.state = "Stable"
                self.cluster.changed.notify_all()
            self.cluster.changed.wait_for(
                lambda: found.state != "CompletingRebalance" or generation != found.generation
            )
            self._member(group, member_id)
            if found.state != "Stable" or generation != found.generation:
                raise RebalanceInProgress(f"{group} is being rebalanced")
            return found.shares.get(member_id, ())

    def heartbeat(self, broker: int, group: str, member_id: str, generation: int) -> None:
        self._note("heartbeat", group, member_id, generation)
        with self.cluster.changed:
            if self._member(group, member_id, generation).state == "PreparingRebalance":
                raise RebalanceInProgress(f"{group} is being rebalanced")

    def leave_group(self, broker: int, group: str, member_id: str) -> None:
        self._note("leave_group", group, member_id)
        with self.cluster.changed:
            found = self.cluster.groups[group]
            if member_id in found.pending:
                found.pending.discard(member_id)
                return
            self._member(group, member_id).remove(member_id)
            self.cluster.changed.notify_all()

    def commit_offsets(
        self,
        broker: int,
        group: str,
        member_id: str,
        generation: int,
        offsets: Mapping[TopicPartition, OffsetAndMetadata],
    ) -> None:
        self._note("commit_offsets", group, member_id, generation, dict(offsets))
        with self.cluster.changed:
            found = self.cluster.groups[group]
            if generation >= 0 or found.members:
                self._member(group, member_id, generation)
            if found.state == "CompletingRebalance":
                raise RebalanceInProgress(f"{group} is being rebalanced")
            found.offsets.update(offsets)

    def fetch_offsets(
        self, broker: int, group: str, partitions: Iterable[TopicPartition] | None = None
    ) -> dict[TopicPartition, OffsetAndMetadata]:
        wanted = None if partitions is None else set(partitions)
        self._note("fetch_offsets", group, wanted)
        with self.cluster.changed:
            offsets = self.cluster.groups[group].offsets
            return {tp: place for tp, place in offsets.items() if wanted is None or tp in wanted}

    # For admins

    def create_topics(self, topics: Iterable[NewTopic]) -> dict[str, PubSubError | None]:
        wanted = list(topics)
        self._note("create_topics", wanted)
        answers: dict[str, PubSubError | None] = {}
        for topic in wanted:
            if TopicPartition(topic.name, 0) in self.cluster.partitions:
                answers[topic.name] = TopicAlreadyExists(f"there is a topic '{topic.name}'")
            else:
                self.cluster.add_topic(topic.name, topic.num_partitions)
                answers[topic.name] = None
        return answers

    def delete_topics(self, topics: Iterable[str]) -> dict[str, PubSubError | None]:
        answers: dict[str, PubSubError | None] = {}
        for topic in topics:
            gone = [tp for tp in self.cluster.partitions if tp.topic == topic]
            for tp in gone:
                del self.cluster.partitions[tp]
            answers[topic] = None if gone else UnknownTopicOrPartition(f"no '{topic}'")
        return answers

    def topic_configs(self, topics: Iterable[str]) -> dict[str, dict[str, Any] | PubSubError]:
        return {topic: {"retention.ms": 1} for topic in topics}

    def describe_groups(
        self, groups: Iterable[str] | None = None
    ) -> dict[str, GroupDescription | PubSubError]:
        with self.cluster.changed:
            return {
                name: GroupDescription(
                    name, found.state, found.generation, found.protocol, found.leader, dict(found.shares)
                )
                for name, found in self.cluster.groups.items()
                if groups is None or name in groups
            }

    def close(self) -> None:
        self.closed = True
        with self.cluster.changed:
            self.cluster.changed.notify_all()
