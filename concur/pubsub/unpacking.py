"""From stored batches to records: everything that is wanted of a run of batches at once, and in C.

A large batch makes its records by itself (:meth:`concur.pubsub.batch.StoredBatch.records`). Of small ones a fetch
brings many, and asking each of them costs more than the records: their columns are laid end to end first.

    >>> from concur.pubsub import TopicPartition
    >>> from concur.pubsub.batch import RecordBatch, StoredBatch
    >>> batches = [StoredBatch(n, 0, RecordBatch([None], [b"%d" % n], [()], [1000])) for n in range(4)]
    >>> [record.value for record in unpack(TopicPartition("orders", 0), batches, 1, 3)]
    [b'1', b'2']
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import chain, repeat
from typing import Any

from concur.pubsub.batch import StoredBatch
from concur.pubsub.records import ConsumerRecord, TopicPartition

Reader = Callable[[bytes], Any] | None  # makes of bytes what the program wants


def unpack(
    tp: TopicPartition,
    batches: Sequence[StoredBatch],
    at: int,
    below: int,
    key_of: Reader = None,
    value_of: Reader = None,
) -> list[ConsumerRecord]:
    """The records of *batches* with *at* <= offset < *below*.

    Args:
        batches: in the order of the log.
        key_of, value_of: make of the bytes what the record shall have; not called for None.

    Raises:
        Exception: what *key_of* or *value_of* raised.
    """
    if len(batches) == 1:
        return batches[0].records(*tp, at, below, key_of=key_of, value_of=value_of)
    found: list[ConsumerRecord] = []
    first = 0
    if batches and batches[0].base_offset < at:
        found, first = batches[0].records(*tp, at, below, key_of=key_of, value_of=value_of), 1
    last = len(batches)
    if last > first and batches[-1].next_offset > below:
        last -= 1
    found += _whole(tp, batches[first:last], key_of, value_of)
    if last < len(batches):
        found += batches[-1].records(*tp, at, below, key_of=key_of, value_of=value_of)
    return found


def _whole(
    tp: TopicPartition, stored: Sequence[StoredBatch], key_of: Reader, value_of: Reader
) -> Iterable[ConsumerRecord]:
    """All records of *stored*."""
    batches = [each.batch for each in stored]
    keys: Iterable[Any] = chain.from_iterable([batch.keys for batch in batches])
    values: Iterable[Any] = chain.from_iterable([batch.values for batch in batches])
    if key_of is not None:
        keys = [None if key is None else key_of(key) for key in keys]
    if value_of is not None:
        values = [None if value is None else value_of(value) for value in values]
    epochs: Iterable[int]
    if stored and stored[0].leader_epoch == stored[-1].leader_epoch:  # they never go down
        epochs = repeat(stored[0].leader_epoch)
    else:
        epochs = chain.from_iterable([repeat(each.leader_epoch, len(each)) for each in stored])
    rows = zip(  # not strict: a repeat has no end
        repeat(tp.topic),
        repeat(tp.partition),
        chain.from_iterable([range(each.base_offset, each.next_offset) for each in stored]),
        chain.from_iterable([batch.timestamps for batch in batches]),
        keys,
        values,
        chain.from_iterable([batch.headers for batch in batches]),
        epochs,
    )
    return map(tuple.__new__, repeat(ConsumerRecord), rows)
