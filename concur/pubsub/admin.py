"""The admin: makes and deletes topics, and looks at topics, groups and offsets.

    >>> from concur.pubsub import Admin, EmbeddedCluster, NewTopic
    >>> with EmbeddedCluster(brokers=3) as cluster, Admin({"bootstrap.servers": cluster.bootstrap_servers}) as admin:
    ...     admin.create_topics([NewTopic("orders", num_partitions=4, replication_factor=3)])
    ...     print(admin.list_topics(), len(admin.describe_topics(["orders"])["orders"]))
    ['orders'] 4

Unlike Java's, whose methods return futures for each topic, these wait, return what was asked for, and raise what
went wrong. If several things were asked for and some failed, the first error is raised, with notes of
the others; what did not fail has been done.

After ``KafkaAdminClient.java`` of Apache Kafka.
"""

import itertools
import time
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Any, TypeVar

from concur.pubsub.config import admin_config
from concur.pubsub.connection import GroupDescription, PartitionMetadata, connect
from concur.pubsub.errors import (
    Disconnected,
    IllegalState,
    LeaderNotAvailable,
    PubSubError,
    UnknownTopicOrPartition,
)
from concur.pubsub.records import NewTopic, OffsetAndTimestamp, TopicPartition

T = TypeVar("T")
K = TypeVar("K")

_numbers = itertools.count(1)


