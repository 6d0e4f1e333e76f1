"""Anomalies of existence: records that were acknowledged and not read, and read and not sent."""

from collections.abc import Iterator

from concur.pubsub.history.evidence import Evidence, Partition
from concur.pubsub.history.kinds import Anomaly
from concur.pubsub.history.places import in_order, where
from concur.pubsub.history.rows import Row, shown


def losses(evidence: Evidence) -> Iterator[Anomaly]:
    """Acknowledged records that nobody ever read.

    Whoever has read a later record of the partition has passed the place, so the record is lost. Without such a
    reader it may be that nobody came so far: only a drain to the end shows that it is lost. A send that may have
    happened (info) owes nothing.
    """
    drains = _drains(evidence)
    for seen, row in evidence.acked:
        if (seen.topic, seen.value) in evidence.read:
            continue
        partition = -1 if seen.partition is None else seen.partition
        log = evidence.log((seen.topic, partition))
        told = f"{row.process} was told that {shown(seen.value)} is at {where(seen)}:{seen.offset}"
        breaks = {"acks-all", "clean", "kept"}
        if seen.offset is not None and log.read_offsets and log.read_offsets[-1] >= seen.offset:
            last = log.read_offsets[-1]
            reader = log.read_by[last]
            if seen.offset < log.read_offsets[0]:
                breaks.add("earliest")  # the consumers may have begun later
            yield Anomaly(
                "lost-write",
                f"{told}; nobody has read it, although {reader.process} has read offset {last}",
                in_order(row, reader),
                frozenset(breaks),
                where(seen),
            )
            continue
        drain = drains.get((seen.topic, partition))
        if drain is None or drain.began.index < row.index:
            breaks.add("drained")
            yield Anomaly(
                "unseen", f"{told}; nobody has read it", in_order(row), frozenset(breaks), where(seen)
            )
            continue
        yield Anomaly(
            "unseen",
            f"{told}; {drain.process} then read {where(seen)} to its end without finding it",
            in_order(row, drain),
            frozenset(breaks),
            where(seen),
        )


def wrong_reads(evidence: Evidence) -> Iterator[Anomaly]:
    """Records that were read although their send failed for certain (G1a), or although nobody sent them."""
    for (topic, value), reader in evidence.read.items():
        seen = evidence.placed[topic, value][0]
        sent = evidence.sent.get((topic, value))
        ended = evidence.ended.get((topic, value))
        if ended is not None and ended.type == "fail":
            yield Anomaly(
                "aborted-read",
                f"{reader.process} read {shown(value)} at {where(seen)}:{seen.offset}, but {ended.process} was"
                f" told that its send had not happened ({ended.error or 'failed'})",
                in_order(ended, reader),
                frozenset(),
                where(seen),
            )
        elif sent is None and ended is None:
            yield Anomaly(
                "unsent-read",
                f"{reader.process} read {shown(value)} at {where(seen)}:{seen.offset}, which nobody sent",
                in_order(reader),
                frozenset({"recorded"}),
                where(seen),
            )


def _drains(evidence: Evidence) -> dict[Partition, Row]:
    """The last drain of each partition."""
    return {
        (seen.topic, seen.partition): row
        for row in evidence.rows
        if row.f == "drain" and row.type == "ok"
        for seen in row.value
        if seen.partition is not None
    }
