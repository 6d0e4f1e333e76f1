"""The producer: sends records to topics, in batches, in the background.

``send`` puts a record into a batch and returns at once with its :class:`~concur.pubsub.Delivery`, a
future. Threads of the producer send the batches, again if need be, and complete the futures. A
producer is for all threads of a program; one is enough.

    >>> from concur.pubsub import Admin, EmbeddedCluster, NewTopic, Producer
    >>> with EmbeddedCluster(brokers=3) as cluster:
    ...     with Admin({"bootstrap.servers": cluster.bootstrap_servers}) as admin:
    ...         admin.create_topics([NewTopic("orders", num_partitions=4, replication_factor=3)])
    ...     with Producer({"bootstrap.servers": cluster.bootstrap_servers}) as producer:
    ...         delivery = producer.send("orders", b"two coffees", key=b"table 4")
    ...         print(delivery.result(timeout=10))
    orders-3@0

Records of one key go to one partition and stay in the order in which they were sent. By default a
producer is idempotent and waits for all replicas in sync (``enable.idempotence``,
``acks=all``): a record that is acknowledged is in the log once, and is not lost as long as one
replica in sync lives. How many must be in sync for that is the topic's ``min.insync.replicas``. Up to
``max.in.flight.requests.per.connection`` requests to one broker are under way at a time. Without
idempotence a record that is sent again may then come after younger ones; with 1 it does not.

After ``KafkaProducer.java`` of Apache Kafka and KIP-98 (idempotence), KIP-91 (``delivery.timeout.ms``).
"""

import itertools
import threading
import time
from collections.abc import Iterable, Mapping
from itertools import repeat
from types import TracebackType
from typing import Any

from concur.pubsub import forks
from concur.pubsub.accumulator import Accumulator, closed
from concur.pubsub.batch import RECORD_OVERHEAD, size_of
from concur.pubsub.config import producer_config
from concur.pubsub.connection import connect
from concur.pubsub.delivery import Callback, Deliveries, Delivery
from concur.pubsub.errors import (
    IllegalState,
    PubSubError,
    RecordTooLarge,
    SerializationError,
    UnknownTopicOrPartition,
)
from concur.pubsub.lanes import Lane
from concur.pubsub.leaders import Leaders
from concur.pubsub.partitioner import Partitioner
from concur.pubsub.records import Headers, ProducerRecord, TopicPartition
from concur.pubsub.sender import Sending

_numbers = itertools.count(1)


