"""Which partition a record goes to, if the program does not say: by its key, or, without one, where the last
one went.

All records of one key go to one partition, so that they stay in order; which one is decided by a hash that all of
Kafka's clients share, murmur2. So programs in several languages put the records of one key together.

    >>> from concur.pubsub.partitioner import Partitioner, murmur2
    >>> murmur2(b"21")
    -973932308
    >>> Partitioner().partition(b"table 4", 8)
    3

Records without a key stick to one partition, chosen at random, until a batch's worth has gone there: then
another is chosen (KIP-794). Dealing them out one by one would make as many small batches as there are
partitions.

    >>> partitioner = Partitioner(batch_size=100)
    >>> first = partitioner.partition(None, 8)
    >>> partitioner.appended(first, 99)
    >>> partitioner.partition(None, 8) == first
    True

``Utils.murmur2`` and ``BuiltInPartitioner.java`` have the rules. Two things differ: here the next partition is
another than the last, where there are several, and one that has lost its leader is left at once.
"""

import random
from collections.abc import Sequence
from struct import iter_unpack

_MASK = 0xFFFFFFFF
_SEED = 0x9747B28C
_MULTIPLIER = 0x5BD1E995

_KEYS_REMEMBERED = 10_000


def murmur2(data: bytes) -> int:
    """Austin Appleby's 32-bit hash with the seed that Kafka has chosen, as Java's signed number.

    Args:
        data: the serialized key.

    Returns:
        From -2**31 to 2**31 - 1.
    """
    length = len(data)
    whole = length & ~3
    h = _SEED ^ length
    for (k,) in iter_unpack("<I", data[:whole]):
        k = k * _MULTIPLIER & _MASK
        k = (k ^ k >> 24) * _MULTIPLIER & _MASK
        h = h * _MULTIPLIER & _MASK ^ k
    if whole < length:
        h = (h ^ int.from_bytes(data[whole:], "little")) * _MULTIPLIER & _MASK
    h = (h ^ h >> 13) * _MULTIPLIER & _MASK
    h ^= h >> 15
    return h - (h >> 31 << 32)


class Partitioner:
    """Chooses the partitions of one topic's records, for one producer.

    It has no lock of its own. For records without a key a producer asks it and reports under one, so that what was
    reported is where the record went. Keys always go the same way, and may be asked for by several threads at once: the
    worst is that two of them hash the same one.

    Args:
        batch_size: so many bytes without a key go to one partition before the next is chosen.
        ignore_keys: whether records with a key are treated as those without.
    """

    __slots__ = ("_batch_size", "_bytes", "_due", "_hashes", "_ignore_keys", "_sticky")

    def __init__(self, batch_size: int = 16_384, *, ignore_keys: bool = False) -> None:
        self._batch_size = max(batch_size, 1)
        self._ignore_keys = ignore_keys
        # Hashing a key costs more than all the rest of a send. Bounded, as there is no end of keys.
        self._hashes: dict[bytes, int] = {}
        self._sticky = -1  # where records without a key go; -1 before the first
        self._bytes = 0  # of records without a key, appended there since it was chosen
        self._due = True  # whether the next record without a key goes to another partition

    def partition(self, key: bytes | None, partitions: int, available: Sequence[int] = ()) -> int:
        """The partition for a record.

        Args:
            key: serialized, or None.
            partitions: how many the topic has.
            available: those that have a leader; only of interest to records without a key. Empty: all, or unknown.
        """
        if key is not None and not self._ignore_keys:
            hashed = self._hashes.get(key)
            if hashed is None:
                if len(self._hashes) >= _KEYS_REMEMBERED:
                    self._hashes.clear()
                hashed = self._hashes[key] = murmur2(key) & 0x7FFFFFFF
            return hashed % partitions
        if self._due or self._sticky >= partitions or (available and self._sticky not in available):
            self._choose(available or range(partitions))
        return self._sticky

    def appended(self, partition: int, size: int, *, full: bool = True) -> None:
        """A record without a key was appended: after a batch's worth, the next one goes to another partition.

        Args:
            partition: where it was appended.
            size: its bytes.
            full: whether the batch is one that can be sent. If not, the partition is kept a little longer, for at
                most two batches' worth, so that no half batch is left behind.
        """
        if partition == self._sticky:
            self._bytes += size
            self._due = self._bytes >= self._batch_size * (1 if full else 2)

    def _choose(self, among: Sequence[int]) -> None:
        others = [partition for partition in among if partition != self._sticky] or among
        self._sticky = others[random.randrange(len(others))]
        self._bytes = 0
        self._due = False
