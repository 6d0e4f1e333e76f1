"""A broker: the replicas that it has, and the threads that keep them going.

Its threads are few: one tells the controller that the broker lives and learns who
leads what, one does what is due from time to time, and one for each other broker fetches what
that one leads. What is asked of a broker is in ``requests.py``, and is
carried out in the threads of those who ask.

A broker that is killed loses everything but its disk. Its next life makes new replicas over the
logs that it finds there, and knows of producers only what the logs say.
"""

import threading
import time
from collections.abc import Callable, Mapping
from typing import TypeVar

from concur.pubsub.config import Config
from concur.pubsub.embedded.controller import Controller
from concur.pubsub.embedded.disk import Disk, Kept
from concur.pubsub.embedded.fetcher import Fetcher, Followed
from concur.pubsub.embedded.leadership import InSyncChange
from concur.pubsub.embedded.metadata import ClusterState, PartitionState
from concur.pubsub.embedded.network import CONTROLLER, Network
from concur.pubsub.embedded.replica import Replica
from concur.pubsub.embedded.seat import Seat
from concur.pubsub.errors import PubSubError
from concur.pubsub.records import TopicPartition

T = TypeVar("T")

EXPIRE = 1.0  # seconds between two looks at the members of groups
PEER_TIMEOUT = 30.0  # seconds that a broker waits for the answer of another


