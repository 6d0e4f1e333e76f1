"""The log of one partition: records in the order in which they were appended, each with its offset.

Offsets are dense and never used for something else, once committed. Who appends adds
at the end; old segments are deleted at the start; and a follower that holds what its
leader never had is cut at the end. Readers go on meanwhile and take no lock.

    >>> from concur.pubsub.batch import RecordBatch
    >>> log = PartitionLog()
    >>> batch = RecordBatch([None, None], [b"one", b"two"], [(), ()], [1000, 1001])
    >>> log.append(batch, leader_epoch=0)
    0
    >>> log.append(batch, leader_epoch=0)
    2
    >>> log.read(1, max_bytes=1)  # at least the batch that the offset is in
    [<StoredBatch 0..1 epoch=0>]
    >>> log.truncate(2)
    2
    >>> log
    <PartitionLog 0..1 segments=1>

How it works. All that a reader needs is in one tuple, the *view*: where the log starts,
where it ends, and its segments. A change of the log ends with the assignment of a new
view, and that is the moment when it happens for everybody. A reader takes the view once
and never looks at the log again, so it sees the log as it was at one moment. What it
reaches from there stays as it is:

- A segment only grows, and at or above the end of every view it is in: its new batches
  are beyond what the view lets one read. A batch is in its segment before the view that
  ends after it is assigned, so all that is below the end is there.
- To cut, the segment that is left last is replaced by a copy, also if nothing of it goes.
  Otherwise what is appended next would get into a segment of views that go on, in other
  segments, with what was cut.
- Deleted segments are only left out of the next view.

The view and the lists are single references and single list operations, which are atomic,
with or without the global interpreter lock; and whoever sees a reference sees what was
written before it was stored (PEP 703 keeps both for attributes and lists).

Only one thread at a time may change a log: the lock of the replica sees to it. A batch is
never copied; in the logs of all replicas it is the same object.

Source: UnifiedLog.java (append, read, truncateTo, deleteOldSegments) and LogSegment.shouldRoll of Apache Kafka.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import TypeAlias

from concur.pubsub.batch import RecordBatch, StoredBatch
from concur.pubsub.embedded.segment import Segment
from concur.pubsub.errors import OffsetOutOfRange

WEEK_MS = 7 * 24 * 60 * 60 * 1000


# Start, end, segments, and where each of these begins. Invariant: there is a segment; the first begins at or below the
# start, each begins where the one before it ends, and the last ends at the end (or above it, with a batch that no view
# has been assigned for yet).
_View: TypeAlias = tuple[int, int, tuple[Segment, ...], tuple[int, ...]]


class PartitionLog:
    """Batches of records at their offsets, in segments.

    Args:
        segment_bytes: a segment that would grow beyond it is left, and a new one begun.
        segment_ms: so is one whose first batch is so much older than the one to be added, by their timestamps.
        retention_ms: milliseconds after which a segment may be deleted, by its youngest record; -1 for never.
        retention_bytes: how large the log may grow before its oldest segment is deleted; -1 for without bound.
        name: what to call it in messages.

    Example:
        >>> log = PartitionLog(segment_bytes=100, retention_bytes=200)
        >>> for second in range(5):
        ...     _ = log.append(RecordBatch([None], [b"x" * 79], [()], [1000 * second], size=100), leader_epoch=0)
        >>> log.delete_old(now_ms=5000, below=5)
        3
        >>> log.start, log.end
        (3, 5)
        >>> log.offset_for_time(3001)
        (4, 4000)
    """

    __slots__ = ("_view", "name", "retention_bytes", "retention_ms", "segment_bytes", "segment_ms")

    def __init__(
        self,
        *,
        segment_bytes: int = 2**30,
        segment_ms: int = WEEK_MS,
        retention_ms: int = WEEK_MS,
        retention_bytes: int = -1,
        name: str = "the log",
    ) -> None:
        self.segment_bytes, self.segment_ms = segment_bytes, segment_ms
        self.retention_ms, self.retention_bytes = retention_ms, retention_bytes
        self.name = name
        self._view: _View = (0, 0, (Segment(0),), (0,))

    def __repr__(self) -> str:
        start, end, segments, _ = self._view
        return f"<PartitionLog {start}..{end - 1} segments={len(segments)}>"

    @property
    def start(self) -> int:
        """The first offset that can be read."""
        return self._view[0]

    @property
    def end(self) -> int:
        """The offset that the next record will have."""
        return self._view[1]

    @property
    def size(self) -> int:
        """The bytes of all segments."""
        return sum(segment.size for segment in self._view[2])

    @property
    def segments(self) -> int:
        """How many segments there are; at least 1."""
        return len(self._view[2])

    def append(self, batch: RecordBatch, leader_epoch: int) -> int:
        """Add a batch at the end, and return the offset of its first record."""
        end = self._view[1]
        self.add(StoredBatch(end, leader_epoch, batch))
        return end

    def append_stored(self, stored: Iterable[StoredBatch]) -> None:
        """Add batches that another replica has, at the same offsets.

        Raises:
            OffsetOutOfRange: one does not begin where the log ends; those before it were added.
        """
        for one in stored:
            self.add(one)

    def add(self, stored: StoredBatch) -> None:
        """Add a batch that has its place already.

        Raises:
            OffsetOutOfRange: it does not begin where the log ends.
        """
        start, end, segments, bases = self._view
        if stored.base_offset != end:
            raise OffsetOutOfRange(
                f"{self.name} ends at offset {end}, so a batch that begins at {stored.base_offset} cannot follow. "
                "A replica appends what its leader has, without gaps: fetch from the end of the log."
            )
        active = segments[-1]
        if active.is_torn(end):  # Ctrl-C struck in the two last lines of this
            active = active.up_to(end)
            segments = (*segments[:-1], active)
        if self._is_full(active, stored.batch):
            active = Segment(end)
            segments, bases = (*segments, active), (*bases, end)
        active.add(stored)
        self._view = (start, stored.next_offset, segments, bases)

    def read(self, offset: int, max_bytes: int, below: int | None = None) -> list[StoredBatch]:
        """The batches from the one that *offset* is in; takes no lock.

        Args:
            offset: where to read from.
            max_bytes: how much at most; if the first batch alone is larger, it comes all the same.
            below: only batches that end at or below this offset, as the high watermark; all if None.

        Raises:
            OffsetOutOfRange: *offset* is below the start of the log or above its end.
        """
        start, end, segments, bases = self._view
        if not start <= offset <= end:
            raise self._out_of_range(offset, start, end)
        limit = end if below is None else min(below, end)
        found: list[StoredBatch] = []
        if offset >= limit:
            return found
        place = bisect_right(bases, offset) - 1
        index = segments[place].index_of(offset)
        for segment in segments[place:]:
            batches = segment.batches
            for i in range(index, len(batches)):  # what comes meanwhile is above the limit
                stored = batches[i]
                max_bytes -= stored.batch.size
                if stored.next_offset > limit or (found and max_bytes < 0):
                    return found
                found.append(stored)
            index = 0
        return found

    def batches(self) -> Iterator[StoredBatch]:
        """All batches that are there at the time of the first ``next``."""
        _, end, segments, _ = self._view
        for segment in segments:
            for stored in segment.batches:
                if stored.next_offset > end:
                    return
                yield stored

    def offset_for_time(self, timestamp: int, below: int | None = None) -> tuple[int, int] | None:
        """The first record that is not older.

        Args:
            timestamp: milliseconds since 1970.
            below: only records below this offset; all if None.

        Returns:
            Its offset and its timestamp; None if there is none.
        """
        start, end, segments, _ = self._view
        limit = end if below is None else min(below, end)
        for segment in segments:
            if segment.base_offset >= limit:
                break
            found = segment.find_time(timestamp, start, limit)
            if found is not None:
                return found
        return None

    def truncate(self, to: int) -> int:
        """Cut off what is at *to* and above; a batch that reaches beyond it goes whole.

        Returns:
            The new end. At the start of the log, or below, there is nothing to keep: it then begins anew at *to*.
        """
        start, end, segments, bases = self._view
        if to >= end:
            return end
        if to <= start:
            self.start_anew(to)
            return to
        place = bisect_right(bases, to) - 1
        # The copy is needed even if nothing of it goes: views of before have the old one, which must not grow.
        last = segments[place].up_to(to)
        self._view = (min(start, last.end), last.end, (*segments[:place], last), bases[: place + 1])
        return last.end

    def start_anew(self, offset: int) -> None:
        """Throw everything away; the next record gets *offset*."""
        self._view = (offset, offset, (Segment(offset),), (offset,))

    def delete_old(self, now_ms: int | None, below: int) -> int:
        """Delete segments as retention says, oldest first: never the last one, never one that reaches above *below*.

        Args:
            now_ms: the time, in milliseconds since 1970; None: only those that are too much, however old.
            below: the high watermark.

        Returns:
            How many segments went.
        """
        segments = self._view[2]
        excess = self.size - self.retention_bytes
        gone = 0
        for segment in segments[:-1]:
            too_old = now_ms is not None and 0 <= self.retention_ms < now_ms - segment.max_timestamp
            too_much = self.retention_bytes >= 0 and excess >= segment.size
            if segment.end > below or not (too_old or too_much):
                break
            excess -= segment.size
            gone += 1
        if gone:
            self._forget(segments[gone].base_offset)
        return gone

    def delete_before(self, offset: int) -> None:
        """Let the log start at *offset*, if it starts before; whole segments below go, but never the last one.

        Raises:
            OffsetOutOfRange: *offset* is above the end.
        """
        start, end, _, _ = self._view
        if offset > end:
            raise self._out_of_range(offset, start, end)
        if offset > start:
            self._forget(offset)

    def _forget(self, offset: int) -> None:
        start, end, segments, bases = self._view
        keep = max(bisect_right(bases, offset) - 1, 0)
        self._view = (max(start, offset), end, segments[keep:], bases[keep:])

    def _is_full(self, active: Segment, batch: RecordBatch) -> bool:
        return bool(active.ends) and (
            active.size + batch.size > self.segment_bytes
            or batch.max_timestamp - active.first_timestamp > self.segment_ms
        )

    def _out_of_range(self, offset: int, start: int, end: int) -> OffsetOutOfRange:
        return OffsetOutOfRange(
            f"offset {offset} is not in {self.name}, which holds {start} to {end - 1} and ends at {end}. "
            "What is below was deleted by retention, what is above was never written, or was cut off."
        )
