"""How far behind the consumers were: reported, never an error.

The lag of a poll is how long the record after the last one that the consumer has
was known to exist when the poll began. It is a lower bound: what nobody had seen
yet counts as not there.
"""

from bisect import bisect_right
from math import inf
from typing import NamedTuple

from concur.pubsub.history.evidence import Evidence, Log, Partition, named
from concur.pubsub.history.rows import Row


class Lag(NamedTuple):
    """A consumer that was behind, by how many seconds, and the row where its poll began."""

    seconds: float
    process: str
    where: str
    row: Row

    def __str__(self) -> str:
        return f"{self.process} was {self.seconds:.3f} s behind {self.where} (row {self.row.index})"


def worst_lag(evidence: Evidence) -> Lag | None:
    """The largest lag of any poll; None if no poll that returned was behind."""
    worst: Lag | None = None
    known = {at: _Known(log) for at, log in evidence.logs.items()}
    # Of each consumer and partition: the time from which on there was more than it has.
    since: dict[str, dict[Partition, float]] = {}
    reached: dict[tuple[str, Partition], int] = {}
    for row in evidence.rows:
        if row.type != "ok":
            continue
        mine = since.setdefault(row.process, {})
        match row.f:
            case "assign":
                partitions = [
                    (seen.topic, seen.partition) for seen in row.value if seen.partition is not None
                ]
                since[row.process] = {
                    at: mine[at] if at in mine else known[at].after(-1) for at in partitions if at in known
                }
            case "subscribe" | "crash" | "close":
                mine.clear()
            case "revoked" | "lost" | "seek":
                for seen in row.value:
                    mine.pop((seen.topic, seen.partition if seen.partition is not None else -1), None)
            case "poll":
                ends = {(seen.topic, seen.partition): seen.offset for seen in row.value}
                for at, offset in ends.items():
                    assert at[1] is not None
                    assert offset is not None
                    here = (at[0], at[1])
                    key = (row.process, here)
                    furthest = max(offset, reached.get(key, -1)) if here in mine else offset
                    reached[key] = furthest
                    mine[here] = known[here].after(furthest)
                began = row.began
                for here, time in mine.items():
                    seconds = began.time - time
                    if seconds > 0 and (worst is None or seconds > worst.seconds):
                        worst = Lag(seconds, row.process, named(here), began)
            case _:
                pass
    return worst


class _Known:
    """From which time on it was known that there is a record above an offset."""

    def __init__(self, log: Log) -> None:
        self.offsets = log.offsets
        self.times: list[float] = []  # from the nth offset on
        earliest = inf
        for offset in reversed(self.offsets):
            rows = (log.acked_by.get(offset), log.read_by.get(offset))
            earliest = min(earliest, *(row.time for row in rows if row is not None))
            self.times.append(earliest)
        self.times.reverse()

    def after(self, offset: int) -> float:
        nth = bisect_right(self.offsets, offset)
        return self.times[nth] if nth < len(self.times) else inf