class Producer:
    """A client that sends records.

    Args:
        config: Kafka's keys, see :func:`concur.pubsub.config.producer_config`; ``bootstrap.servers`` is needed.

    Raises:
        ConfigError: a key or a value that there is not, or no cluster at that address.

    Example:
        >>> from concur.pubsub import Producer
        >>> Producer({"bootstrap.servers": "embedded://nowhere", "acks": "most"})
        Traceback (most recent call last):
            ...
        concur.pubsub.errors.ConfigError: producer: 'acks' takes 'all', 1 or 0, not 'most'
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._config = producer_config(config)
        self._name = self._config["client.id"] or f"producer-{next(_numbers)}"
        self._key_serializer = self._config["key.serializer"]
        self._value_serializer = self._config["value.serializer"]
        self._serializes = self._key_serializer is not None or self._value_serializer is not None
        self._ignore_keys = self._config["partitioner.ignore.keys"]
        self._largest = min(self._config["max.request.size"], self._config["buffer.memory"])
        self._max_block = self._config["max.block.ms"] / 1000
        self._connection = connect(
            self._config["bootstrap.servers"], self._name, self._config["request.timeout.ms"]
        )
        self._leaders = Leaders(self._connection)
        self._batches = Accumulator(self._config)
        self._sending = Sending(self._name, self._config, self._connection, self._leaders, self._batches)
        self._partitioners: dict[str, Partitioner] = {}
        self._lanes: dict[str, list[Lane]] = {}
        self._choosing = threading.Lock()  # guards what partitioners know of records without a key
        self._forks = forks.count
        self._closed = False

    def send(
        self,
        topic: str | ProducerRecord,
        value: Any = None,
        key: Any = None,
        partition: int | None = None,
        headers: Headers = (),
        timestamp: int | None = None,
        on_delivery: Callback | None = None,
    ) -> Delivery:
        """Take a record in, to be sent in the background; waits only for room and, the first time, for the topic.

        Args:
            topic: its name; or a whole ProducerRecord, and no other argument but *on_delivery*.
            value, key: bytes or None, after the serializers of the configuration, if there are any.
            partition: where it goes; None: by the key, or without a key where the last ones without a key went.
            headers: pairs of a name and bytes.
            timestamp: milliseconds since 1970; None: now.
            on_delivery: called with the metadata and None, or with None and the error, by a thread of the producer.

        Returns:
            A future; ``.result()`` is the record's offset, or raises why it was not acknowledged.

        Raises:
            SerializationError: a serializer failed, or what is to be sent is not bytes.
            RecordTooLarge: more than ``max.request.size`` or ``buffer.memory``.
            UnknownTopicOrPartition: no such topic, or no such partition.
            BufferExhausted: no room within ``max.block.ms``.
            IllegalState: the producer is closed, or the process was forked since it was made.
        """
        if isinstance(topic, ProducerRecord):
            topic, value, key, partition, headers, timestamp = topic
        if self._closed or self._forks != forks.count:
            raise self._unusable()
        if self._serializes:
            key = serialized(self._key_serializer, key, "key", topic)
            value = serialized(self._value_serializer, value, "value", topic)
        # What most records are comes first: this is done for every one.
        if type(value) is bytes and not headers and (key is None or type(key) is bytes):
            size = RECORD_OVERHEAD + len(value)
            if key is not None:
                size += len(key)
        else:
            headers = tuple(headers)
            size = checked_size(key, value, headers, topic)
        if size > self._largest:
            raise self._too_large(size, topic)
        deadline = None
        lanes = self._lanes.get(topic)
        if lanes is None:
            deadline = time.monotonic() + self._max_block
            lanes = self._open(topic, deadline)
        if partition is None:
            partition = self._choose(topic, key, len(lanes), size)
        elif not 0 <= partition < len(lanes):
            raise no_partition(topic, partition, len(lanes))
        if timestamp is None:
            timestamp = time.time_ns() // 1_000_000
        return self._batches.append(
            lanes[partition], (key, value, headers, timestamp), size, on_delivery, deadline
        )

    def send_many(
        self,
        topic: str,
        values: Iterable[Any],
        key: Any = None,
        partition: int | None = None,
        headers: Headers = (),
        timestamp: int | None = None,
        on_delivery: Callback | None = None,
    ) -> Deliveries:
        """Take several records in at once, in a fraction of the time of as many sends: those of one partition.

        They differ in their values alone, and stay in their order. Without a key and a partition all of them go where
        the last ones without a key went. None is taken in if one of them could not be.

        Args:
            topic, key, partition, headers, timestamp: as for ``send``, of all of them.
            values: one a record.
            on_delivery: called for each.

        Returns:
            Their futures, as a sequence, in the same order; its ``.result()`` waits for all.

        Raises:
            BufferExhausted: no room within ``max.block.ms``; it says how many were taken in before, which are sent.
            PubSubError: what ``send`` raises.

        Example:
            >>> from concur.pubsub import Admin, EmbeddedCluster, NewTopic, Producer
            >>> with EmbeddedCluster(brokers=1) as cluster:
            ...     config = {"bootstrap.servers": cluster.bootstrap_servers}
            ...     with Admin(config) as admin, Producer(config) as producer:
            ...         admin.create_topics([NewTopic("orders")])
            ...         deliveries = producer.send_many("orders", [b"tea", b"coffee", b"tea"], key=b"table 4")
            ...         [str(metadata) for metadata in deliveries.result(timeout=10)]
            ['orders-0@0', 'orders-0@1', 'orders-0@2']
        """
        if self._closed or self._forks != forks.count:
            raise self._unusable()
        key, values, headers = (
            serialized(self._key_serializer, key, "key", topic),
            list(values),
            tuple(headers),
        )
        if self._value_serializer is not None:
            values = [serialized(self._value_serializer, value, "value", topic) for value in values]
        if not values:
            return Deliveries([])
        rest = checked_size(key, None, headers, topic)
        if set(map(type, values)) == {bytes}:
            sizes = [rest + length for length in map(len, values)]
        else:
            sizes = [checked_size(key, value, headers, topic) for value in values]
        if max(sizes) > self._largest:
            raise self._too_large(max(sizes), topic)
        deadline = time.monotonic() + self._max_block
        lanes = self._lanes.get(topic) or self._open(topic, deadline)
        if partition is None:
            partition = self._choose(topic, key, len(lanes), sum(sizes))
        elif not 0 <= partition < len(lanes):
            raise no_partition(topic, partition, len(lanes))
        if timestamp is None:
            timestamp = time.time_ns() // 1_000_000
        rows = list(
            zip(repeat(key), values, repeat(headers), repeat(timestamp))
        )  # not strict: repeat has no end
        return self._batches.extend(lanes[partition], rows, sizes, on_delivery, deadline)

    def _open(self, topic: str, deadline: float) -> list[Lane]:
        """The lanes of a topic that was not sent to before."""
        count = self._partitions(topic, deadline)
        with self._choosing:
            if topic not in self._lanes:
                self._partitioners[topic] = Partitioner(
                    self._config["batch.size"], ignore_keys=self._config["partitioner.ignore.keys"]
                )
                self._lanes[topic] = [
                    self._batches.lane(TopicPartition(topic, number)) for number in range(count)
                ]
            return self._lanes[topic]

    def _choose(self, topic: str, key: bytes | None, count: int, size: int) -> int:
        partitioner = self._partitioners[topic]
        if key is not None and not self._ignore_keys:
            return partitioner.partition(key, count)
        with self._choosing:
            partition = partitioner.partition(None, count)
            partitioner.appended(partition, size)
            return partition

    def _partitions(self, topic: str, deadline: float) -> int:
        """How many partitions *topic* has; asks again when the brokers could not be reached."""
        while True:
            try:
                return self._leaders.partitions(topic)
            except PubSubError as error:
                if isinstance(error, UnknownTopicOrPartition) or time.monotonic() >= deadline:
                    raise
                time.sleep(self._config["retry.backoff.ms"] / 1000)

    def partitions_for(self, topic: str) -> list[int]:
        """The numbers of the partitions of *topic*.

        Raises:
            UnknownTopicOrPartition: there is no such topic.
        """
        if self._closed:
            raise closed()
        return list(range(self._partitions(topic, time.monotonic() + self._max_block)))

    def flush(self, timeout: float | None = None) -> None:
        """Send what was taken in, without waiting for ``linger.ms``, and wait until all of it has its answer.

        Args:
            timeout: seconds; None: as long as it takes, which ``delivery.timeout.ms`` bounds.

        Raises:
            TimeoutError: something has no answer in time. It is not lost: it goes on being sent.
        """
        self._batches.flush(timeout)

    def close(self, timeout: float | None = None) -> None:
        """Take no more records, send what was taken in, wait for the answers, and end the threads. Again: nothing.

        Args:
            timeout: seconds; what has no answer by then fails. None: as long as it takes.
        """
        if self._closed:
            return
        self._closed = True
        self._batches.close()
        self._sending.join(timeout)

    def __enter__(self) -> "Producer":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Producer {self._name!r}{' closed' if self._closed else ''}>"

    def _too_large(self, size: int, topic: str) -> RecordTooLarge:
        return RecordTooLarge(
            f"a record for '{topic}' has {size} bytes, and max.request.size and buffer.memory allow "
            f"{self._largest}. Send it in parts, or raise them (and the topic's max.message.bytes)."
        )

    def _unusable(self) -> IllegalState:
        if self._closed:
            return closed()
        return IllegalState(
            "the process was forked since this producer was made, and its threads are not here: make another"
        )


def no_partition(topic: str, partition: int, count: int) -> UnknownTopicOrPartition:
    return UnknownTopicOrPartition(
        f"'{topic}' has no partition {partition}: it has {count}, from 0 to {count - 1}"
    )


def serialized(serializer: Any, thing: Any, what: str, topic: str) -> Any:
    """What *serializer* makes of the *what* of a record; None stays None, as it is a tombstone."""
    if thing is None or serializer is None:
        return thing
    try:
        return serializer(thing)
    except Exception as error:
        raise SerializationError(
            f"the {what}.serializer failed for a record of '{topic}': {error!r}"
        ) from error


def checked_size(key: Any, value: Any, headers: Headers, topic: str) -> int:
    """The bytes of a record, all parts of which are bytes or None."""
    for what, thing in (("key", key), ("value", value)):
        if not isinstance(thing, bytes | None):
            raise SerializationError(
                f"the {what} of a record for '{topic}' is {type(thing).__name__}, and only bytes are sent. "
                f"Encode it, or set '{what}.serializer', such as str.encode."
            )
    try:
        return size_of(key, value, headers)
    except (AttributeError, TypeError, ValueError):
        raise SerializationError(
            f"the headers of a record for '{topic}' are {headers!r}, and are to be pairs of a str and bytes"
        ) from None
