"""A cluster in this process: brokers, the network between them, and a hand to break both.

    >>> from concur.pubsub import EmbeddedCluster
    >>> with EmbeddedCluster(brokers=3, name="shop") as cluster:
    ...     cluster.bootstrap_servers
    'embedded://shop'

Clients find it by that address, within this process. It has no files and no ports: what is in its topics is gone
when it is closed. Brokers can be killed, stopped, paused and started again, and links between them and their
clients cut, slowed and made to lose requests; then elections, failovers and fencing go as they do in Kafka. Only
the controller never fails: it stands for a quorum.

A dead broker is noticed after ``broker.session.timeout.ms``, which is one second here unless it is configured
otherwise (Kafka's is nine), and a new group does not wait for more members at first
(``group.initial.rebalance.delay.ms`` is 0, Kafka's is three seconds).
"""

import itertools
import os
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from loguru import logger

from concur.pubsub import connection
from concur.pubsub.config import broker_config
from concur.pubsub.embedded.broker import Life
from concur.pubsub.embedded.client import Client
from concur.pubsub.embedded.controller import Controller
from concur.pubsub.embedded.disk import Disk
from concur.pubsub.embedded.network import CONTROLLER, Network, Node
from concur.pubsub.embedded.seat import Seat
from concur.pubsub.errors import ConfigError, IllegalState
from concur.pubsub.records import TopicPartition

SCHEME = "embedded"
PATIENCE = 60.0  # seconds that a start waits for brokers to be heard of

_DEFAULTS = {
    "broker.session.timeout.ms": 1000,
    "broker.heartbeat.interval.ms": 250,
    "replica.fetch.backoff.ms": 100,
    "group.initial.rebalance.delay.ms": 0,
    "log.retention.check.interval.ms": 5000,
}

_clusters: "dict[str, EmbeddedCluster]" = {}
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class PartitionView:
    """How one partition is: what the controller has decided, and where each replica is."""

    leader: int | None
    leader_epoch: int
    replicas: tuple[int, ...]
    in_sync: tuple[int, ...]
    high_watermark: int | None  # the leader's; None if nobody leads
    ends: Mapping[int, int]  # the next offset of each replica that is up


@dataclass(frozen=True, slots=True)
class ClusterView:
    """How a cluster is: the ``state`` of each broker ("up", "paused", "down"), and its ``partitions``."""

    brokers: Mapping[int, str]
    partitions: Mapping[TopicPartition, PartitionView]


