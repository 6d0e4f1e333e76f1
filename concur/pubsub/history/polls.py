"""Anomalies of polls: a consumer that is given records out of order, or not all of them.

One consumer and one partition: the records of successive polls follow each other
in the log. A poll that begins later than that skips records, if it is known from
anybody that there were some; one that begins earlier goes back. When a partition
has moved to the consumer in between, or back to it, it goes on from the committed
offset, so both are allowed. After a seek there is nothing to compare with.
"""

from collections.abc import Iterator

from concur.pubsub.history.evidence import Evidence, Partition, Skipped, named
from concur.pubsub.history.kinds import Anomaly
from concur.pubsub.history.places import in_order
from concur.pubsub.history.rows import Row


class _Position:
    """How far a consumer has come in a partition."""

    __slots__ = ("least", "most", "row")

    def __init__(self, least: int, most: int, row: Row) -> None:
        # Of the last record that it was given. They differ after a call that gave records and then failed:
        # whether the consumer goes on before those records or after them is its own affair.
        self.least = least
        self.most = most
        self.row = row


class _Consumer:
    def __init__(self) -> None:
        self.at: dict[Partition, _Position] = {}
        self.moved: set[Partition] = set()  # came or went since they were last polled
        self.moved_now: set[Partition] = set()  # came or went during this poll
        self.subscribed = False
        self.told_of_moves = False  # whether the history has what its listener was told

    def is_moved(self, at: Partition) -> bool:
        return at in self.moved or (self.subscribed and not self.told_of_moves)

    def moves(self, row: Row) -> None:
        self.told_of_moves = True
        for seen in row.value:
            at = (seen.topic, seen.partition if seen.partition is not None else -1)
            self.moved.add(at)
            self.moved_now.add(at)


def poll_order(evidence: Evidence) -> Iterator[Anomaly]:
    """Skips and steps back, between the polls of a consumer and within each."""
    consumers: dict[str, _Consumer] = {}
    for row in evidence.rows:
        consumer = consumers.get(row.process)
        if consumer is None:
            consumer = consumers[row.process] = _Consumer()
        match row.f:
            case "poll" if row.type == "invoke":
                consumer.moved_now.clear()
            case "poll":
                yield from _poll(evidence, consumer, row)
            case "assigned" | "revoked" | "lost":
                consumer.moves(row)
            case "seek":
                for seen in row.value:
                    consumer.at.pop((seen.topic, seen.partition if seen.partition is not None else -1), None)
            case "assign" if row.type == "ok":
                # As in Kafka: what stays assigned keeps its position.
                mine = {(seen.topic, seen.partition) for seen in row.value}
                consumer.at = {at: position for at, position in consumer.at.items() if at in mine}
                consumer.subscribed = False
            case "assign" if row.type == "info":
                consumer.at.clear()
            case "subscribe" if row.type in ("ok", "info"):
                consumer.at.clear()
                consumer.subscribed = True
            case "crash" | "close":
                consumers[row.process] = _Consumer()
            case _:
                pass


def _poll(evidence: Evidence, consumer: _Consumer, row: Row) -> Iterator[Anomaly]:
    offsets: dict[Partition, list[int]] = {}
    for topic, partition, offset, _ in row.value:
        assert partition is not None
        assert offset is not None  # or it would be no evidence
        offsets.setdefault((topic, partition), []).append(offset)
    for at, given in offsets.items():
        before = consumer.at.get(at)
        if before is not None:
            yield from _between(evidence, at, before, given[0], row, consumer.is_moved(at))
        moved_now = at in consumer.moved_now
        last = given[0]
        for offset in given[1:]:
            if offset != last + 1:  # as nearly always
                yield from _within(evidence, at, last, offset, row, moved_now)
            last = offset
        if row.type == "ok":
            consumer.at[at] = _Position(last, last, row)
            consumer.moved.discard(at)
        elif before is not None:
            before.most = max(before.most, last)


def _between(
    evidence: Evidence, at: Partition, before: _Position, first: int, row: Row, moved: bool
) -> Iterator[Anomaly]:
    if first <= before.least:
        yield _back(at, before.least, first, row, before.row, "nonmonotonic-poll", moved)
    elif first > before.most + 1:
        skipped = evidence.log(at).skipped(before.most, first)
        if skipped is not None:
            yield _skip(evidence, at, (before.most, first), skipped, row, before.row, "poll-skip", moved)


def _within(
    evidence: Evidence, at: Partition, last: int, offset: int, row: Row, moved: bool
) -> Iterator[Anomaly]:
    if offset <= last:
        yield _back(at, last, offset, row, row, "int-nonmonotonic-poll", moved)
    else:
        skipped = evidence.log(at).skipped(last, offset)
        if skipped is not None:
            yield _skip(evidence, at, (last, offset), skipped, row, row, "int-poll-skip", moved)


def _back(at: Partition, last: int, offset: int, row: Row, before: Row, kind: str, moved: bool) -> Anomaly:
    again = f"offset {last} again" if offset == last else f"offset {offset} after offset {last}"
    text = f"{row.process} was given {again} of {named(at)}{_in_between(row, before, moved)}"
    return Anomaly(kind, text, in_order(before, row), _breaks({"clean"}, moved), named(at))


def _skip(
    evidence: Evidence,
    at: Partition,
    ends: tuple[int, int],
    skipped: Skipped,
    row: Row,
    before: Row,
    kind: str,
    moved: bool,
) -> Anomaly:
    log = evidence.log(at)
    others = f", and {skipped.number - 1} more of those between" if skipped.number > 1 else ""
    text = (
        f"{row.process} was given offset {ends[1]} of {named(at)} right after offset {ends[0]}"
        f"{_in_between(row, before, moved)}, but {log.seen(skipped.witness)} exists{others}"
    )
    rows = in_order(before, log.seen_by(skipped.witness), row)
    return Anomaly(kind, text, rows, _breaks(log.proof(skipped.witness), moved), named(at))


def _breaks(needed: set[str] | frozenset[str], moved: bool) -> frozenset[str]:
    return frozenset(needed) | {"assigned"} if moved else frozenset(needed)


def _in_between(row: Row, before: Row, moved: bool) -> str:
    if row is before:
        return ", in one poll"
    return ", the partition having moved in between" if moved else ""
