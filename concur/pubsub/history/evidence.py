"""What a history proves about the partitions: which value is at which offset, and who saw it first.

Two sources: an acknowledged send proves that its record was at its offset, and
so does every record that a poll returned, also of a poll whose call then failed:
what a consumer has handed out it cannot take back (Jepsen, tests/kafka.clj,
``version-orders``). Offsets only order: gaps between them are legal.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Hashable, Sequence
from functools import cached_property
from typing import NamedTuple

from concur.errors import UsageError
from concur.pubsub.history.rows import Row, Seen, shown

Partition = tuple[str, int]


def named(at: Partition) -> str:
    return f"{at[0]}-{at[1]}"


class Conflict(NamedTuple):
    """Two observations that contradict each other: of one offset, or of one value."""

    one: Seen
    one_row: Row
    other: Seen
    other_row: Row
    both_read: bool


class Log:
    """One partition, as the clients have seen it."""

    __slots__ = ("__dict__", "acked", "acked_by", "read", "read_by")

    def __init__(self) -> None:
        # By offset: the record that was seen there first, and the row that says so.
        self.acked: dict[int, Seen] = {}
        self.acked_by: dict[int, Row] = {}
        self.read: dict[int, Seen] = {}
        self.read_by: dict[int, Row] = {}

    @cached_property
    def offsets(self) -> list[int]:
        """Where there is a record, in order."""
        return sorted(self.acked.keys() | self.read.keys())

    @cached_property
    def read_offsets(self) -> list[int]:
        return sorted(self.read)

    def skipped(self, low: int, high: int) -> "Skipped | None":
        """The known records above *low* and below *high*; None if there are none."""
        known, read = self.offsets, self.read_offsets
        first = bisect_right(known, low)
        count = bisect_left(known, high) - first
        if count <= 0:
            return None
        # A record that was read is a better witness than one that was only acknowledged.
        first_read = bisect_right(read, low)
        if first_read < len(read) and read[first_read] < high:
            return Skipped(read[first_read], count)
        return Skipped(known[first], count)

    def seen(self, offset: int) -> Seen:
        return self.read.get(offset) or self.acked[offset]

    def seen_by(self, offset: int) -> Row:
        return self.read_by.get(offset) or self.acked_by[offset]

    def proof(self, offset: int) -> frozenset[str]:
        """What must have been promised for the record at *offset* to be there for good."""
        return frozenset({"clean", "kept"} if offset in self.read else {"acks-all", "clean", "kept"})


class Skipped(NamedTuple):
    """Records that are left out: one of them, and their number."""

    witness: int  # its offset
    number: int


class Evidence:
    """The rows of a history, gone through once."""

    def __init__(self, rows: Sequence[Row], groups: dict[str, str]) -> None:
        self.rows = rows
        self.groups = groups  # of the processes that are in one
        self.logs: dict[Partition, Log] = {}
        # By topic and value. Values are unique in a topic: each has one send.
        self.sent: dict[tuple[str, Hashable], Row] = {}  # the invoke row
        self.ended: dict[tuple[str, Hashable], Row] = {}  # how the send ended
        self.placed: dict[
            tuple[str, Hashable], tuple[Seen, Row, bool]
        ] = {}  # where first seen; was it read there
        self.read: dict[tuple[str, Hashable], Row] = {}  # who read it first
        self.acked: list[tuple[Seen, Row]] = []
        self.offset_conflicts: list[Conflict] = []
        self.value_conflicts: list[Conflict] = []
        for index, row in enumerate(rows):
            row.index = index
            if row.f == "send":
                self._send(row)
            elif row.f == "poll" and row.type != "invoke":
                for seen in row.value:
                    self._saw(seen, row, True)
        self.conflicting = {
            (conflict.one.topic, conflict.one.partition, conflict.one.offset)
            for conflict in self.offset_conflicts
        }

    def group_of(self, process: str) -> str:
        return self.groups.get(process, "")

    def log(self, at: Partition) -> Log:
        log = self.logs.get(at)
        return Log() if log is None else log

    def _send(self, row: Row) -> None:
        if row.type == "invoke":
            twice = len(row.value) > len({(seen.topic, seen.value) for seen in row.value})
            for seen in row.value:
                first = self.sent.setdefault((seen.topic, seen.value), row)
                if first is not row or twice:
                    raise UsageError(
                        f"{first.process} and {row.process} both sent {shown(seen.value)} to {seen.topic}: in a"
                        " history values are unique, or a record that was sent twice cannot be told from one that"
                        " was doubled; count, or give History(identify=...) what tells your values apart"
                    )
            return
        for seen in row.value:
            self.ended[seen.topic, seen.value] = row
            if row.type == "ok":
                self.acked.append((seen, row))
                if seen.offset is not None:
                    self._saw(seen, row, False)

    def _saw(self, seen: Seen, row: Row, is_read: bool) -> None:
        topic, partition, offset, value = seen
        if partition is None or offset is None:
            raise UsageError(
                f"row {row.index}: {row.process} polled {seen} without a partition and an offset"
            )
        log = self.logs.get((topic, partition))
        if log is None:
            log = self.logs[topic, partition] = Log()
        if is_read:
            self.read.setdefault((topic, value), row)
            mine, mine_by, theirs, theirs_by = log.read, log.read_by, log.acked, log.acked_by
        else:
            mine, mine_by, theirs, theirs_by = log.acked, log.acked_by, log.read, log.read_by
        first = mine.setdefault(offset, seen)
        if first is seen:
            mine_by[offset] = row
        elif first.value != value:
            self.offset_conflicts.append(Conflict(first, mine_by[offset], seen, row, is_read))
        other = theirs.get(offset)
        if other is not None and other.value != value and first is seen:
            self.offset_conflicts.append(Conflict(other, theirs_by[offset], seen, row, False))
        placed = self.placed.get((topic, value))
        if placed is None:
            self.placed[topic, value] = (seen, row, is_read)
        elif placed[0].offset != offset or placed[0].partition != partition:
            self.value_conflicts.append(Conflict(placed[0], placed[1], seen, row, placed[2] and is_read))
