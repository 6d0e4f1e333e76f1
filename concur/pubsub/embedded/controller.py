"""The controller: who leads which partition, and which brokers live.

It stands for the quorum that does this in Kafka, and so it never dies. Brokers
tell it that they live by heartbeats; who is silent for a session is fenced: it
leads nothing and is in sync with nothing, until it is heard of again. News spread by the
answers to heartbeats, so that a broker behind a cut link knows nothing of them, and goes on
as the leader that it was until somebody refuses its old epoch.

Elections are clean unless a topic allows otherwise: only a replica that was in
sync may lead, since only it is sure to have everything that was committed.
Every change of leader has a new leader epoch, by which requests of the past are told
from those of the present.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from loguru import logger

from concur.pubsub import errors
from concur.pubsub.config import Config
from concur.pubsub.embedded.leadership import InSyncChange
from concur.pubsub.embedded.metadata import (
    ClusterState,
    PartitionState,
    Topic,
    elected,
    without,
)
from concur.pubsub.records import TopicPartition


class Controller:
    """Decides on leaders and in-sync sets; every answer carries the whole state, as a value."""

    def __init__(self, session_timeout: float) -> None:
        self._changed = threading.Condition()
        # Guarded by _changed.
        self._state = ClusterState()
        self._session_timeout = session_timeout  # seconds
        self._heard: dict[int, float] = {}  # until when each live broker counts as live
        self._lives: dict[int, int] = {}  # in which life of its each broker was last heard of
        self._last_producer_id = -1
        self._topics_made = 0
        self._epochs_of_deleted: dict[str, int] = {}  # of topics: the highest
        self._closed = False
        self._watcher = threading.Thread(target=self._fence_silent_brokers, name="controller", daemon=True)

    def start(self) -> None:
        self._watcher.start()

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._watcher.join()

    @property
    def state(self) -> ClusterState:
        """How things are now."""
        return self._state

    def wait_until(self, true: Callable[[ClusterState], bool], timeout: float | None = None) -> bool:
        """Wait until something is true of the state; False if it is not within *timeout* seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: true(self._state), timeout)

    # Brokers

    def is_live(self, broker: int, life: int) -> bool:
        """Whether *broker* counts as live, and is in that *life* of its."""
        with self._changed:
            return broker in self._state.live and self._lives[broker] == life

    def first_live(self) -> tuple[int, int] | None:
        """The live broker with the lowest number, and in which life it is."""
        with self._changed:
            return min(((broker, self._lives[broker]) for broker in self._state.live), default=None)

    def heartbeat(self, broker: int, life: int, seen: int, patience: float) -> ClusterState | None:
        """Note that *broker* lives, and tell it what is new since the version that it has *seen*.

        Waits for news for *patience* seconds at most; None if there were none.
        """
        with self._changed:
            if self._lives.get(broker, 0) > life:
                raise errors.Disconnected(f"broker-{broker} has been started again since")
            if self._lives.get(broker) != life and broker in self._state.live:
                self._fence(broker, "was started again")
            self._lives[broker] = life
            self._heard[broker] = time.monotonic() + self._session_timeout
            if broker not in self._state.live:
                self._change(live=self._state.live | {broker})
                logger.info("broker-{} is live", broker)
                self._elect()
            self._changed.wait_for(lambda: self._state.version > seen or self._closed, patience)
            # It was heard of: a long wait for news is no silence.
            if self._lives[broker] == life and broker in self._state.live:
                self._heard[broker] = time.monotonic() + self._session_timeout
            return self._state if self._state.version > seen else None

    def leave(self, broker: int) -> None:
        """Let *broker* go in order: its partitions are led by others before it stops."""
        with self._changed:
            if broker in self._state.live:
                self._fence(broker, "leaves")

    def _fence_silent_brokers(self) -> None:
        with self._changed:
            while not self._closed:
                now = time.monotonic()
                for broker in sorted(self._state.live):
                    if self._heard[broker] <= now:
                        self._fence(broker, f"was silent for {self._session_timeout:g} s")
                ends = [self._heard[broker] for broker in self._state.live]
                self._changed.wait(min(ends) - now if ends else None)

    def _fence(self, broker: int, why: str) -> None:
        """Take everything from *broker*."""
        logger.info("broker-{} {}", broker, why)
        self._change(live=self._state.live - {broker})
        self._elect({tp: without(partition, broker) for tp, partition in self._state.partitions.items()})

    def _elect(self, partitions: Mapping[TopicPartition, PartitionState] | None = None) -> None:
        """Give each of the *partitions*, or all as they are, the leader that it is to have."""
        before, after = self._state.partitions, {}
        for tp, partition in (before if partitions is None else partitions).items():
            unclean = self._state.topics[tp.topic].config["unclean.leader.election.enable"]
            after[tp] = elected(partition, self._state.live, unclean=unclean)
            if after[tp].leader != before[tp].leader:
                logger.info(
                    "{} leader {} -> {} (epoch {} -> {})",
                    tp,
                    named(before[tp].leader),
                    named(after[tp].leader),
                    before[tp].leader_epoch,
                    after[tp].leader_epoch,
                )
        if after != before:
            self._change(partitions=after)

    def _change(
        self,
        *,
        partitions: Mapping[TopicPartition, PartitionState] | None = None,
        topics: Mapping[str, Topic] | None = None,
        live: frozenset[int] | None = None,
    ) -> None:
        now = self._state
        self._state = ClusterState(
            version=now.version + 1,
            partitions=now.partitions if partitions is None else partitions,
            topics=now.topics if topics is None else topics,
            live=now.live if live is None else live,
        )
        self._changed.notify_all()

    # Partitions

    def alter_in_sync(self, tp: TopicPartition, broker: int, change: InSyncChange) -> PartitionState:
        """Change who is in sync, as *broker*, the leader, asks; the partition as it is then.

        It stays as it is if it has changed meanwhile, or if somebody who is not live was to be in sync.

        Raises:
            UnknownTopicOrPartition: it was deleted.
            FencedLeaderEpoch: somebody else leads by now.
        """
        with self._changed:
            partition = self._state.partitions.get(tp)
            if partition is None:
                raise errors.UnknownTopicOrPartition(f"there is no partition {tp}")
            if partition.leader != broker or partition.leader_epoch != change.leader_epoch:
                raise errors.FencedLeaderEpoch(
                    f"{named(partition.leader)} leads {tp} in epoch {partition.leader_epoch}, "
                    f"and not broker-{broker} in epoch {change.leader_epoch}"
                )
            if (
                partition.partition_epoch != change.partition_epoch
                or not {broker} <= change.in_sync <= self._state.live
            ):
                return partition
            wanted = tuple(each for each in partition.replicas if each in change.in_sync)
            changed = replace(partition, in_sync=wanted, partition_epoch=partition.partition_epoch + 1)
            self._change(partitions={**self._state.partitions, tp: changed})
            logger.info("{} in-sync {} -> {}", tp, list(partition.in_sync), list(wanted))
            return changed

    # Topics

    def create_topic(
        self, name: str, replicas: Sequence[Sequence[int]] | tuple[int, int], config: Config
    ) -> None:
        """Make a topic.

        Args:
            name: one that a topic may have.
            replicas: the brokers of each partition; or how many partitions there are to be, and how many
                replicas of each, which are spread over the live brokers.
            config: its settings.

        Raises:
            TopicAlreadyExists, InvalidReplicationFactor, InvalidReplicaAssignment
        """
        with self._changed:
            if name in self._state.topics:
                raise errors.TopicAlreadyExists(f"there is a topic '{name}' already")
            live = sorted(self._state.live)
            match replicas:
                case (int(partitions), int(factor)):
                    if not 1 <= factor <= len(live):
                        raise errors.InvalidReplicationFactor(
                            f"topic '{name}' was to have {factor} replicas of each partition, and {len(live)} brokers "
                            "are live. A partition has from one replica to as many as there are brokers."
                        )
                    first = len(
                        self._state.partitions
                    )  # so that topics of one partition do not all fall to one broker
                    placed = [
                        [live[(first + number + step) % len(live)] for step in range(factor)]
                        for number in range(partitions)
                    ]
                case _:
                    placed = [list(each) for each in replicas]
                    for number, each in enumerate(placed):
                        if not each or len(set(each)) < len(each) or not set(each) <= set(live):
                            raise errors.InvalidReplicaAssignment(
                                f"partition {number} of '{name}' was placed on brokers {each}: each must be live "
                                f"(now {live}) and named once"
                            )
            # Not from 0 if there was such a topic before: clients take lower epochs for old news.
            epoch = self._epochs_of_deleted.pop(name, -1) + 1
            made = {
                TopicPartition(name, number): PartitionState(tuple(each), tuple(each), each[0], epoch)
                for number, each in enumerate(placed)
            }
            self._topics_made += 1
            self._change(
                partitions={**self._state.partitions, **made},
                topics={**self._state.topics, name: Topic(self._topics_made, config)},
            )
            logger.info("topic {} created: {} partitions, in-sync {}", name, len(placed), placed)

    def delete_topic(self, name: str) -> None:
        with self._changed:
            if name not in self._state.topics:
                raise errors.UnknownTopicOrPartition(f"there is no topic '{name}'")
            epochs = [each.leader_epoch for each in self._state.partitions_of(name).values()]
            self._epochs_of_deleted[name] = max(epochs)
            self._change(
                partitions={tp: each for tp, each in self._state.partitions.items() if tp.topic != name},
                topics={topic: each for topic, each in self._state.topics.items() if topic != name},
            )
            logger.info("topic {} deleted", name)

    def new_producer_id(self) -> int:
        with self._changed:
            self._last_producer_id += 1
            return self._last_producer_id


def named(broker: int | None) -> str:
    """What messages call *broker*."""
    return "nobody" if broker is None else f"broker-{broker}"
