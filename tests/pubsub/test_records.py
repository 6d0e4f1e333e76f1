"""Records alone, in one poll's worth, and in batches."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from concur import explore
from concur.pubsub import (
    ConsumerRecord,
    ConsumerRecords,
    NewTopic,
    OffsetAndMetadata,
    ProducerRecord,
    RecordMetadata,
    TopicPartition,
)
from concur.pubsub.batch import (
    MAX_SEQUENCE,
    RECORD_OVERHEAD,
    RecordBatch,
    StoredBatch,
    sequence_after,
    size_of,
)

A, B = TopicPartition("orders", 0), TopicPartition("orders", 1)

data = st.none() | st.binary(max_size=5)
some_headers = st.lists(st.tuples(st.text(max_size=3), data), max_size=2).map(tuple)
rows = st.lists(st.tuples(data, data, some_headers, st.integers(0, 9)), min_size=1, max_size=8)


def batch_of(rows, **of) -> RecordBatch:
    keys, values, headers, timestamps = (list(column) for column in zip(*rows, strict=True))
    return RecordBatch(keys, values, headers, timestamps, **of)


def test_where_a_record_is_can_be_read() -> None:
    """Partitions and places print as in Kafka."""
    assert str(A) == f"{A}" == "orders-0"
    assert str(RecordMetadata("orders", 0, 41, 0)) == "orders-0@41"
    assert RecordMetadata("orders", 0, 41, 0).topic_partition == A


def test_what_is_sent_has_the_defaults_of_kafka() -> None:
    assert ProducerRecord("orders") == ("orders", None, None, None, (), None)
    assert NewTopic("orders").replication_factor == NewTopic("orders").num_partitions == -1


def test_records_of_a_poll_are_found_by_partition_and_topic() -> None:
    """A poll is looked at as a whole, by topic, or by partition."""
    a = [ConsumerRecord("orders", 0, offset, 0, None, b"", (), 3) for offset in (4, 5)]
    b = [ConsumerRecord("orders", 1, 9, 0, None, b"")]
    polled = ConsumerRecords({A: a, B: b, TopicPartition("other", 0): []})
    assert list(polled) == [*a, *b]
    assert (len(polled), bool(polled), polled.partitions()) == (3, True, [A, B])
    assert polled.records(A) == a
    assert polled.records("orders") == [*a, *b]
    assert not polled.records("other")
    assert not polled.records(TopicPartition("other", 0))
    assert polled.next_offsets() == {A: OffsetAndMetadata(6, "", 3), B: OffsetAndMetadata(10)}
    assert repr(polled) == "<ConsumerRecords orders-0: 2, orders-1: 1>"
    assert repr(ConsumerRecords({})) == "<ConsumerRecords empty>"


@given(rows, st.integers(0, 2**40), st.integers(-3, 12), st.integers(-3, 12))
def test_reading_is_a_slice_by_offsets(rows, base, first, end) -> None:
    """Of a stored batch exactly the records between two offsets are read, whichever they are."""
    stored = StoredBatch(base, 3, batch_of(rows))
    whole = [
        ConsumerRecord("orders", 0, offset, timestamp, key, value, headers, 3)
        for offset, (key, value, headers, timestamp) in enumerate(rows, base)
    ]
    assert stored.records("orders", 0) == whole
    assert all(type(record) is ConsumerRecord for record in stored.records("orders", 0))
    part = stored.records("orders", 0, base + first, base + end)
    assert part == [record for record in whole if base + first <= record.offset < base + end]


@given(rows)
def test_a_batch_knows_its_measures(rows) -> None:
    """Size, largest timestamp and last offset are those of its records."""
    batch = batch_of(rows)
    assert batch.size == sum(size_of(key, value, headers) for key, value, headers, _ in rows)
    assert batch.max_timestamp == max(timestamp for *_, timestamp in rows)
    stored = StoredBatch(7, 0, batch)
    assert (stored.next_offset, stored.last_offset) == (7 + len(rows), 6 + len(rows))
    assert len(stored) == len(batch) == len(rows)


def test_a_record_counts_with_its_headers() -> None:
    """Names count as they are encoded, and what is missing counts nothing."""
    assert size_of(None, None) == RECORD_OVERHEAD
    assert size_of(b"k", b"vv", (("ä", b"123"), ("n", None))) == RECORD_OVERHEAD + 3 + 5 + 1


def test_numbers_begin_again_after_the_largest() -> None:
    """Sequence numbers have 31 bits."""
    batch = batch_of([(None, b"", (), 0)] * 3).numbered(7, 0, MAX_SEQUENCE - 1)
    assert batch.last_sequence == 0
    assert sequence_after(batch.last_sequence, 1) == 1
    assert repr(batch) == f"<RecordBatch records=3 size=63 producer=7 epoch=0 sequence={MAX_SEQUENCE - 1}>"
    assert batch_of([(None, b"", (), 0)]).last_sequence == -1


def test_deserializers_see_bytes_only() -> None:
    """What is missing stays missing, and what they raise comes out."""
    stored = StoredBatch(0, 0, batch_of([(None, b"1", (), 0), (b"k", None, (), 0)]))
    made = stored.records("orders", 0, key_of=bytes.decode, value_of=int)
    assert [(record.key, record.value) for record in made] == [(None, 1), ("k", None)]
    with pytest.raises(ValueError, match="invalid literal"):
        stored.records("orders", 0, key_of=int)


def test_columns_have_one_length() -> None:
    """A batch that could not be read is not made."""
    with pytest.raises(ValueError, match="1 keys, 2 values, 1 headers, 1 timestamps"):
        RecordBatch([None], [b"", b""], [()], [0])
    with pytest.raises(ValueError, match="one or more records"):
        RecordBatch([], [], [], [])


def test_records_are_made_under_the_checker_too() -> None:
    """The way through C is one that the checker's loader follows."""

    def scenario() -> None:
        from threading import Thread

        from concur.pubsub.batch import RecordBatch, StoredBatch

        log: list[StoredBatch] = []
        batch = RecordBatch([None, b"k"], [b"a", b"b"], [(), ()], [1, 2])
        appender = Thread(target=lambda: log.append(StoredBatch(5, 0, batch)))
        appender.start()
        seen = [record.offset for stored in log for record in stored.records("orders", 0)]
        appender.join()
        assert seen in ([], [5, 6])

    verdict = explore(scenario)
    assert verdict.status.value == "verified", verdict