class Life:
    """One life of the broker of that *number*, from its start to its end.

    Args:
        number: the broker's.
        network, controller, seat: those of the cluster.
        peers: the present lives of all brokers, this one included; filled by the cluster.
        disk: what the life before has left.
        config: of brokers.
    """

    def __init__(
        self,
        number: int,
        network: Network,
        controller: Controller,
        seat: Seat,
        peers: "Mapping[int, Life]",
        disk: Disk,
        config: Config,
    ) -> None:
        self.number = number
        self.config = config
        self._network = network
        self._controller = controller
        self.seat = seat
        self._peers = peers
        self._disk = disk
        self._life = network.join(number)
        self._changed = threading.Condition()
        # Guarded by _changed; what is public is replaced, never changed, and read without it.
        self.known = ClusterState(version=-1)
        self.replicas: Mapping[TopicPartition, Replica] = {}
        self._kept: dict[
            TopicPartition, tuple[int, Kept]
        ] = {}  # what is on disk of each, and its topic's number
        self._fetchers: dict[int, Fetcher] = {}
        self._closed = False
        self._threads = [
            threading.Thread(target=self._live, name=f"broker-{number} lives", daemon=True),
            threading.Thread(target=self._keep_house, name=f"broker-{number} keeps house", daemon=True),
        ]

    def start(self) -> None:
        """Begin to live."""
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Stop at once, as a process does that is killed; what is on disk stays."""
        with self._changed:
            self._closed = True  # before it leaves: that lets its threads through the gate, if it was paused
            self._changed.notify_all()
        self._network.leave(self.number)
        for fetcher in self._fetchers.values():
            fetcher.close()
        for replica in self.replicas.values():
            replica.resign()

    def join(self) -> None:
        """Wait until the threads of a life that has ended are gone."""
        for thread in self._threads:
            thread.join()
        for fetcher in self._fetchers.values():
            fetcher.join()

    def gate(self) -> bool:
        """Wait here while the broker is paused; False if its life is over: then it does nothing more."""
        self._network.gate(self.number)
        return not self._closed

    def ask(self, peer: int, call: "Callable[[Life], T]") -> T:
        """Ask another broker; raises Disconnected or RequestTimedOut if no answer comes."""
        return self._network.send(self.number, peer, lambda: call(self._peers[peer]), PEER_TIMEOUT)

    def _tell(self, call: Callable[[], T]) -> T:
        """Ask the controller."""
        timeout = self.config["broker.session.timeout.ms"] / 1000
        return self._network.send(self.number, CONTROLLER, call, timeout)

    # News

    def wait_until_known(self, version: int) -> None:
        """Wait until this broker has acted on the state of that *version*, its life ends, or it hears nothing."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._closed or self.known.version >= version,
                self.config["broker.session.timeout.ms"] / 1000,
            )

    def _live(self) -> None:
        """Tell the controller again and again that this broker lives, and do as it says."""
        patience = self.config["broker.heartbeat.interval.ms"] / 1000
        while self.gate():
            seen = self.known.version
            try:
                news = self._tell(lambda: self._controller.heartbeat(self.number, self._life, seen, patience))  # noqa: B023
            except PubSubError:  # it cannot be reached
                with self._changed:
                    if not self._closed:
                        self._changed.wait(patience)
                continue
            if news is not None and self.gate():
                self._learn(news)

    def _learn(self, news: ClusterState) -> None:
        """Lead and follow what this broker is to lead and to follow."""
        with self._changed:
            if self._closed or news.version <= self.known.version:
                return
            mine = {tp: each for tp, each in news.partitions.items() if self.number in each.replicas}
            replicas = {tp: self._replica(tp, news) for tp in mine}
            gone = [replica for tp, replica in self.replicas.items() if replicas.get(tp) is not replica]
            self.replicas, self.known = replicas, news
            for replica in gone:
                replica.resign()
            self._kept = {tp: self._kept[tp] for tp in replicas}
            self._disk.keep_only((topic, tp) for tp, (topic, _) in self._kept.items())
            for tp, partition in mine.items():
                self._take_role(replicas[tp], partition)
            self._follow(mine)
            self._changed.notify_all()

    def _replica(self, tp: TopicPartition, news: ClusterState) -> Replica:
        """The replica of a partition; a new one over what is on disk, if there is none in this life."""
        topic = news.topics[tp.topic]
        if tp in self.replicas and self._kept[tp][0] == topic.number:
            return self.replicas[tp]
        kept = self._disk.partition(topic.number, tp, topic.config)
        self._kept[tp] = (topic.number, kept)
        return Replica(
            tp,
            self.number,
            kept.log,
            kept.epochs,
            high_watermark=kept.high_watermark,
            min_in_sync=topic.config["min.insync.replicas"],
            lag_ms=self.config["replica.lag.time.max.ms"],
        )

    def _take_role(self, replica: Replica, partition: PartitionState) -> None:
        if partition.leader == self.number:
            replica.become_leader(
                partition.leader_epoch,
                replicas=partition.replicas,
                in_sync=partition.in_sync,
                partition_epoch=partition.partition_epoch,
                live=self.known.live,
            )
        else:
            replica.become_follower(partition.leader, partition.leader_epoch)

    def _follow(self, mine: Mapping[TopicPartition, PartitionState]) -> None:
        """Give each fetcher what it is to fetch."""
        followed: dict[int, dict[TopicPartition, tuple[Replica, int]]] = {}
        for tp, partition in mine.items():
            if partition.leader is not None and partition.leader != self.number:
                followed.setdefault(partition.leader, {})[tp] = (self.replicas[tp], partition.leader_epoch)
        for leader in followed.keys() - self._fetchers.keys():
            self._fetchers[leader] = Fetcher(self, leader)
        for leader, fetcher in self._fetchers.items():
            nothing: Followed = {}
            fetcher.follow(followed.get(leader, nothing))

    # House-keeping

    def _keep_house(self) -> None:
        """See to in-sync sets, retention, and the watermarks on disk, from time to time."""
        lag = self.config["replica.lag.time.max.ms"]
        old = self.config["log.retention.check.interval.ms"] / 1000
        interval = min(lag / 2000, old, EXPIRE)
        cleaned = time.monotonic()
        while True:
            with self._changed:
                if self._closed or (self._changed.wait(interval) and self._closed):
                    return
            if not self.gate():
                return
            for replica in self.replicas.values():
                self.alter_in_sync(replica, replica.in_sync_to_shrink())
            if time.monotonic() - cleaned >= old:
                cleaned = time.monotonic()
                for replica in self.replicas.values():
                    replica.clean(int(time.time() * 1000))
            self._write_down()
            self._expire_members()

    def _write_down(self) -> None:
        with self._changed:
            if not self._closed:
                for tp, replica in self.replicas.items():
                    self._kept[tp][1].high_watermark = replica.high_watermark

    def _expire_members(self) -> None:
        """See to groups that nobody visits, if this broker coordinates them."""
        try:
            self.seat.coordinator(self.number).expire()
        except PubSubError:
            pass  # another broker does

    def alter_in_sync(self, replica: Replica, change: InSyncChange | None) -> None:
        """Ask the controller for another in-sync set, as the leader of *replica*; without an answer, again later."""
        if change is None:
            return
        try:
            now = self._tell(lambda: self._controller.alter_in_sync(replica.partition, self.number, change))
        except PubSubError:  # no answer, or another leads by now, of which there will be news
            return
        if now.partition_epoch == change.partition_epoch:
            replica.in_sync_refused(change)
        elif now.leader == self.number:
            self._take_role(replica, now)
