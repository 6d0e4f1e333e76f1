"""The consumer: reads records from topics, alone or as a member of a group that shares them out.

Members of a group (``group.id``) that subscribe to a topic get its partitions shared out among them, anew
when one comes or goes. The group remembers how far it is (*commits*), so that
whoever reads a partition next goes on there. A consumer may also ``assign`` itself partitions by hand.

    >>> from concur.pubsub import Admin, Consumer, EmbeddedCluster, NewTopic, Producer
    >>> with EmbeddedCluster(brokers=3) as cluster:
    ...     address = {"bootstrap.servers": cluster.bootstrap_servers}
    ...     with Admin(address) as admin:
    ...         admin.create_topics([NewTopic("orders", num_partitions=4, replication_factor=3)])
    ...     with Producer(address) as producer:
    ...         sent = producer.send("orders", b"two coffees", key=b"table 4").result(timeout=10)
    ...     settings = {"group.id": "kitchen", "auto.offset.reset": "earliest", "heartbeat.interval.ms": 50}
    ...     with Consumer(address | settings) as consumer:
    ...         consumer.subscribe(["orders"])
    ...         for record in consumer:
    ...             print(record.topic, record.offset, record.key, record.value)
    ...             break
    orders 0 b'table 4' b'two coffees'

A consumer belongs to one thread at a time; only :meth:`~concur.pubsub.Consumer.wakeup` is for others. A program
processes what ``poll`` returned before it calls ``poll`` again: that is what automatic commits rely on (at least
once), and what ``max.poll.interval.ms`` watches.

After ``KafkaConsumer.java`` (the classic group protocol) of Apache Kafka, KIP-62 and KIP-429. Not there: patterns
of topics, static members, and the detection of truncated logs by leader epochs (KIP-320). After an unclean election a
consumer that had read more than the new leader has is sent where ``auto.offset.reset`` says, or, if that one has
grown in the meantime, misses what is new below its position.
"""

import itertools
import time
from collections.abc import Iterable, Iterator, Mapping
from types import TracebackType
from typing import Any

from concur.pubsub.commits import CommitCallback, Commits
from concur.pubsub.config import consumer_config
from concur.pubsub.connection import (
    NO_GENERATION,
    NO_MEMBER,
    connect,
)
from concur.pubsub.coordinator import Coordinator
from concur.pubsub.door import Door
from concur.pubsub.errors import (
    IllegalState,
    InvalidGroupId,
    PubSubError,
    Wakeup,
)
from concur.pubsub.fetching import Fetching
from concur.pubsub.membership import Membership
from concur.pubsub.navigation import Navigation
from concur.pubsub.offsets import Offsets
from concur.pubsub.rebalancing import RebalanceListener, Rebalancing
from concur.pubsub.records import (
    ConsumerRecord,
    ConsumerRecords,
    OffsetAndMetadata,
    TopicPartition,
)
from concur.pubsub.requests import Requests
from concur.pubsub.subscription import Subscriptions
from concur.pubsub.topics import Topics

_numbers = itertools.count(1)
_CLOSE_TIMEOUT = 30.0  # seconds, as Java's