class Admin:
    """A client that looks after a cluster; for all threads.

    Args:
        config: Kafka's keys, see :func:`concur.pubsub.config.admin_config`; ``bootstrap.servers`` is needed.

    Raises:
        ConfigError: a key or a value that there is not, or no cluster at that address.

    All methods try again what is worth it until ``default.api.timeout.ms``, and then raise the last error.
    An attempt takes ``request.timeout.ms`` at most, and the last one may begin just before the time is over.

    Example:
        >>> from concur.pubsub import Admin
        >>> Admin({})
        Traceback (most recent call last):
            ...
        concur.pubsub.errors.ConfigError: admin: 'bootstrap.servers' is missing. An EmbeddedCluster has it in ...
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        settings = admin_config(config)
        self._name = settings["client.id"] or f"admin-{next(_numbers)}"
        self._timeout = settings["default.api.timeout.ms"] / 1000
        self._retries = settings["retries"]
        self._back_off = settings["retry.backoff.ms"] / 1000
        self._max_back_off = settings["retry.backoff.max.ms"] / 1000
        self._connection = connect(
            settings["bootstrap.servers"],
            self._name,
            min(settings["request.timeout.ms"], settings["default.api.timeout.ms"]),
        )
        self._closed = False

    def create_topics(self, topics: Iterable[NewTopic]) -> None:
        """Make *topics*.

        Raises:
            TopicAlreadyExists, InvalidTopic, InvalidPartitions, InvalidReplicationFactor, InvalidReplicaAssignment,
            ConfigError: for each what is wrong with it.
        """
        self._do({topic.name: topic for topic in topics}, self._connection.create_topics)

    def delete_topics(self, topics: Iterable[str]) -> None:
        """Delete *topics* with all that is in them.

        Raises:
            UnknownTopicOrPartition: one of them is not there.
        """
        self._do({topic: topic for topic in _names(topics)}, self._connection.delete_topics)

    def _do(
        self, things: dict[str, T], request: Callable[[list[T]], Mapping[str, PubSubError | None]]
    ) -> None:
        """Do something to each of *things*, again only where it certainly was not done."""
        failed: dict[str, PubSubError] = {}

        def attempt() -> None:
            left = [thing for name, thing in things.items() if name not in failed]
            for name, error in request(left).items():
                if error is None:
                    del things[name]
                elif error.retriable and not isinstance(error, UnknownTopicOrPartition):
                    last = error
                    pending.append(last)
                else:
                    failed[name] = error
            if pending:
                raise pending.pop()

        pending: list[PubSubError] = []
        if things:
            self._persist(attempt, only_definite=True)
        _raise_first(failed)

    def list_topics(self) -> list[str]:
        """The names of all topics, in order; not those that the cluster keeps for itself (``__consumer_offsets``)."""
        topics = self._persist(self._connection.metadata).topics
        return sorted(topic for topic in topics if not topic.startswith("__"))

    def describe_topics(self, topics: Iterable[str]) -> dict[str, list[PartitionMetadata]]:
        """Who leads, who has and who is in sync with each partition of *topics*.

        Raises:
            UnknownTopicOrPartition: one of them is not there.
        """
        names = _names(topics)
        known = self._persist(lambda: self._connection.metadata(names)).topics
        _raise_first(
            {
                name: UnknownTopicOrPartition(f"there is no topic '{name}'")
                for name in names
                if name not in known
            }
        )
        return {name: known[name] for name in names}

    def topic_configs(self, topics: Iterable[str]) -> dict[str, dict[str, Any]]:
        """All settings of *topics*, also those that come from the brokers.

        Raises:
            UnknownTopicOrPartition: one of them is not there.
        """
        names = _names(topics)
        return _all_good(self._persist(lambda: self._connection.topic_configs(names)))

    def list_groups(self) -> list[str]:
        """The names of all groups, in order."""
        return sorted(self._persist(lambda: self._connection.describe_groups(None)))

    def describe_groups(self, groups: Iterable[str]) -> dict[str, GroupDescription]:
        """The state of *groups*, and who reads what. A group that nobody ever joined is ``Dead``, as with Kafka,
        if its coordinator does not answer with an error, which is raised.
        """
        names = _names(groups)
        return _all_good(self._persist(lambda: self._connection.describe_groups(names)))

    def list_offsets(
        self, timestamps: Mapping[TopicPartition, int]
    ) -> dict[TopicPartition, OffsetAndTimestamp]:
        """The first record that is not older than a timestamp, of each partition.

        Args:
            timestamps: milliseconds; or ``EARLIEST`` or ``LATEST`` of :mod:`concur.pubsub.connection`, whose
                answers have the timestamp -1. Where no record is so new, offset and timestamp are -1.

        Raises:
            UnknownTopicOrPartition: one of them is not there.
        """
        found: dict[TopicPartition, OffsetAndTimestamp] = {}

        def attempt() -> None:
            left = {tp: timestamp for tp, timestamp in timestamps.items() if tp not in found}
            known = self.describe_topics({tp.topic for tp in left})
            by_leader: dict[int, dict[TopicPartition, int]] = {}
            errors: dict[TopicPartition, PubSubError] = {}
            for tp, timestamp in left.items():
                if not 0 <= tp.partition < len(known[tp.topic]):
                    raise UnknownTopicOrPartition(f"'{tp.topic}' has no partition {tp.partition}")
                leader = known[tp.topic][tp.partition].leader
                if leader is None:
                    errors[tp] = LeaderNotAvailable(f"{tp} has no leader now")
                else:
                    by_leader.setdefault(leader, {})[tp] = timestamp
            epochs = {
                TopicPartition(topic, each.partition): each.leader_epoch
                for topic, partitions in known.items()
                for each in partitions
            }
            for leader, asked in by_leader.items():
                answers = self._connection.list_offsets(leader, asked)
                for tp in asked:
                    answer = answers.get(tp) or Disconnected(f"broker-{leader} did not answer for {tp}")
                    if isinstance(answer, PubSubError):
                        errors[tp] = answer
                    else:
                        found[tp] = OffsetAndTimestamp(*answer, epochs[tp])
            _raise_first(errors)

        if timestamps:
            self._persist(attempt)
        return {tp: found[tp] for tp in timestamps}

    def close(self) -> None:
        """Ask nothing any more. Again: nothing."""
        if not self._closed:
            self._closed = True
            self._connection.close()

    def __enter__(self) -> "Admin":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Admin {self._name!r}{' closed' if self._closed else ''}>"

    def _persist(self, attempt: Callable[[], T], *, only_definite: bool = False) -> T:
        """Try again while that may help, and there is time."""
        deadline = time.monotonic() + self._timeout
        attempts = 0
        while True:
            if self._closed:
                raise IllegalState(f"{self._name} is closed: make another")
            try:
                return attempt()
            except PubSubError as error:
                wait = min(self._max_back_off, self._back_off * 2 ** min(attempts, 20))
                attempts += 1
                if (
                    not error.retriable
                    or isinstance(error, UnknownTopicOrPartition)
                    or (only_definite and not error.definite)
                    or attempts > self._retries
                    or time.monotonic() + wait >= deadline
                ):
                    raise
            time.sleep(wait)


def _names(names: Iterable[str]) -> list[str]:
    return [names] if isinstance(names, str) else list(dict.fromkeys(names))


def _raise_first(errors: Mapping[K, PubSubError]) -> None:
    """Raise the first of *errors*, if there are any; the others are notes to it."""
    for first in errors.values():
        for what, other in errors.items():
            if other is not first:
                first.add_note(f"{what}: {other}")
        raise first


def _all_good(answers: Mapping[K, T | PubSubError]) -> dict[K, T]:
    """The *answers*, if none of them is an error; the first error is raised otherwise."""
    _raise_first({key: answer for key, answer in answers.items() if isinstance(answer, PubSubError)})
    return {key: answer for key, answer in answers.items() if not isinstance(answer, PubSubError)}
