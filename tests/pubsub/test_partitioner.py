"""Partitions by key, as all of Kafka's clients choose them, and without."""

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from concur.pubsub import partitioner
from concur.pubsub.partitioner import Partitioner, murmur2

# Those of UtilsTest.testMurmur2 in Kafka.
VECTORS = {
    b"21": -973932308,
    b"foobar": -790332482,
    b"a-little-bit-long-string": -985981536,
    b"a-little-bit-longer-string": -1486304829,
    b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
    b"abc": 479470107,
}


def signed(number: int) -> int:
    """The number as 32 bits of Java."""
    return (number + 2**31) % 2**32 - 2**31


def murmur2_by_the_book(data: bytes) -> int:
    """Byte by byte, in Java's arithmetic: what is tested is written another way."""
    m = 0x5BD1E995
    h = signed(0x9747B28C ^ len(data))
    while len(data) >= 4:
        k = signed(data[0] | data[1] << 8 | data[2] << 16 | data[3] << 24)
        k = signed(k * m)
        k = signed(k ^ (k % 2**32 >> 24))
        k = signed(k * m)
        h = signed(signed(h * m) ^ k)
        data = data[4:]
    for i in reversed(range(len(data))):
        h = signed(h ^ data[i] << 8 * i)
    if data:
        h = signed(h * m)
    h = signed(h ^ (h % 2**32 >> 13))
    h = signed(h * m)
    return signed(h ^ (h % 2**32 >> 15))


@pytest.mark.parametrize("key", VECTORS)
def test_the_hash_is_that_of_kafka(key: bytes) -> None:
    """Kafka's own examples come out."""
    assert murmur2(key) == VECTORS[key]
    assert Partitioner().partition(key, 7) == (VECTORS[key] & 0x7FFFFFFF) % 7


@given(st.binary(max_size=40))
def test_the_hash_is_the_one_of_the_book(key: bytes) -> None:
    """So it does for keys of any length."""
    assert murmur2(key) == murmur2_by_the_book(key)


@given(st.lists(st.binary(max_size=2), max_size=20), st.integers(1, 9))
def test_a_key_has_one_partition(keys: list[bytes], n: int) -> None:
    """Asked again, or by another producer, or with other partitions to be had: it is the same."""
    one, other = Partitioner(), Partitioner()
    for key in keys:
        assert one.partition(key, n) == other.partition(key, n, (0,)) == one.partition(key, n) < n
    assert other.partition(b"", n) == one.partition(b"", n)


def test_keys_are_not_remembered_without_end(monkeypatch) -> None:
    """A producer that sees ever new keys does not grow."""
    monkeypatch.setattr(partitioner, "_KEYS_REMEMBERED", 3)
    one = Partitioner()
    for i in range(10):
        assert one.partition(b"%d" % i, 5) == (murmur2(b"%d" % i) & 0x7FFFFFFF) % 5
        assert len(one._hashes) <= 3


@given(st.integers(1, 300), st.integers(1, 4), st.lists(st.integers(1, 120), min_size=1, max_size=60))
def test_records_without_a_key_stick(batch_size: int, n: int, sizes: list[int]) -> None:
    """A partition is left when a batch's worth has gone there, not before, and for another."""
    one = Partitioner(batch_size)
    runs: list[tuple[int, int]] = []
    at, there = one.partition(None, n), 0
    for size in sizes:
        chosen = one.partition(None, n)
        assert 0 <= chosen < n
        if there >= batch_size:
            assert chosen != at or n == 1
            runs.append((at, there))
            at, there = chosen, 0
        assert chosen == at
        one.appended(chosen, size)
        there += size
    assert all(batch_size <= total < batch_size + 120 for _, total in runs)


def test_a_batch_that_cannot_be_sent_is_filled() -> None:
    """The partition is kept for another batch's worth at most while the batch is not full."""
    one = Partitioner(100)
    first = one.partition(None, 2)
    one.appended(first, 150, full=False)
    assert one.partition(None, 2) == first
    one.appended(first, 50, full=False)
    assert one.partition(None, 2) != first


def test_all_partitions_are_used() -> None:
    """In the long run each partition gets its share."""
    random.seed(1)
    one = Partitioner(1)
    chosen: Counter[int] = Counter()
    for _ in range(4000):
        chosen[one.partition(None, 4)] += 1
        one.appended(one.partition(None, 4), 1)
    assert set(chosen) == {0, 1, 2, 3}
    assert min(chosen.values()) > 800


def test_a_partition_without_a_leader_is_left() -> None:
    """What cannot be sent now is not what records without a key go to, unless nothing can."""
    one = Partitioner(1000)
    first = one.partition(None, 3)
    others = [n for n in range(3) if n != first]
    assert one.partition(None, 3, others) in others
    assert one.partition(None, 3, ()) in others
    assert one.partition(None, 3, [first]) == first


def test_keys_may_be_ignored() -> None:
    """With partitioner.ignore.keys a record with a key is one without."""
    one = Partitioner(1000, ignore_keys=True)
    assert {one.partition(b"%d" % i, 8) for i in range(20)} == {one.partition(None, 8)}


def test_what_went_elsewhere_does_not_count() -> None:
    """Only what was appended to the partition that is stuck to wears it out."""
    one = Partitioner(100)
    first = one.partition(None, 8)
    one.appended((first + 1) % 8, 1000)
    assert one.partition(None, 8) == first
