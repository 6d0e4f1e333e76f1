"""A stretch of a partition's log: batches in the order of their offsets, deleted as a whole."""

from bisect import bisect_right
from typing import Final

from concur.pubsub.batch import StoredBatch

NO_TIMESTAMP = -1


class Segment:
    """Batches from *base_offset* on. One thread adds; any may read meanwhile.

    Once another thread may see it, a segment only grows: what must be without some of its batches
    is a copy (``up_to``), so that nobody who reads is ever overtaken by a cut.

    >>> from concur.pubsub.batch import RecordBatch
    >>> segment = Segment(10)
    >>> for base in (10, 12, 14):
    ...     segment.add(StoredBatch(base, 0, RecordBatch([None] * 2, [b"v"] * 2, [()] * 2, [base, base + 1])))
    >>> segment
    <Segment 10..15 batches=3>
    >>> segment.up_to(13), segment
    (<Segment 10..11 batches=1>, <Segment 10..15 batches=3>)
    """

    __slots__ = ("base_offset", "batches", "ends", "first_timestamp", "max_timestamp", "size")

    def __init__(self, base_offset: int) -> None:
        self.base_offset: Final = base_offset
        # Invariant: each batch begins where the one before it ends, the first at base_offset.
        self.batches: Final[list[StoredBatch]] = []
        # Where each of them ends, for bisection. A batch comes first, so that what has an end has a batch.
        self.ends: Final[list[int]] = []
        # What follows never says less than what the batches say: it is set before a batch is added.
        self.size = 0  # bytes
        self.max_timestamp = NO_TIMESTAMP  # of all records
        self.first_timestamp = NO_TIMESTAMP  # the largest of the first batch

    def __repr__(self) -> str:
        return f"<Segment {self.base_offset}..{self.end - 1} batches={len(self.batches)}>"

    @property
    def end(self) -> int:
        """The offset after the last one."""
        return self.ends[-1] if self.ends else self.base_offset

    def is_torn(self, end: int) -> bool:
        """Whether an ``add`` was interrupted, and left more than is below *end*; only a copy may grow then."""
        ends = self.ends
        return len(self.batches) != len(ends) or (bool(ends) and ends[-1] != end)

    def add(self, stored: StoredBatch) -> None:
        """Add the next batch; the caller has seen to it that it begins at ``end``."""
        self._count(stored)
        self.batches.append(stored)
        self.ends.append(stored.next_offset)

    def up_to(self, offset: int) -> "Segment":
        """A copy without the batches that reach beyond *offset*."""
        copy = Segment(self.base_offset)
        for stored in self.batches[: bisect_right(self.ends, offset)]:
            copy.add(stored)
        return copy

    def index_of(self, offset: int) -> int:
        """The index of the batch that *offset* is in."""
        return bisect_right(self.ends, offset)

    def find_time(self, timestamp: int, start: int, below: int) -> tuple[int, int] | None:
        """Offset and time of the first record not older than *timestamp*, from *start* on and below *below*."""
        if self.max_timestamp < timestamp:
            return None
        for stored in self.batches[self.index_of(start) :]:
            if stored.base_offset >= below:
                break
            if stored.batch.max_timestamp >= timestamp:
                for offset, when in enumerate(stored.batch.timestamps, stored.base_offset):
                    if when >= timestamp and start <= offset < below:
                        return offset, when
        return None

    def _count(self, stored: StoredBatch) -> None:
        batch = stored.batch
        self.size += batch.size
        if batch.max_timestamp > self.max_timestamp:
            self.max_timestamp = batch.max_timestamp
        if self.first_timestamp == NO_TIMESTAMP:
            self.first_timestamp = batch.max_timestamp
