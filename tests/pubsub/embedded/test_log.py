"""The log of a partition beside a list of all records; and what it refuses."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from concur.pubsub.batch import RecordBatch, StoredBatch
from concur.pubsub.embedded.log import PartitionLog
from concur.pubsub.errors import OffsetOutOfRange

SEGMENT, RECORD, EVERYTHING = 100, 10, 10**9


def batch_of(values: list[int], timestamp: int = 0) -> RecordBatch:
    """Records that are RECORD bytes each; the first at *timestamp*, later ones a millisecond older each."""
    n = len(values)
    return RecordBatch(
        *([None] * n, [b"%d" % value for value in values], [()] * n),
        *([timestamp - i for i in range(n)],),
        size=n * RECORD,
    )


def values_of(batches: list[StoredBatch], start: int = 0, below: int | None = None) -> list[int]:
    return [int(record.value) for stored in batches for record in stored.records("t", 0, start, below)]


def log_of(*sizes: int, **options: Any) -> PartitionLog:
    """A log with batches of so many records, the values of which are their offsets."""
    log = PartitionLog(**options)
    for size in sizes:
        log.append(batch_of(list(range(log.end, log.end + size)), log.end), 0)
    return log


class Beside(RuleBasedStateMachine):
    """Each rule is done to a log and to a list of its batches, and both are compared."""

    def __init__(self) -> None:
        super().__init__()
        self.log = PartitionLog(segment_bytes=SEGMENT, segment_ms=50, retention_ms=100, retention_bytes=250)
        self.batches: list[StoredBatch] = []  # all that was ever appended and not cut off
        self.start = self.end = self.values = self.now = 0

    @rule(records=st.integers(1, 4), later=st.integers(-5, 30), epoch=st.integers(0, 3), copied=st.booleans())
    def append(self, records: int, later: int, epoch: int, copied: bool) -> None:
        self.now = max(self.now + later, 10)
        batch = batch_of(list(range(self.values, self.values + records)), self.now)
        self.values += records
        stored = StoredBatch(self.end, epoch, batch)
        if copied:
            self.log.append_stored([stored])
        else:
            assert self.log.append(batch, epoch) == self.end
        self.batches.append(stored)
        self.end += records

    @rule(data=st.data(), max_bytes=st.integers(0, 200))
    def read(self, data: st.DataObject, max_bytes: int) -> None:
        offset = data.draw(st.integers(self.start, self.end))
        below = data.draw(st.none() | st.integers(self.start, self.end + 2))
        limit = self.end if below is None else below
        expected: list[StoredBatch] = []
        size = 0
        for stored in self.batches:
            if stored.next_offset > offset and offset < limit:
                size += stored.batch.size
                if stored.next_offset > limit or (expected and size > max_bytes):
                    break
                expected.append(stored)
        found = self.log.read(offset, max_bytes, below)
        assert [one.base_offset for one in found] == [one.base_offset for one in expected]
        assert all(one.batch is other.batch for one, other in zip(found, expected, strict=True))

    @rule(by=st.integers(1, 5))
    def read_outside(self, by: int) -> None:
        for offset in (self.start - by, self.end + by):
            with pytest.raises(OffsetOutOfRange):
                self.log.read(offset, EVERYTHING)

    @rule(data=st.data())
    def truncate(self, data: st.DataObject) -> None:
        to = data.draw(st.integers(max(self.start - 3, 0), self.end + 2))
        if to <= self.start and to < self.end:
            self.batches = []
            self.start = self.end = to
        elif to < self.end:
            first = self.batches[0].base_offset
            self.batches = [stored for stored in self.batches if stored.next_offset <= to]
            self.end = self.batches[-1].next_offset if self.batches else first
            self.start = min(self.start, self.end)
        assert self.log.truncate(to) == self.end

    @rule(data=st.data(), later=st.integers(0, 200))
    def delete_old(self, data: st.DataObject, later: int) -> None:
        below = data.draw(st.integers(self.start, self.end))
        segments = [[stored.batch for stored in segment.batches] for segment in self.log._view[2]]
        ends = [segment.end for segment in self.log._view[2]]
        sizes = [sum(batch.size for batch in batches) for batches in segments]
        expected = 0
        for i, batches in enumerate(segments[:-1]):
            too_old = self.now + later - max(max(batch.timestamps) for batch in batches) > 100
            if ends[i] > below or not (too_old or sum(sizes[i + 1 :]) >= 250):
                break
            expected += 1
        assert self.log.delete_old(self.now + later, below) == expected
        if expected:
            self.start = max(self.start, ends[expected - 1])
        self.batches = [stored for stored in self.batches if stored.next_offset > self.start]

    @precondition(lambda self: self.end > self.start)
    @rule(data=st.data())
    def delete_before(self, data: st.DataObject) -> None:
        self.start = data.draw(st.integers(self.start, self.end))
        self.log.delete_before(self.start)
        self.batches = [stored for stored in self.batches if stored.next_offset > self.start]

    @rule(ahead=st.integers(0, 5))
    def start_anew(self, ahead: int) -> None:
        self.start = self.end = self.end + ahead
        self.batches = []
        self.log.start_anew(self.start)

    @rule(timestamp=st.integers(-5, 200), data=st.data())
    def find_time(self, timestamp: int, data: st.DataObject) -> None:
        below = data.draw(st.none() | st.integers(self.start, self.end))
        limit = self.end if below is None else below
        records = [record for stored in self.batches for record in stored.records("t", 0, self.start, limit)]
        expected = next(((r.offset, r.timestamp) for r in records if r.timestamp >= timestamp), None)
        assert self.log.offset_for_time(timestamp, below) == expected

    @invariant()
    def same(self) -> None:
        assert (self.log.start, self.log.end) == (self.start, self.end)
        held = list(self.log.batches())
        assert [one.batch for one in held if one.next_offset > self.start] == [
            one.batch for one in self.batches
        ]
        segments = self.log._view[2]
        assert segments[0].base_offset <= self.start
        assert segments[-1].end == self.end
        for one, other in pairwise(segments):
            assert one.end == other.base_offset
            assert one.batches, "an empty segment was left"
        assert self.log.size == sum(one.batch.size for one in held)


TestBeside = Beside.TestCase
TestBeside.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)


def test_segments_are_left_when_they_are_full_or_old():
    by_size = log_of(4, 4, 2, 1, segment_bytes=SEGMENT)
    assert [segment.base_offset for segment in by_size._view[2]] == [0, 10]
    by_time = PartitionLog(segment_ms=100)
    for timestamp in (1000, 1050, 1100, 1101, 1150):
        by_time.append(batch_of([0], timestamp), 0)
    assert [segment.base_offset for segment in by_time._view[2]] == [0, 3]


def test_a_batch_larger_than_a_segment_has_one_of_its_own():
    log = log_of(1, 20, 1, segment_bytes=SEGMENT)
    assert [segment.base_offset for segment in log._view[2]] == [0, 1, 21]
    assert values_of(log.read(1, max_bytes=1)) == list(range(1, 21))


def test_retention_by_time_goes_by_the_youngest_record():
    log = log_of(10, 10, 10, segment_bytes=SEGMENT, retention_ms=100)
    assert log.delete_old(now_ms=100, below=30) == 0
    assert log.delete_old(now_ms=111, below=9) == 0  # nobody may lose what is above the watermark
    assert log.delete_old(now_ms=111, below=10) == 1
    assert log.delete_old(now_ms=110, below=30) == 0
    assert log.delete_old(now_ms=111, below=30) == 1
    assert log.delete_old(now_ms=10**6, below=30) == 0  # never the last one
    assert (log.start, log.end) == (20, 30)


def test_retention_by_time_stops_at_the_first_that_is_young():
    log = PartitionLog(segment_bytes=10, retention_ms=100, segment_ms=10**9)
    for timestamp in (500, 0, 0, 0):
        log.append(batch_of([0], timestamp), 0)
    assert log.delete_old(now_ms=550, below=4) == 0


def test_retention_by_size_leaves_as_much_as_was_asked_for():
    log = log_of(10, 10, 10, 5, segment_bytes=SEGMENT, retention_ms=-1, retention_bytes=150)
    assert log.delete_old(now_ms=10**9, below=35) == 2
    assert log.size == 150
    log = log_of(10, 10, 10, segment_bytes=SEGMENT, retention_ms=-1)
    assert log.delete_old(now_ms=10**15, below=30) == 0


def test_memory_stays_what_retention_says():
    log = PartitionLog(segment_bytes=10_000, retention_bytes=50_000)
    for offset in range(0, 100_000, 100):
        log.append(batch_of(list(range(100)), offset), 0)
        log.delete_old(now_ms=0, below=log.end)
    assert sum(1 for _ in log.batches()) <= 60
    assert log.segments <= 60


def test_a_copy_of_another_log_has_no_gaps():
    leader, follower = log_of(2, 3, 4), PartitionLog(name="orders-0")
    follower.append_stored(leader.read(0, EVERYTHING)[:1])
    with pytest.raises(OffsetOutOfRange, match="orders-0 ends at offset 2, so a batch that begins at 5"):
        follower.append_stored(leader.read(5, EVERYTHING))
    follower.append_stored(leader.read(2, EVERYTHING))
    assert list(follower.batches()) == list(leader.batches())


def test_offsets_outside_say_what_the_log_holds():
    log = PartitionLog(name="orders-0")
    log.append(batch_of([1, 2]), 0)
    with pytest.raises(
        OffsetOutOfRange, match=r"offset 3 is not in orders-0, which holds 0 to 1 and ends at 2\."
    ):
        log.read(3, 1)
    with pytest.raises(OffsetOutOfRange):
        log.delete_before(3)


def test_an_append_that_was_interrupted_did_not_happen():
    """Ctrl-C after the batch was in its segment, and before the log said so."""
    for half in (False, True):
        log = log_of(2, 2)
        segment = log._view[2][-1]
        segment.add(StoredBatch(4, 0, batch_of([99])))
        if half:
            segment.ends.pop()
        assert values_of(log.read(0, EVERYTHING)) == [0, 1, 2, 3]
        assert log.append(batch_of([4]), 0) == 4
        assert values_of(log.read(0, EVERYTHING)) == [0, 1, 2, 3, 4]


def test_a_log_tells_what_it_holds():
    assert repr(log_of(2, 3)) == "<PartitionLog 0..4 segments=1>"
