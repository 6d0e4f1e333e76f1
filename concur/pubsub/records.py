"""What users of the queue hold in their hands: partitions, records, and what is known of where they are.

    >>> from concur.pubsub import ConsumerRecord, ProducerRecord, TopicPartition
    >>> orders = TopicPartition("orders", 0)
    >>> print(orders)
    orders-0
    >>> ProducerRecord("orders", b"two coffees", key=b"table 4").partition is None
    True
    >>> seen = ConsumerRecord("orders", 0, 41, 1_700_000_000_000, b"table 4", b"two coffees")
    >>> seen.offset, seen.value
    (41, b'two coffees')
    >>> seen.topic_partition == orders
    True

All are immutable. Times are milliseconds since 1970, as everywhere in Kafka. The fields are those of Java's classes of
the same names (``org.apache.kafka.clients``, ``org.apache.kafka.common.TopicPartition``).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, NamedTuple

Headers = Sequence[tuple[str, bytes | None]]  # a key may come more than once


class TopicPartition(NamedTuple):
    """One partition of a topic: ``topic``, and ``partition`` from 0 on. ``str`` makes ``orders-0`` of it."""

    topic: str
    partition: int

    def __str__(self) -> str:
        return f"{self.topic}-{self.partition}"


class ProducerRecord(NamedTuple):
    """What is sent: ``send(ProducerRecord(...))`` is ``send(...)`` with the same arguments.

    ``topic``; ``value`` and ``key`` as the producer's serializers take them, each may be None; ``partition``, chosen by
    the producer if None; ``headers``, pairs of a name and bytes; ``timestamp`` in milliseconds, the time of the call
    if None.
    """

    topic: str
    value: Any = None
    key: Any = None
    partition: int | None = None
    headers: Headers = ()
    timestamp: int | None = None


class RecordMetadata(NamedTuple):
    """Where a sent record is: ``topic``, ``partition``, ``offset`` (-1 with ``acks=0``: nobody knows), ``timestamp`` in
    milliseconds, and the sizes in bytes of its serialized key and value (-1: there is none).
    """

    topic: str
    partition: int
    offset: int
    timestamp: int
    serialized_key_size: int = -1
    serialized_value_size: int = -1

    @property
    def topic_partition(self) -> TopicPartition:
        """The topic and the partition as one."""
        return TopicPartition(self.topic, self.partition)

    def __str__(self) -> str:
        return f"{self.topic}-{self.partition}@{self.offset}"


class ConsumerRecord(NamedTuple):
    """What was read: ``topic``, ``partition``, ``offset``, ``timestamp`` in milliseconds, ``key`` and ``value`` as the
    consumer's deserializers return them, ``headers``, and the ``leader_epoch`` in which it was appended.
    """

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: Any
    value: Any
    headers: Headers = ()
    leader_epoch: int = -1

    @property
    def topic_partition(self) -> TopicPartition:
        """The topic and the partition as one."""
        return TopicPartition(self.topic, self.partition)


class OffsetAndMetadata(NamedTuple):
    """What is committed: the ``offset`` of the *next* record to read, a note (``metadata``), and the ``leader_epoch``
    of the last record read, or None.
    """

    offset: int
    metadata: str = ""
    leader_epoch: int | None = None


class OffsetAndTimestamp(NamedTuple):
    """The first record that is not older than what was asked for: its ``offset``, ``timestamp``, ``leader_epoch``."""

    offset: int
    timestamp: int
    leader_epoch: int | None = None


@dataclass(frozen=True)
class NewTopic:
    """A topic to be made.

    Args:
        name: letters, digits, ``.``, ``_`` and ``-``, at most 249 of them.
        num_partitions: how many; -1 for the broker's ``num.partitions``.
        replication_factor: on how many brokers each is; -1 for the broker's ``default.replication.factor``.
        configs: the topic's own settings, as ``{"min.insync.replicas": "2"}``.
        replicas: the brokers of each partition, the preferred leader first, instead of the two numbers.

    Example:
        >>> from concur.pubsub import NewTopic
        >>> NewTopic("orders", 8, 3, {"min.insync.replicas": "2"}).num_partitions
        8
    """

    name: str
    num_partitions: int = -1
    replication_factor: int = -1
    configs: Mapping[str, Any] = field(default_factory=dict)
    replicas: Mapping[int, Sequence[int]] | None = None


class ConsumerRecords:
    """The records of one ``poll``, by partition; in each of them in the order of the log.

    Args:
        by_partition: the records of each partition that has any.

    Example:
        >>> from concur.pubsub import ConsumerRecord, ConsumerRecords, TopicPartition
        >>> a, b = (ConsumerRecord("orders", 0, offset, 0, None, b"tea") for offset in (7, 8))
        >>> polled = ConsumerRecords({TopicPartition("orders", 0): [a, b]})
        >>> len(polled), bool(ConsumerRecords({}))
        (2, False)
        >>> [record.offset for record in polled]
        [7, 8]
        >>> polled.next_offsets()
        {TopicPartition(topic='orders', partition=0): OffsetAndMetadata(offset=9, metadata='', leader_epoch=None)}
    """

    __slots__ = ("_by_partition", "_count")

    def __init__(self, by_partition: Mapping[TopicPartition, Sequence[ConsumerRecord]]) -> None:
        # Invariant: no partition without records, so that partitions() are those that have some.
        self._by_partition = {tp: records for tp, records in by_partition.items() if records}
        self._count = sum(map(len, self._by_partition.values()))

    def __iter__(self) -> Iterator[ConsumerRecord]:
        return chain.from_iterable(self._by_partition.values())

    def __len__(self) -> int:
        return self._count

    def __repr__(self) -> str:
        counts = ", ".join(f"{tp}: {len(records)}" for tp, records in self._by_partition.items())
        return f"<ConsumerRecords {counts or 'empty'}>"

    def partitions(self) -> list[TopicPartition]:
        """The partitions that have records here."""
        return list(self._by_partition)

    def records(self, of: TopicPartition | str) -> Sequence[ConsumerRecord]:
        """Those of one partition, or of a topic, given by its name; none if there are none."""
        if isinstance(of, str):
            return [record for tp, some in self._by_partition.items() if tp.topic == of for record in some]
        return self._by_partition.get(of, ())

    def next_offsets(self) -> dict[TopicPartition, OffsetAndMetadata]:
        """What to commit when all of these have been processed."""
        return {
            tp: OffsetAndMetadata(last.offset + 1, "", last.leader_epoch if last.leader_epoch >= 0 else None)
            for tp, records in self._by_partition.items()
            for last in records[-1:]
        }
