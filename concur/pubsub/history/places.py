"""Anomalies of places: two values at one offset, one value at two."""

from collections.abc import Hashable, Iterator

from concur.pubsub.history.evidence import Conflict, Evidence
from concur.pubsub.history.kinds import Anomaly
from concur.pubsub.history.rows import Row, Seen, shown


def inconsistent_offsets(evidence: Evidence) -> Iterator[Anomaly]:
    """Two values at one offset, over all acknowledged sends and all polls; told once for each offset.

    What a consumer has read is below the high watermark, and there only an unclean election changes it. What was
    acknowledged may be replaced if it was on the leader alone.
    """
    told: set[tuple[str, int | None, int | None]] = set()
    for conflict in sorted(evidence.offset_conflicts, key=lambda conflict: not conflict.both_read):
        one, other = conflict.one, conflict.other
        place = (one.topic, one.partition, one.offset)
        if place in told:
            continue
        told.add(place)
        yield Anomaly(
            "inconsistent-offsets",
            f"{_saw(conflict.one_row, one)}, and {_saw(conflict.other_row, other)}",
            in_order(conflict.one_row, conflict.other_row),
            frozenset({"clean"} if conflict.both_read else {"clean", "acks-all"}),
            where(one),
        )


def duplicates(evidence: Evidence) -> Iterator[Anomaly]:
    """One value at more than one place; told once for each value.

    A table of sequence numbers that an unclean election throws away with the log cannot recognise what is sent again.
    """
    by_value: dict[tuple[str, Hashable], list[Conflict]] = {}
    for conflict in evidence.value_conflicts:
        by_value.setdefault((conflict.one.topic, conflict.one.value), []).append(conflict)
    for conflicts in by_value.values():
        one, one_row = conflicts[0].one, conflicts[0].one_row
        others = {(where(found.other), found.other.offset): found for found in conflicts}.values()
        places = " and at ".join(f"{where(found.other)}:{found.other.offset}" for found in others)
        yield Anomaly(
            "duplicate",
            f"{shown(one.value)}, which was sent once, is at {where(one)}:{one.offset} and at {places}",
            in_order(one_row, *(found.other_row for found in others)),
            frozenset({"clean", "idempotent"}),
            where(one),
        )


def _saw(row: Row, seen: Seen) -> str:
    place = f"{where(seen)}:{seen.offset}"
    if row.f == "poll":
        return f"{row.process} read {shown(seen.value)} at {place}"
    return f"{row.process} was told that {shown(seen.value)} is at {place}"


def where(seen: Seen) -> str:
    return f"{seen.topic}-{seen.partition}"


def in_order(*rows: Row) -> tuple[Row, ...]:
    """The rows and those that began them, each once, in the order of the history."""
    every = {row.index: row for shown in rows for row in (shown.began, shown)}
    return tuple(every[index] for index in sorted(every))
