"""A broker: the replicas of partitions that it has, what is asked of them, and the threads that keep them going.

Requests are carried out in the threads of those who send them. The broker's own
threads are few: one tells the controller that it lives and learns who leads what, one
does what is due from time to time, and one for each other broker fetches what that one leads.

A broker that is killed loses everything but its disk. The next life of it makes
new replicas over the logs that it finds there, and knows of producers only what the logs say.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from concur.pubsub import errors
from concur.pubsub.embedded.controller import Controller
from concur.pubsub.embedded.fetcher import Fetcher
from concur.pubsub.embedded.metadata import ClusterState, PartitionState
from concur.pubsub.embedded.network import CONTROLLER, Network
from concur.pubsub.embedded.replica import Disk, Replica
from concur.pubsub.records import TopicPartition

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class BrokerSettings:
    """What a broker is configured with; times in seconds."""

    session_timeout: float = 1.0  # broker.session.timeout.ms
    heartbeat_interval: float = 0.25  # broker.heartbeat.interval.ms
    replica_lag_time_max: float = 30.0  # replica.lag.time.max.ms
    housekeeping_interval: float = 0.5
    request_timeout: float = 30.0  # of requests between brokers


class Broker:
    """One life of the broker of that *number*."""

    def __init__(
        self,
        number: int,
        network: Network,
        controller: Controller,
        peers: Mapping[int, "Broker"],
        disk: Disk,
        settings: BrokerSettings,
    ) -> None:
        self.number = number
        self.settings = settings
        self._network = network
        self._controller = controller
        self._peers = peers
        self._disk = disk
        self._life = network.join(number)
        self._changed = threading.Condition()
        # Guarded by _changed; the mappings are copied on write, so that requests read them without it.
        self._known = ClusterState(version=-1)
        self._replicas: dict[TopicPartition, Replica] = {}
        self._fetchers: dict[int, Fetcher] = {}
        self._closed = False
        self._threads = [
            threading.Thread(target=self._live, name=f"broker-{number} lives", daemon=True),
            threading.Thread(target=self._keep_house, name=f"broker-{number} keeps house", daemon=True),
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def die(self) -> None:
        """Stop at once, as a process does that is killed; what is on disk stays."""
        self._network.leave(self.number)
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            fetchers, replicas = list(self._fetchers.values()), list(self._replicas.values())
        for fetcher in fetchers:
            fetcher.close()
        for replica in replicas:
            replica.close()

    def join(self) -> None:
        """Wait for the threads of a broker that was told to stop."""
        for thread in self._threads:
            thread.join()
        for fetcher in self._fetchers.values():
            fetcher.join()

    # What its own threads do

    def gate(self) -> None:
        """Wait here while the broker is paused."""
        self._network.gate(self.number)

    def ask(self, peer: int, call: Callable[["Broker"], T]) -> T:
        """Ask another broker; raises Disconnected or RequestTimedOut if no answer comes."""
        return self._network.send(
            self.number, peer, lambda: call(self._peers[peer]), self.settings.request_timeout
        )

    def _live(self) -> None:
        """Tell the controller again and again that this broker lives, and do as it says."""
        patience = self.settings.heartbeat_interval
        while not self._closed:
            self.gate()
            seen = self._known.version
            try:
                news = self._network.send(
                    self.number,
                    CONTROLLER,
                    lambda: self._controller.heartbeat(self.number, self._life, seen, patience),  # noqa: B023
                    self.settings.session_timeout,
                )
            except (errors.Disconnected, errors.RequestTimedOut):
                with self._changed:
                    self._changed.wait_for(lambda: self._closed, patience)
                continue
            if news is not None:
                self.gate()
                self._learn(news)

    def _learn(self, news: ClusterState) -> None:
        """Lead and follow what this broker is to lead and to follow."""
        with self._changed:
            if self._closed or news.version <= self._known.version:
                return
            replicas = {}
            for tp, partition in news.partitions.items():
                if self.number in partition.replicas:
                    replica = self._replicas.get(tp)
                    settings = news.topics[tp.topic]
                    if replica is None or replica.topic_id != settings.topic_id:
                        kept = self._disk.partition(tp, settings)
                        replica = Replica(tp, self.number, kept, settings, self.settings.replica_lag_time_max)
                    replicas[tp] = replica
            gone = [replica for tp, replica in self._replicas.items() if replicas.get(tp) is not replica]
            self._replicas, self._known = replicas, news
            for replica in gone:
                replica.close()
            self._disk.keep_only({(news.topics[tp.topic].topic_id, tp) for tp in replicas})
            for tp, replica in replicas.items():
                self._take_role(replica, news.partitions[tp])
            self._follow()

    def _take_role(self, replica: Replica, partition: PartitionState) -> None:
        if partition.leader == self.number:
            replica.become_leader(partition)
        else:
            replica.become_follower(partition)

    def _follow(self) -> None:
        """Give each fetcher what it is to fetch."""
        followed: dict[int, dict[TopicPartition, tuple[Replica, int]]] = {}
        for tp, replica in self._replicas.items():
            partition = self._known.partitions[tp]
            if partition.leader not in {None, self.number}:
                followed.setdefault(partition.leader or 0, {})[tp] = (replica, partition.leader_epoch)
        for leader in followed.keys() - self._fetchers.keys():
            self._fetchers[leader] = Fetcher(self, leader)
        for leader, fetcher in self._fetchers.items():
            fetcher.follow(followed.get(leader, {}))

    def _keep_house(self) -> None:
        while True:
            with self._changed:
                if self._changed.wait_for(lambda: self._closed, self.settings.housekeeping_interval):
                    return
                replicas = self._replicas
            self.gate()
            for replica in replicas.values():
                if replica.leads:
                    self._alter(replica, replica.in_sync_to_shrink(time.monotonic()))
                replica.delete_old(int(time.time() * 1000))
                replica.checkpoint()

    def _alter(self, replica: Replica, wanted: "tuple[int, int, tuple[int, ...]] | None") -> None:
        """Ask the controller for another in-sync set, as the leader of *replica*."""
        if wanted is None:
            return
        leader_epoch, partition_epoch, in_sync = wanted
        try:
            now = self._network.send(
                self.number,
                CONTROLLER,
                lambda: self._controller.alter_in_sync(
                    replica.tp, self.number, leader_epoch, partition_epoch, in_sync
                ),
                self.settings.session_timeout,
            )
        except errors.PubSubError as error:
            replica.in_sync_not_altered(leader_epoch, partition_epoch, certainly=error.definite)
        else:
            replica.in_sync_altered(now)
