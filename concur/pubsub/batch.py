"""Records in bulk: what a producer sends at a time, as columns, and the same at its place in a log.

A record is a row only in the hands of a user. From the producer to the consumer it is an entry in four columns, so
that nothing is done record by record on the way: a batch is appended, copied to followers and fetched as one object.
The records are made where they are read, all at once and in C.

    >>> from concur.pubsub.batch import RecordBatch, StoredBatch
    >>> batch = RecordBatch([None, b"k"], [b"a", b"b"], [(), ()], [1000, 1001])
    >>> stored = StoredBatch(40, leader_epoch=3, batch=batch)
    >>> stored.last_offset, stored.next_offset
    (41, 42)
    >>> [(record.offset, record.value) for record in stored.records("orders", 0, from_offset=41)]
    [(41, b'b')]

Sizes are reckoned as in Kafka's second record format, with the most that a record needs besides its data
(``DefaultRecord.MAX_RECORD_OVERHEAD``), and so are sequence numbers (``DefaultRecordBatch.incrementSequence``).
"""

from collections.abc import Callable, Sequence
from itertools import repeat
from typing import Any

from concur.pubsub.records import ConsumerRecord, Headers

RECORD_OVERHEAD = 21  # bytes of a record besides its key, value and headers

MAX_SEQUENCE = 2**31 - 1


def size_of(key: bytes | None, value: bytes | None, headers: Headers = ()) -> int:
    """The bytes that one record counts for: in batches, in ``buffer.memory``, in logs.

    >>> size_of(b"table 4", b"two coffees")
    39
    """
    size = RECORD_OVERHEAD + len(key or b"") + len(value or b"")
    for name, content in headers:
        size += len(name.encode()) + len(content or b"")
    return size


def sequence_after(sequence: int, by: int) -> int:
    """The sequence number *by* records later: after the largest comes 0.

    >>> sequence_after(5, 3), sequence_after(MAX_SEQUENCE, 1)
    (8, 0)
    """
    return (sequence + by) % (MAX_SEQUENCE + 1)


class RecordBatch:
    """What a producer sends to one partition at a time. Whoever sees one may keep it, and nobody changes it.

    Args:
        keys, values, headers, timestamps: the columns, of one length, at least 1. They are not copied.
        producer_id, producer_epoch: of an idempotent producer; -1 for another.
        base_sequence: the number of the first record among all that this producer sent to the partition; -1.
        size: bytes, if they were counted already; see :func:`size_of`.

    Raises:
        ValueError: there is no record, or the columns differ in length.
    """

    __slots__ = (
        *("base_sequence", "headers", "keys", "max_timestamp", "producer_epoch", "producer_id"),
        *("size", "timestamps", "values"),
    )

    def __init__(
        self,
        keys: Sequence[bytes | None],
        values: Sequence[bytes | None],
        headers: Sequence[Headers],
        timestamps: Sequence[int],
        producer_id: int = -1,
        producer_epoch: int = -1,
        base_sequence: int = -1,
        size: int | None = None,
    ) -> None:
        if not len(keys) == len(values) == len(headers) == len(timestamps) > 0:
            raise ValueError(
                f"a batch has one or more records and as many of each: {len(keys)} keys, {len(values)} values, "
                f"{len(headers)} headers, {len(timestamps)} timestamps"
            )
        self.keys, self.values, self.headers, self.timestamps = keys, values, headers, timestamps
        self.producer_id, self.producer_epoch, self.base_sequence = producer_id, producer_epoch, base_sequence
        self.size = sum(map(size_of, keys, values, headers)) if size is None else size
        self.max_timestamp = max(timestamps)

    def __len__(self) -> int:
        return len(self.values)

    def __repr__(self) -> str:
        what = f"records={len(self)} size={self.size}"
        if self.producer_id >= 0:
            what += f" producer={self.producer_id} epoch={self.producer_epoch} sequence={self.base_sequence}"
        return f"<RecordBatch {what}>"

    @property
    def last_sequence(self) -> int:
        """The sequence number of the last record; -1 if the producer is not idempotent."""
        return -1 if self.base_sequence < 0 else sequence_after(self.base_sequence, len(self) - 1)

    def numbered(self, producer_id: int, producer_epoch: int, base_sequence: int) -> "RecordBatch":
        """The same records as the producer's *base_sequence*-th and later; the columns are shared."""
        return RecordBatch(
            *(self.keys, self.values, self.headers, self.timestamps),
            *(producer_id, producer_epoch, base_sequence, self.size),
        )


class StoredBatch:
    """A batch at its place in a log, the same object in the logs of all replicas.

    Args:
        base_offset: the offset of its first record.
        leader_epoch: of the leader that appended it.
        batch: what was sent.
    """

    __slots__ = ("base_offset", "batch", "last_offset", "leader_epoch", "next_offset")

    def __init__(self, base_offset: int, leader_epoch: int, batch: RecordBatch) -> None:
        self.base_offset, self.leader_epoch, self.batch = base_offset, leader_epoch, batch
        # Offsets are dense: a batch has no gaps, and the next one begins where it ends.
        self.next_offset = base_offset + len(batch)
        self.last_offset = self.next_offset - 1

    def __len__(self) -> int:
        return len(self.batch)

    def __repr__(self) -> str:
        return f"<StoredBatch {self.base_offset}..{self.last_offset} epoch={self.leader_epoch}>"

    def records(
        self,
        topic: str,
        partition: int,
        from_offset: int | None = None,
        below: int | None = None,
        *,
        key_of: Callable[[bytes], Any] | None = None,
        value_of: Callable[[bytes], Any] | None = None,
    ) -> list[ConsumerRecord]:
        """The records with *from_offset* <= offset < *below*, all that are if None.

        Args:
            topic, partition: whose log this is.
            from_offset: the first offset wanted.
            below: the first offset not wanted any more.
            key_of, value_of: make of the bytes what the record shall have; not called for None.

        Raises:
            Exception: what *key_of* or *value_of* raised.
        """
        batch, base = self.batch, self.base_offset
        first = 0 if from_offset is None else max(from_offset - base, 0)
        end = len(batch) if below is None else min(below - base, len(batch))
        if first >= end:
            return []
        keys, values = batch.keys, batch.values
        headers, timestamps = batch.headers, batch.timestamps
        if end - first < len(batch):
            some = slice(first, end)
            keys, values = keys[some], values[some]
            headers, timestamps = headers[some], timestamps[some]
        if key_of is not None:
            keys = [None if key is None else key_of(key) for key in keys]
        if value_of is not None:
            values = [None if value is None else value_of(value) for value in values]
        offsets = range(base + first, base + end)
        rows = zip(  # not strict: a repeat has no end
            repeat(topic),
            repeat(partition),
            offsets,
            timestamps,
            keys,
            values,
            headers,
            repeat(self.leader_epoch),
        )
        # Half the time of calling the class for each: the tuples are made without a Python frame.
        return list(map(tuple.__new__, repeat(ConsumerRecord), rows))
