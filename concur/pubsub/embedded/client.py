"""A client's way to an embedded cluster: its requests, sent through the network to the brokers.

Implements :class:`concur.pubsub.connection.Connection`; see there what each request means.
"""

import itertools
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from concur.pubsub import errors
from concur.pubsub.assignors import Subscription
from concur.pubsub.batch import RecordBatch
from concur.pubsub.config import topic_config
from concur.pubsub.connection import (
    ClusterMetadata,
    Connection,
    FetchedPartition,
    GroupDescription,
    Joined,
    PartitionMetadata,
)
from concur.pubsub.embedded import requests
from concur.pubsub.embedded.broker import Life
from concur.pubsub.embedded.coordinator import GroupCoordinator
from concur.pubsub.embedded.metadata import ClusterState
from concur.pubsub.embedded.network import CONTROLLER
from concur.pubsub.embedded.waiting import Caller
from concur.pubsub.records import NewTopic, OffsetAndMetadata, TopicPartition

if TYPE_CHECKING:
    from concur.pubsub.embedded.cluster import EmbeddedCluster

T = TypeVar("T")

ANY_TIMEOUT = 1.0  # seconds after which the next broker is asked, if any of them will do


class Client(Connection):
    """The connection of the client called *name*, whose requests may take *request_timeout_ms*."""

    def __init__(self, cluster: "EmbeddedCluster", name: str, request_timeout_ms: int) -> None:
        self._cluster = cluster
        self._name = name
        self._timeout = request_timeout_ms / 1000
        self._caller = Caller()
        self._turn = itertools.count()  # whom to ask next what anybody knows

    def close(self) -> None:
        self._caller.go()
        self._cluster.network.look_again()

    def _ask(self, broker: int, call: Callable[[Life], T], timeout: float | None = None) -> T:
        cluster = self._cluster
        timeout = self._timeout if timeout is None else timeout
        return cluster.network.send(
            self._name, broker, lambda: call(cluster.lives[broker]), timeout, self._caller
        )

    def _ask_any(self, call: Callable[[Life], T]) -> T:
        """Ask one broker after the other until one answers, for so long as a request may take."""
        deadline = time.monotonic() + self._timeout
        numbers = sorted(self._cluster.lives)
        first = next(self._turn)
        failure: errors.PubSubError | None = None
        for step in range(len(numbers)):
            try:
                left = deadline - time.monotonic()
                return self._ask(numbers[(first + step) % len(numbers)], call, min(ANY_TIMEOUT, left))
            except (errors.Disconnected, errors.RequestTimedOut) as error:
                failure = error
                if time.monotonic() >= deadline or self._caller.is_gone:
                    break
        raise failure or errors.Disconnected(f"cluster '{self._cluster.name}' is closed", definite=True)

    # What anybody knows

    def metadata(self, topics: Sequence[str] | None = None) -> ClusterMetadata:
        known = self._ask_any(lambda broker: broker.known)
        wanted = known.topics if topics is None else [topic for topic in topics if topic in known.topics]
        return ClusterMetadata(
            {topic: described(known, topic) for topic in wanted},
            tuple(sorted(known.live)),
            None,  # the controller is no broker
        )

    def init_producer_id(self) -> tuple[int, int]:
        return self._through_any(self._cluster.controller.new_producer_id), 0

    def _through_any(self, call: Callable[[], T]) -> T:
        """Have a broker pass a request on to the controller."""
        network = self._cluster.network
        timeout = min(ANY_TIMEOUT, self._timeout)
        return self._ask_any(lambda broker: network.send(broker.number, CONTROLLER, call, timeout))

    # Records

    def produce(
        self,
        broker: int,
        batches: Mapping[TopicPartition, RecordBatch],
        acks: int,
        timeout_ms: int,
        sent: Callable[[], None] = lambda: None,
    ) -> dict[TopicPartition, tuple[int, int] | errors.PubSubError]:
        return self._ask(
            broker,
            lambda asked: requests.produce(asked, batches, acks, timeout_ms, sent, self._caller),
            timeout_ms / 1000,
        )

    def fetch(
        self,
        broker: int,
        positions: Mapping[TopicPartition, tuple[int, int]],
        max_wait_ms: int,
        min_bytes: int,
        max_bytes: int,
        max_partition_bytes: int,
    ) -> dict[TopicPartition, FetchedPartition | errors.PubSubError]:
        return self._ask(
            broker,
            lambda asked: requests.fetch(
                asked, positions, max_wait_ms / 1000, min_bytes, max_bytes, max_partition_bytes, self._caller
            ),
        )

    def list_offsets(
        self, broker: int, timestamps: Mapping[TopicPartition, int]
    ) -> dict[TopicPartition, tuple[int, int] | errors.PubSubError]:
        return self._ask(broker, lambda asked: requests.list_offsets(asked, timestamps))

    # Groups

    def find_coordinator(self, group: str) -> int:
        return self._ask_any(lambda broker: broker.seat.holder())

    def _coordinate(
        self, broker: int, call: Callable[[GroupCoordinator], T], timeout: float | None = None
    ) -> T:
        return self._ask(broker, lambda asked: call(asked.seat.coordinator(asked.number)), timeout)

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
        return self._coordinate(
            broker,
            lambda groups: groups.join_group(
                group, member_id, session_timeout_ms, rebalance_timeout_ms, protocols, client_id or self._name
            ),
            self._timeout + rebalance_timeout_ms / 1000,
        )

    def sync_group(
        self,
        broker: int,
        group: str,
        member_id: str,
        generation: int,
        shares: Mapping[str, Sequence[TopicPartition]],
    ) -> tuple[TopicPartition, ...]:
        return self._coordinate(
            broker, lambda groups: groups.sync_group(group, member_id, generation, shares)
        )

    def heartbeat(self, broker: int, group: str, member_id: str, generation: int) -> None:
        self._coordinate(broker, lambda groups: groups.heartbeat(group, member_id, generation))

    def leave_group(self, broker: int, group: str, member_id: str) -> None:
        self._coordinate(broker, lambda groups: groups.leave_group(group, member_id))

    def commit_offsets(
        self,
        broker: int,
        group: str,
        member_id: str,
        generation: int,
        offsets: Mapping[TopicPartition, OffsetAndMetadata],
    ) -> None:
        self._coordinate(broker, lambda groups: groups.commit_offsets(group, member_id, generation, offsets))

    def fetch_offsets(
        self, broker: int, group: str, partitions: Iterable[TopicPartition] | None = None
    ) -> dict[TopicPartition, OffsetAndMetadata]:
        return self._coordinate(broker, lambda groups: groups.fetch_offsets(group, partitions))

    def describe_groups(
        self, groups: Iterable[str] | None = None
    ) -> dict[str, GroupDescription | errors.PubSubError]:
        return dict(self._coordinate(self.find_coordinator(""), lambda each: each.describe_groups(groups)))

    # Topics

    def create_topics(self, topics: Iterable[NewTopic]) -> dict[str, errors.PubSubError | None]:
        return {topic.name: self._outcome(lambda: self._create(topic)) for topic in topics}  # noqa: B023

    def _create(self, topic: NewTopic) -> None:
        broker = self._cluster.config
        check_name(topic.name)
        config = topic_config(topic.configs, broker)
        placed: Any = None if topic.replicas is None else [topic.replicas[n] for n in sorted(topic.replicas)]
        if placed is not None and sorted(topic.replicas or ()) != list(range(len(placed))):
            raise errors.InvalidReplicaAssignment(
                f"topic '{topic.name}': the replicas are placed for partitions {sorted(topic.replicas or ())}, "
                "and partitions are numbered from 0 on, without gaps"
            )
        if placed is None:
            count = broker["num.partitions"] if topic.num_partitions == -1 else topic.num_partitions
            factor = topic.replication_factor
            placed = (count, broker["default.replication.factor"] if factor == -1 else factor)
            if count < 1:
                raise errors.InvalidPartitions(
                    f"topic '{topic.name}' was to have {count} partitions: at least 1"
                )
        self._through_any(lambda: self._cluster.controller.create_topic(topic.name, placed, config))
        self._cluster.wait_until_known(topic.name)

    def delete_topics(self, topics: Iterable[str]) -> dict[str, errors.PubSubError | None]:
        delete = self._cluster.controller.delete_topic
        return {
            topic: self._outcome(lambda: self._through_any(lambda: delete(topic)))  # noqa: B023
            for topic in topics
        }

    def topic_configs(self, topics: Iterable[str]) -> dict[str, dict[str, Any] | errors.PubSubError]:
        known = self._ask_any(lambda broker: broker.known)
        return {
            topic: dict(known.topics[topic].config)
            if topic in known.topics
            else errors.UnknownTopicOrPartition(f"there is no topic '{topic}'")
            for topic in topics
        }

    def _outcome(self, call: Callable[[], None]) -> errors.PubSubError | None:
        try:
            call()
        except errors.PubSubError as error:
            return error
        return None


def described(known: ClusterState, topic: str) -> list[PartitionMetadata]:
    """The partitions of *topic*, as clients are told."""
    return [
        PartitionMetadata(tp.partition, each.leader, each.leader_epoch, each.replicas, each.in_sync)
        for tp, each in known.partitions_of(topic).items()
    ]


def check_name(topic: str) -> None:
    """Raise InvalidTopic if no topic may be called so."""
    if not re.fullmatch(r"[a-zA-Z0-9._-]{1,249}", topic) or topic in {".", ".."}:
        raise errors.InvalidTopic(
            f"{topic!r} is no name for a topic: from 1 to 249 letters, digits, '.', '_' and '-', and not '.' or '..'"
        )