class EmbeddedCluster:
    """Brokers that run in threads of this process; use it as a context manager, or call :meth:`close`.

    Args:
        brokers: how many; they are numbered from 1 on.
        name: what it is found by; None for a new one. Two open clusters cannot have the same.
        config: of the brokers, by Kafka's keys, see :func:`concur.pubsub.config.broker_config`.

    Raises:
        ConfigError: the name is taken, or a key or a value that there is not.
        ValueError: fewer than one broker.

    Example:
        >>> from concur.pubsub import EmbeddedCluster
        >>> with EmbeddedCluster(brokers=2) as cluster:
        ...     cluster.kill(1)
        ...     cluster.describe().brokers
        {1: 'down', 2: 'up'}
    """

    def __init__(
        self, brokers: int = 3, name: str | None = None, config: Mapping[str, Any] | None = None
    ) -> None:
        if brokers < 1:
            raise ValueError(f"a cluster has at least one broker, not {brokers}")
        self.name = f"cluster-{next(_numbers)}" if name is None else name
        self.config = broker_config({**_DEFAULTS, **(config or {})})
        if _clusters.setdefault(self.name, self) is not self:
            raise ConfigError(
                f"there is an embedded cluster called '{self.name}' already: close it, or choose another name"
            )
        self.network = Network()
        self.network.join(CONTROLLER)
        self.controller = Controller(self.config["broker.session.timeout.ms"] / 1000)
        self.seat = Seat(self.controller, self.config)
        self.lives: dict[int, Life] = {}
        self._disks = {number: Disk() for number in range(1, brokers + 1)}
        self._changing = threading.Lock()  # one at a time starts, stops and kills
        self._ended: list[Life] = []
        self._late: list[threading.Thread] = []
        self._process = os.getpid()
        self._closed = False
        self.controller.start()
        try:
            for number in self._disks:
                self._begin(number)
            self.controller.wait_until(lambda state: len(state.live) == brokers, PATIENCE)
        except BaseException:
            self.close()
            raise

    @property
    def bootstrap_servers(self) -> str:
        """The address for ``bootstrap.servers``."""
        return f"{SCHEME}://{self.name}"

    def _begin(self, number: int) -> None:
        life = Life(
            number, self.network, self.controller, self.seat, self.lives, self._disks[number], self.config
        )
        self.lives[number] = life
        life.start()

    # Brokers

    def start(self, broker: int) -> None:
        """Start a broker that is down, with the disk that it had. One that is up stays as it is."""
        with self._changing:
            self._check(broker)
            if not self.network.is_up(broker):
                logger.info("broker-{} starts", broker)
                self._begin(broker)

    restart = start

    def stop(self, broker: int) -> None:
        """Let a broker go in order: what it leads is led by others first. One that is down stays so."""
        with self._changing:
            self._check(broker)
            if self.network.is_up(broker):
                self.controller.leave(broker)
                logger.info("broker-{} stops", broker)
                self._end(broker)

    def kill(self, broker: int) -> None:
        """End a broker at once, as SIGKILL does; what is on its disk stays. One that is down stays so."""
        with self._changing:
            self._check(broker)
            if self.network.is_up(broker):
                logger.info("broker-{} is killed", broker)
                self._end(broker)

    def _end(self, broker: int) -> None:
        life = self.lives[broker]
        life.end()
        self._ended.append(life)

    def pause(self, broker: int) -> None:
        """Stop a broker where it is, as SIGSTOP does; requests to it wait. It is taken for dead after its session."""
        self._check(broker)
        logger.info("broker-{} is paused", broker)
        self.network.pause(broker)

    def resume(self, broker: int) -> None:
        """Let a paused broker go on; it first does what it was asked for meanwhile."""
        self._check(broker)
        logger.info("broker-{} goes on", broker)
        late = self.network.resume(broker)
        if late:
            thread = threading.Thread(
                target=_do_all, args=(late,), name=f"broker-{broker} is late", daemon=True
            )
            self._late.append(thread)
            thread.start()

    # Links. Nodes are the numbers of brokers, "controller", the client.id of a client, and "clients" for all of them.

    def cut(self, one: Iterable[Node], other: Iterable[Node]) -> None:
        """Let nothing through any more between the nodes of *one* side and those of the *other*."""
        self.network.cut(one, other)

    def delay(self, one: Iterable[Node], other: Iterable[Node], seconds: float) -> None:
        """Make each request between the two sides take so much longer; 0 ends that."""
        self.network.delay(one, other, seconds)

    def drop(self, broker: int, answers: int = 1) -> None:
        """Lose the answers of the next requests to *broker*, which are carried out all the same."""
        self._check(broker)
        self.network.lose(broker, answers)

    def heal(self) -> None:
        """Make all links whole again. Brokers that are down or paused stay so."""
        self.network.heal()

    # Looking

    def describe(self) -> ClusterView:
        """Who is up, who leads, who is in sync, and how far each replica is."""
        state = self.controller.state
        up = {number: life for number, life in sorted(self.lives.items()) if self.network.is_up(number)}
        brokers = {
            number: "paused" if self.network.is_paused(number) else "up" if number in up else "down"
            for number in self._disks
        }
        partitions = {}
        for tp, each in sorted(state.partitions.items()):
            replicas = {number: up[number].replicas.get(tp) for number in each.replicas if number in up}
            there = {number: replica for number, replica in replicas.items() if replica is not None}
            leader = there.get(each.leader) if each.leader is not None else None
            partitions[tp] = PartitionView(
                each.leader,
                each.leader_epoch,
                each.replicas,
                each.in_sync,
                None if leader is None else leader.high_watermark,
                {number: replica.log.end for number, replica in there.items()},
            )
        return ClusterView(brokers, partitions)

    def wait_until_known(self, topic: str) -> None:
        """Wait until every broker that is up and can be reached knows *topic* and what it has of it."""
        version = self.controller.state.version
        for life in list(self.lives.values()):
            life.wait_until_known(version)

    def close(self) -> None:
        """End all brokers and their threads. What was in the topics is gone. Again: nothing happens."""
        if self._closed or self._process != os.getpid():
            return
        self._closed = True
        with self._changing:
            for number in list(self.lives):
                if self.network.is_up(number):
                    self._end(number)
        self.seat.close()
        self.network.leave(CONTROLLER)
        self.controller.close()
        for life in self._ended:
            life.join()
        for thread in self._late:
            thread.join()
        _clusters.pop(self.name, None)

    def __enter__(self) -> "EmbeddedCluster":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return (
            f"<EmbeddedCluster {self.name!r} brokers={len(self._disks)}{' closed' if self._closed else ''}>"
        )

    def _check(self, broker: int) -> None:
        if broker not in self._disks:
            raise ValueError(f"cluster '{self.name}' has no broker {broker}: they are {sorted(self._disks)}")
        if self._closed:
            raise IllegalState(f"cluster '{self.name}' is closed")


def _do_all(calls: Iterable[Any]) -> None:
    """Do what was asked of a broker while it was paused; nobody waits for the answers any more."""
    for call in calls:
        try:
            call()
        except Exception as error:
            logger.debug("a late request failed: {}", error)


def _open(address: str, client_id: str, request_timeout_ms: int) -> Client:
    cluster = _clusters.get(address)
    if cluster is None:
        names = ", ".join(f"embedded://{name}" for name in sorted(_clusters)) or "none"
        raise ConfigError(
            f"bootstrap.servers 'embedded://{address}': there is no such cluster in this process; open are: {names}. "
            f"EmbeddedCluster(name={address!r}) makes one."
        )
    return Client(cluster, client_id, request_timeout_ms)


connection.register(SCHEME, _open)
