"""What a leader remembers of idempotent producers, so that a batch sent twice is in the log once.

A producer whose answer was lost sends its batch again, and cannot know whether the
first one arrived. So it numbers its records, per partition, and the leader keeps for
each producer the numbers of its last five batches:

    >>> from concur.pubsub.batch import RecordBatch, StoredBatch
    >>> def batch(sequence, epoch=0):
    ...     return RecordBatch([None], [b"v"], [()], [1000], 7, epoch, sequence)
    >>> producers = ProducerStates()
    >>> producers.check(batch(0))  # may be appended
    >>> producers.note(StoredBatch(40, 0, batch(0)))
    >>> producers.check(batch(0))  # it is there already, at this offset
    40
    >>> producers.check(batch(2))
    Traceback (most recent call last):
    concur.pubsub.errors.OutOfOrderSequenceNumber: producer 7 sent the records from 2 on, but 1 comes next...

Five, because a producer has at most five requests in flight
(``max.in.flight.requests.per.connection``): of six, the oldest could not be told from a
new one. The rules:

- the next sequence number is the last one plus 1, and after 2**31 - 1 comes 0;
- a batch with the numbers of one of the last five is a duplicate, and answered with the offset of that one;
- an epoch lower than the last is refused: a newer producer has taken over the id;
- a new epoch begins with sequence number 0;
- a producer of which nothing is known may begin anywhere: what it sent may have been deleted.

All of it is in the batches of the log, so a new leader, and a follower that has cut its
log, reads it from there. A leader that did not would take a retry for a new batch.

Not safe for several threads by itself: the lock of the replica guards it, and ``check``,
the append and ``note`` are one step under that lock.

Source: ProducerAppendInfo.java (checkProducerEpoch, checkSequence), ProducerStateEntry.java (NUM_BATCHES_TO_RETAIN,
findDuplicateBatch) and ProducerStateManager.java (isProducerExpired) of Apache Kafka; KIP-98, KIP-185.
"""

from collections import deque
from collections.abc import Iterable

from concur.pubsub.batch import RecordBatch, StoredBatch, sequence_after
from concur.pubsub.errors import InvalidProducerEpoch, OutOfOrderSequenceNumber

WINDOW = 5  # batches of one producer that can be told from new ones
DAY_MS = 24 * 60 * 60 * 1000


class _Producer:
    """One producer's last batches, all of one epoch."""

    __slots__ = ("epoch", "last_timestamp", "next_sequence", "window")

    def __init__(self) -> None:
        self.epoch = -1
        self.next_sequence = 0
        self.last_timestamp = -1
        # (base sequence, number of records, base offset) of each
        self.window: deque[tuple[int, int, int]] = deque(maxlen=WINDOW)


class ProducerStates:
    """The idempotent producers of one partition.

    Args:
        expiration_ms: a producer that has written nothing for so long is forgotten, by ``expire``
            (``producer.id.expiration.ms``).

    Example:
        >>> states = ProducerStates()
        >>> states.note(StoredBatch(0, 0, RecordBatch([None], [b"v"], [()], [1000], 7, 0, 0)))
        >>> len(states), states.expire(now_ms=2000), states.expire(now_ms=1000 + DAY_MS)
        (1, 0, 1)
    """

    __slots__ = ("_producers", "expiration_ms")

    def __init__(self, *, expiration_ms: int = DAY_MS) -> None:
        self.expiration_ms = expiration_ms
        self._producers: dict[int, _Producer] = {}

    @classmethod
    def rebuilt_from(cls, log: Iterable[StoredBatch], *, expiration_ms: int = DAY_MS) -> "ProducerStates":
        """The table of a log that consists of these batches, in their order (``PartitionLog.batches()``)."""
        states = cls(expiration_ms=expiration_ms)
        for stored in log:
            states.note(stored)
        return states

    def __len__(self) -> int:
        return len(self._producers)

    def __repr__(self) -> str:
        return f"<ProducerStates producers={len(self)}>"

    def check(self, batch: RecordBatch) -> int | None:
        """Whether *batch* may be appended.

        Returns:
            None: it may. An offset: it was appended before, at that one.

        Raises:
            OutOfOrderSequenceNumber: a batch before it is missing, or it is a duplicate that is too old to be known.
            InvalidProducerEpoch: another producer with this id and a higher epoch has written.
        """
        known = self._producers.get(batch.producer_id)
        if known is None or batch.producer_id < 0:
            return None
        sequence = batch.base_sequence
        if batch.producer_epoch == known.epoch:
            if sequence == known.next_sequence:
                return None
            for base, records, offset in known.window:
                if base == sequence and records == len(batch):
                    return offset
            raise self._out_of_order(batch, known.next_sequence)
        if batch.producer_epoch < known.epoch:
            raise InvalidProducerEpoch(
                f"producer {batch.producer_id} wrote with epoch {batch.producer_epoch}, but one with epoch "
                f"{known.epoch} has written to this partition. A producer that was replaced must not write: close it."
            )
        if sequence != 0:
            raise self._out_of_order(batch, 0)
        return None

    def note(self, stored: StoredBatch) -> None:
        """Remember a batch that is in the log now; whether it should be was looked at by ``check`` on the leader."""
        batch = stored.batch
        if batch.producer_id < 0:
            return
        known = self._producers.get(batch.producer_id)
        if known is None:
            known = self._producers[batch.producer_id] = _Producer()
        if known.epoch != batch.producer_epoch:
            known.epoch = batch.producer_epoch
            known.window.clear()
        known.window.append((batch.base_sequence, len(batch), stored.base_offset))
        known.next_sequence = sequence_after(batch.base_sequence, len(batch))
        known.last_timestamp = max(known.last_timestamp, batch.max_timestamp)

    def expire(self, now_ms: int) -> int:
        """Forget producers that have written nothing for long; returns how many.

        Args:
            now_ms: the time, in milliseconds since 1970.
        """
        gone = [
            producer
            for producer, known in self._producers.items()
            if now_ms - known.last_timestamp >= self.expiration_ms
        ]
        for producer in gone:
            del self._producers[producer]
        return len(gone)

    def _out_of_order(self, batch: RecordBatch, expected: int) -> OutOfOrderSequenceNumber:
        return OutOfOrderSequenceNumber(
            f"producer {batch.producer_id} sent the records from {batch.base_sequence} on, but {expected} comes next "
            f"in epoch {batch.producer_epoch}. Either a batch in between was lost, or this one is a duplicate older "
            f"than the last {WINDOW}. Order can only be kept by a new producer."
        )
