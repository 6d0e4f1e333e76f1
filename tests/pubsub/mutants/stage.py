"""What the twelve scenarios play on: three brokers, clients whose history is kept, and faults at the right moment.

Nothing here depends on how quick the machine is. No broker is taken for dead because it was silent, nor out of sync
because it lagged: both would take ten minutes. Who dies is reported to the controller at once. What must happen in the
middle of a call is done there, by a wrapper around a method of the engine.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from typing import Any

import pytest

from concur.pubsub import Consumer, EmbeddedCluster, NewTopic, Producer, TopicPartition
from concur.pubsub.connection import connect
from concur.pubsub.delivery import Delivery
from concur.pubsub.embedded.group import Group
from concur.pubsub.embedded.metadata import PartitionState
from concur.pubsub.embedded.replica import Replica
from concur.pubsub.embedded.role import Role
from concur.pubsub.history import Anomaly, History
from concur.pubsub.history.clients import RecordedConsumer
from concur.pubsub.history.inside import (
    LeaderState,
    ReplicaLog,
    committed_lost,
    replicas_disagree,
    stale_commits,
    two_leaders,
    two_owners,
    watermark_errors,
)
from tests.sync.conftest import spin_until

FUSE = 60.0
TEN_MINUTES = 600_000
ORDERS = TopicPartition("orders", 0)
CONFIG = {
    "broker.session.timeout.ms": TEN_MINUTES,
    "broker.heartbeat.interval.ms": 20,
    "replica.lag.time.max.ms": TEN_MINUTES,
    "replica.fetch.wait.max.ms": 20,
    "replica.fetch.backoff.ms": 5,
}
QUICK = {"retry.backoff.ms": 5, "retry.backoff.max.ms": 20}
MEMBER = {
    "group.id": "kitchen",
    "heartbeat.interval.ms": 10,
    "enable.auto.commit": False,
    "max.poll.records": 2,
}


class Stage:
    """One run of a scenario: the topic "orders" has one partition on brokers 1, 2 and 3, of which 1 leads at first."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.patch = patch
        self.history = History()
        self._ends = ExitStack()
        self._producers: dict[str, Producer] = {}
        # Evidence from the inside: leaderships, commits that were taken in, and what `look` has seen.
        self._claims: list[tuple[int, str]] = []
        self._commits: list[tuple[str, int, int]] = []
        self._leaders: list[LeaderState] = []
        self._logs: list[ReplicaLog] = []
        self._shares: dict[int, dict[str, tuple[TopicPartition, ...]]] = {}
        self.after(Role, "become_leader", self._note_leader)
        self.after(Group, "commit", self._note_commit)

    @cached_property
    def cluster(self) -> EmbeddedCluster:
        """Begins when it is asked for, so that a scenario may change a class before."""
        cluster = self._ends.enter_context(EmbeddedCluster(3, config=CONFIG))
        topic = NewTopic("orders", replicas={0: [1, 2, 3]}, configs={"min.insync.replicas": 2})
        assert connect(cluster.bootstrap_servers).create_topics([topic]) == {"orders": None}
        return cluster

    def __enter__(self) -> "Stage":
        return self

    def __exit__(self, *error: object) -> None:
        self._ends.close()

    # Clients

    def producer(self, name: str, **settings: Any) -> Any:
        """The producer called *name*, the same each time; its sends are in the history."""
        if name not in self._producers:
            given = {"bootstrap.servers": self.cluster.bootstrap_servers, "client.id": name, "linger.ms": 0}
            given |= QUICK | {key.replace("_", "."): value for key, value in settings.items()}
            self._producers[name] = self._ends.enter_context(Producer(given))
        return self.history.producer(name, self._producers[name])

    def send(self, name: str, value: str, **settings: Any) -> Delivery:
        """Begin to send a record."""
        delivery: Delivery = self.producer(name, **settings).send("orders", value.encode(), partition=0)
        return delivery

    def sent(self, name: str, *values: str, **settings: Any) -> None:
        """Send records, one after the other, and wait until each is acknowledged."""
        for value in values:
            self.send(name, value, **settings).result(FUSE)

    def consumer(self, name: str, **settings: Any) -> RecordedConsumer:
        """A new consumer that begins at the first record."""
        given: dict[str, Any] = {"bootstrap.servers": self.cluster.bootstrap_servers, "client.id": name}
        given |= QUICK | {"auto.offset.reset": "earliest", "fetch.max.wait.ms": 20} | settings
        consumer = self._ends.enter_context(Consumer(given))
        return self.history.consumer(name, consumer, group=given.get("group.id"))

    def member(self, name: str) -> RecordedConsumer:
        """A new member of the group "kitchen", which commits by hand and is given two records at a time."""
        member = self.consumer(name, **MEMBER)
        member.subscribe(["orders"])
        return member

    # Faults

    def die(self, broker: int) -> None:
        """Kill *broker*, and let the controller know of it."""
        life = self.cluster.lives[broker]
        self.cluster.kill(broker)
        life._threads[0].join()  # or its last heartbeat might come after the news
        self.cluster.controller.leave(broker)

    def until(self, true: Callable[[PartitionState], bool]) -> None:
        """Wait until something is true of the partition, as the controller knows it."""
        assert self.cluster.controller.wait_until(lambda state: true(state.partitions[ORDERS]), FUSE)

    def all_in_sync(self, *brokers: int) -> None:
        """Wait until just these are in sync, and their leader knows it."""
        self.until(lambda partition: partition.in_sync == brokers)
        spin_until(lambda: self.replica(self.leader()).in_sync == set(brokers))

    def leader(self) -> int:
        """Who leads, as the controller knows it."""
        leader = self.cluster.controller.state.partitions[ORDERS].leader
        assert leader is not None
        return leader

    def everywhere(self, end: int) -> None:
        """Wait until all logs end there: a mutant may acknowledge before."""
        spin_until(lambda: set(self.cluster.describe().partitions[ORDERS].ends.values()) == {end})

    def replica(self, broker: int) -> Replica:
        """The replica that *broker* has in its present life."""
        return self.cluster.lives[broker].replicas[ORDERS]

    def after(self, owner: Any, method: str, then: Callable[..., None]) -> None:
        """Have ``then(result, *arguments)`` called in every call of a method, when it has done its work."""
        real = getattr(owner, method)

        def both(*arguments: Any, **more: Any) -> Any:
            result = real(*arguments, **more)
            then(result, *arguments)
            return result

        self.patch.setattr(owner, method, both)

    @contextmanager
    def held(self, owner: Any, method: str, which: Callable[..., bool]) -> Iterator[threading.Event]:
        """Hold up the calls of a method of which *which* is true, until the block is left; the event: one is there."""
        real = getattr(owner, method)
        there, go_on = threading.Event(), threading.Event()

        def late(*arguments: Any, **more: Any) -> Any:
            if which(*arguments):
                there.set()
                assert go_on.wait(FUSE)
            return real(*arguments, **more)

        self.patch.setattr(owner, method, late)
        try:
            yield there
        finally:
            go_on.set()

    # Evidence from the inside

    def _note_leader(self, is_news: bool, replica: Role, epoch: int) -> None:
        if is_news and replica.partition == ORDERS:
            self._claims.append((epoch, f"broker-{replica.broker}"))

    def _note_commit(self, _: None, group: Group, member: str, generation: int, offsets: object) -> None:
        self._commits.append((member, generation, group._generation))

    def look(self) -> None:
        """Write down where leader and replicas are; to be called while nothing moves."""
        view = self.cluster.describe().partitions[ORDERS]
        logs = {number: self.replica(number) for number in view.ends}
        if view.leader in logs:
            leads = logs[view.leader]._leads
            assert leads is not None
            ends = {f"broker-{number}": view.ends[number] for number in leads.in_sync if number in view.ends}
            self._leaders.append(
                LeaderState(
                    *(f"broker-{view.leader}", leads.epoch, logs[view.leader].high_watermark, ends),
                    *(leads.min_in_sync, leads.partition_epoch),
                )
            )
        for number, replica in logs.items():
            entries = [
                (offset, stored.leader_epoch, value)
                for stored in replica.log.batches()
                for offset, value in enumerate(stored.batch.values, stored.base_offset)
            ]
            self._logs.append(ReplicaLog(f"broker-{number}", replica.high_watermark, entries))
        for group in connect(self.cluster.bootstrap_servers).describe_groups().values():
            self._shares.setdefault(group.generation, dict(group.members))  # type: ignore[union-attr]

    def inside(self) -> list[Anomaly]:
        """What the evidence from the inside proves."""
        leader = self._leaders[-1].leader
        last = next(log for log in self._logs[-3:] if log.broker == leader)
        return [
            *watermark_errors("orders-0", self._leaders),
            *replicas_disagree("orders-0", self._logs[-3:]),
            *[lost for log in self._logs for lost in committed_lost("orders-0", log, last)],
            *two_leaders("orders-0", self._claims),
            *two_owners("kitchen", self._shares),
            *stale_commits("kitchen", self._commits),
        ]

    # The end

    def finish(self) -> None:
        """When all is well again: send one more record, and read everything."""
        self.cluster.heal()
        for broker in (1, 2, 3):
            self.cluster.start(broker)
        self.all_in_sync(1, 2, 3)
        self.sent("last", "last")
        leader = self.replica(self.leader())
        spin_until(lambda: leader.high_watermark == leader.log.end)  # a mutant may acknowledge before
        given = {"bootstrap.servers": self.cluster.bootstrap_servers, "fetch.max.wait.ms": 20, **QUICK}
        self.history.drain("reader", self._ends.enter_context(Consumer(given)), [ORDERS], FUSE)
        self.look()

    def read(self) -> list[str]:
        """What was read in the end, in order."""
        polls = [row for row in self.history.rows if row.process == "reader" and row.f == "poll"]
        return [str(seen.value, "ascii") for poll in polls for seen in poll.value]  # type: ignore[call-overload]
