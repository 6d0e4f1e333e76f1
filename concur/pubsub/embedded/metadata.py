"""What the controller knows of the cluster, as values that never change: a new state is a new value."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from concur.pubsub.config import Config
from concur.pubsub.records import TopicPartition


@dataclass(frozen=True, slots=True)
class PartitionState:
    """Who has a partition, and who leads it."""

    replicas: tuple[int, ...]  # the first is the preferred leader
    in_sync: tuple[int, ...]  # never empty: the last one stays in it when it goes down
    leader: int | None
    leader_epoch: int = 0  # one more with every change of leader
    partition_epoch: int = 0  # one more with every change of anything here


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic: its settings, and which of all it is that ever were: one of the same name made later is another."""

    number: int
    config: Config


@dataclass(frozen=True, slots=True)
class ClusterState:
    """All of it, at one version."""

    version: int = 0
    partitions: Mapping[TopicPartition, PartitionState] = field(default_factory=dict)
    topics: Mapping[str, Topic] = field(default_factory=dict)
    live: frozenset[int] = frozenset()

    def partitions_of(self, topic: str) -> dict[TopicPartition, PartitionState]:
        """The partitions of *topic*, by number; none if there is no such topic."""
        found: dict[TopicPartition, PartitionState] = {}
        while (tp := TopicPartition(topic, len(found))) in self.partitions:
            found[tp] = self.partitions[tp]
        return found


def without(partition: PartitionState, broker: int) -> PartitionState:
    """*partition* when *broker* has gone down: it is in sync no more, unless it is the last one that was."""
    if broker not in partition.in_sync or len(partition.in_sync) == 1:
        return partition
    in_sync = tuple(each for each in partition.in_sync if each != broker)
    return replace(partition, in_sync=in_sync, partition_epoch=partition.partition_epoch + 1)


def elected(partition: PartitionState, live: frozenset[int], *, unclean: bool) -> PartitionState:
    """*partition* with the leader that it is to have among the brokers that are *live*.

    A leader that lives stays. Else the first live replica that is in sync leads; if there is none, the first live one
    in an *unclean* election, which loses what only the others had, or else nobody.
    """
    if partition.leader in live and partition.leader in partition.in_sync:
        return partition
    here = [replica for replica in partition.replicas if replica in live]
    clean = [replica for replica in here if replica in partition.in_sync]
    in_sync = partition.in_sync
    leader = clean[0] if clean else None
    if leader is None and unclean and here:
        leader = here[0]
        in_sync = (leader,)
    if leader == partition.leader:
        return partition
    return replace(
        partition,
        leader=leader,
        in_sync=in_sync,
        leader_epoch=partition.leader_epoch + 1,
        partition_epoch=partition.partition_epoch + 1,
    )