class Consumer(Navigation):
    """A client that reads records.

    Args:
        config: Kafka's keys, see :func:`concur.pubsub.config.consumer_config`; ``bootstrap.servers`` is needed, and
            ``group.id`` for all that has to do with groups and commits.

    Raises:
        ConfigError: a key or a value that there is not, or no cluster at that address.

    All methods but ``wakeup`` raise :class:`~concur.pubsub.errors.ConcurrentModification` if another thread is inside,
    and :class:`~concur.pubsub.errors.IllegalState` if the consumer is closed. Those that wait raise
    :class:`~concur.pubsub.errors.Wakeup` when another thread calls ``wakeup``.
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._config = settings = consumer_config(config)
        self._name: str = settings["client.id"] or f"consumer-{next(_numbers)}"
        self._api_timeout = settings["default.api.timeout.ms"] / 1000
        self._max_poll = settings["max.poll.interval.ms"] / 1000
        self._patience = settings["retry.backoff.max.ms"] / 1000  # with a topic that is not there
        self._inside = Door(self._name)
        self._connection = connection = connect(
            settings["bootstrap.servers"], self._name, settings["request.timeout.ms"]
        )
        self._requests = requests = Requests(self._name, settings)
        self._topics = topics = Topics(settings, connection, requests)
        self._subscriptions = subscriptions = Subscriptions()
        group = settings["group.id"]
        coordinator = None if group is None else Coordinator(connection, group)
        self._membership: Membership | None = None
        if coordinator is not None:
            self._membership = Membership(self._name, settings, coordinator, topics.leaders, requests)
        self._commits = Commits(settings, requests, coordinator, subscriptions, self._identity, self._fenced)
        self._rebalancing: Rebalancing | None = None
        if self._membership is not None:
            self._rebalancing = Rebalancing(settings, self._membership, topics, subscriptions, self._commits)
        self._offsets = Offsets(settings, connection, requests, topics, subscriptions, coordinator)
        self._fetching = Fetching(settings, connection, requests, topics, subscriptions)

    # What to read

    def subscribe(self, topics: Iterable[str], listener: RebalanceListener | None = None) -> None:
        """Read *topics* as a member of the group, instead of what was subscribed to before; none: ``unsubscribe``.

        Which partitions that means turns out in ``poll``, and is told to the *listener*.

        Raises:
            InvalidGroupId: there is no ``group.id``.
            IllegalState: partitions were assigned by hand; ``unsubscribe`` first.
        """
        names = tuple(dict.fromkeys([topics] if isinstance(topics, str) else topics))
        with self._inside:
            self._not_in_a_listener("subscribe")
            if not names:
                self.unsubscribe()
                return
            if self._rebalancing is None:
                raise InvalidGroupId(
                    "subscribe() makes the consumer a member of a group: set 'group.id', or use assign()"
                )
            if self._subscriptions.by_hand:
                raise IllegalState("partitions are assigned to this consumer by hand: unsubscribe() first")
            self._subscriptions.topics = names
            self._topics.want(names)
            self._rebalancing.subscribe(listener)

    def assign(self, partitions: Iterable[TopicPartition]) -> None:
        """Read exactly *partitions*, without a group's help; where they stay, the position stays.

        Raises:
            IllegalState: the consumer subscribes to topics; ``unsubscribe`` first.
        """
        wanted = [TopicPartition(*tp) for tp in partitions]
        with self._inside:
            self._not_in_a_listener("assign")
            if self._subscriptions.topics:
                raise IllegalState(
                    "this consumer subscribes to topics, so its group assigns: unsubscribe() first"
                )
            self._commits.send_automatic()
            self._subscriptions.assign(wanted)
            self._subscriptions.by_hand = bool(wanted)
            self._topics.want({tp.topic for tp in wanted})

    def unsubscribe(self) -> None:
        """Read nothing; leave the group, after an automatic commit if there are any."""
        with self._inside:
            self._not_in_a_listener("unsubscribe")
            self._leave(time.monotonic() + self._api_timeout)
            self._topics.want(())
            if self._rebalancing is not None:
                self._rebalancing.raise_problem()

    def subscription(self) -> set[str]:
        """The topics that were subscribed to."""
        with self._inside:
            return set(self._subscriptions.topics)

    def assignment(self) -> set[TopicPartition]:
        """The partitions that are read now."""
        with self._inside:
            return set(self._subscriptions.states)

    # Reading

    def poll(self, timeout: float = 1.0) -> ConsumerRecords:
        """The next records, at most ``max.poll.records``; waits until there are some, but not longer than *timeout*.

        Joins the group and takes part in its rebalances, for which listeners are called, and commits
        automatically what earlier calls returned.

        Args:
            timeout: seconds; 0 returns what is there.

        Raises:
            IllegalState: nothing was subscribed to or assigned.
            Wakeup: another thread called ``wakeup``.
            SerializationError: the next record cannot be deserialized. It names topic, partition and offset; the
                position stays before it until the program seeks past it.
            NoOffsetForPartition, OffsetOutOfRange: no position, and ``auto.offset.reset`` is ``none``.
            UnknownTopicOrPartition: a topic, or a partition assigned by hand, is not there; it is looked for again.
            InconsistentGroupProtocol, InvalidSessionTimeout: the group does not take this consumer.
            PubSubError: the listener raised; the membership goes on.
        """
        with self._inside:
            self._not_in_a_listener("poll")
            return ConsumerRecords(self._poll(time.monotonic() + timeout))

    def _poll(self, deadline: float) -> dict[TopicPartition, list[ConsumerRecord]]:
        requests, subscriptions = self._requests, self._subscriptions
        if not subscriptions.topics and not subscriptions.by_hand:
            raise IllegalState("nothing to poll: subscribe() to topics, or assign() partitions, first")
        group = self._rebalancing if subscriptions.topics else None
        begun = time.monotonic()
        while True:
            requests.raise_if_woken()
            requests.run_answers()
            now = time.monotonic()
            if group is not None and self._membership is not None:
                self._membership.polled()
                group.mind()
            self._commits.run_callbacks()
            due = self._commits.keep(now)
            if group is None or not group.holds:
                records = self._fetching.hand_out()
                if records:
                    return records
                due = min(due, self._fetching.send(now, deadline))
            due = min(due, self._offsets.settle(now), self._topics.keep(now))
            if now >= deadline or now >= begun + self._patience:
                self._topics.raise_if_missing(now, subscriptions.states if subscriptions.by_hand else ())
            if now >= deadline:
                return {}
            requests.wait(min(deadline, due, now + self._max_poll / 2))

    def __iter__(self) -> Iterator[ConsumerRecord]:
        """Poll for ever, and hand out record by record; ``wakeup`` ends it.

        The position moves with each record, so what is committed, be it automatically when the loop is left, are
        those that were handed out.
        """
        while True:
            try:
                with self._inside:
                    self._not_in_a_listener("iteration")
                    polled = self._poll(time.monotonic() + self._max_poll / 2)
                    for tp, records in polled.items():
                        self._subscriptions.states[tp].position = records[0].offset
            except Wakeup:
                return
            for tp, records in polled.items():
                yield from self._one_by_one(tp, records)
                if self._requests.woken:
                    break

    def _one_by_one(self, tp: TopicPartition, records: list[ConsumerRecord]) -> Iterator[ConsumerRecord]:
        subscriptions, requests = self._subscriptions, self._requests
        state = subscriptions.states.get(tp)
        changes = -1
        for record in records:
            if requests.woken:
                return
            if subscriptions.changes != changes:  # moved, paused, or no longer read since the last record
                if state is None or subscriptions.states.get(tp) is not state or state.paused:
                    return
                if state.position != record.offset:
                    return
                changes = subscriptions.changes
            assert state is not None
            state.position = record.offset + 1
            yield record

    def wakeup(self) -> None:
        """End the wait of the thread that is inside, or its next one, with ``Wakeup``; for any thread, never lost."""
        self._requests.wakeup()

    # Committing

    def commit(
        self,
        offsets: Mapping[TopicPartition, OffsetAndMetadata | int] | None = None,
        timeout: float | None = None,
    ) -> None:
        """Keep for the group up to where it has read, and wait until that is kept.

        Args:
            offsets: of each partition the *next* offset to read; None: the positions, so all that was returned.

        Raises:
            CommitFailed: the group went on without this consumer; others may have the partitions by now.
            RebalanceInProgress: the group is in a rebalance; ``poll`` takes part in it.
            InvalidGroupId: there is no ``group.id``.
            RequestTimedOut: nobody knows whether it was kept.
        """
        with self._inside:
            deadline = self._deadline(timeout)
            self._commits.commit(offsets, deadline)
            self._requests.run_answers()
            self._commits.run_callbacks()  # of commits before this one

    def commit_async(
        self,
        offsets: Mapping[TopicPartition, OffsetAndMetadata | int] | None = None,
        callback: CommitCallback | None = None,
    ) -> None:
        """As ``commit``, but without waiting, and without another attempt if it fails.

        Args:
            callback: called with the offsets, and None or the error; inside of a later ``poll``, ``commit`` or
                ``close``, in the order of the commits.
        """
        with self._inside:
            self._commits.send(offsets, callback)

    def committed(
        self, partitions: Iterable[TopicPartition], timeout: float | None = None
    ) -> dict[TopicPartition, OffsetAndMetadata | None]:
        """What the group has committed for each of *partitions*, whoever reads them; None for nothing."""
        with self._inside:
            return self._commits.committed(partitions, self._deadline(timeout))

    # The end

    def close(self, timeout: float | None = None) -> None:
        """Commit automatically, if at all; leave the group, so that the others need not wait for the session to end;
        end the threads. Again: nothing.

        Args:
            timeout: seconds; None: 30, as with Kafka. What is not done by then is given up.

        Raises:
            ConcurrentModification: another thread is inside; ``wakeup`` it, and let it close.
            PubSubError: the listener raised; the consumer is closed.
        """
        if self._inside.closed:
            return
        with self._inside:
            self._not_in_a_listener("close")
            self._requests.ignore_wakeups()
            deadline = time.monotonic() + (_CLOSE_TIMEOUT if timeout is None else timeout)
            try:
                self._leave(deadline)
                self._commits.flush(deadline)
                self._commits.run_callbacks()
            finally:
                self._inside.closed = True
                self._requests.stop()
                self._connection.close()  # which may end what waits
                if self._membership is not None:
                    self._membership.close(deadline)
                self._requests.join(deadline)
            if self._rebalancing is not None:
                self._rebalancing.raise_problem()

    def __enter__(self) -> "Consumer":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        state = " closed" if self._inside.closed else ""
        return (
            f"<Consumer {self._name!r} {', '.join(map(str, self._subscriptions.states)) or 'nothing'}{state}>"
        )

    # For the parts

    def _leave(self, deadline: float) -> None:
        """Give back what is assigned, and leave the group."""
        self._commits.last(deadline)
        if self._rebalancing is not None and self._membership is not None and not self._subscriptions.by_hand:
            self._rebalancing.give_up()
            self._membership.leave(deadline)
        self._subscriptions.topics, self._subscriptions.by_hand = (), False
        self._subscriptions.assign(())

    def _identity(self) -> tuple[str, int]:
        if self._membership is None or not self._subscriptions.topics:
            return NO_MEMBER, NO_GENERATION
        return self._membership.identity()

    def _fenced(self, member: str, generation: int, error: PubSubError) -> None:
        if self._membership is not None and member:
            self._membership.fenced(member, generation, error)

    def _not_in_a_listener(self, what: str) -> None:
        if self._rebalancing is not None and self._rebalancing.telling:
            raise IllegalState(f"{what} inside of a rebalance listener: it is called in the middle of one")
