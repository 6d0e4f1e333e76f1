"""Anomalies of sends: the records of one client in another order than it sent them.

Only acknowledged sends are compared, in the order in which they began; one that
may have happened may also have happened late. Calls that send several records
are compared within as well. Foreign records between one's own are always allowed.
"""

from collections.abc import Hashable, Iterator
from itertools import pairwise
from typing import NamedTuple

from concur.pubsub.history.evidence import Evidence, Partition, named
from concur.pubsub.history.kinds import Anomaly
from concur.pubsub.history.places import in_order
from concur.pubsub.history.rows import Row, Seen, shown

_BREAKS = frozenset({"acks-all", "clean", "ordered"})


class _Sent(NamedTuple):
    began: int  # index of the row
    nth: int  # in that call
    seen: Seen
    row: Row


def send_order(evidence: Evidence) -> Iterator[Anomaly]:
    """Steps back in the log, between the sends of a client and within each."""
    by_client: dict[tuple[str, Partition], list[_Sent]] = {}
    nths: dict[int, dict[tuple[str, Hashable], int]] = {}
    for seen, row in evidence.acked:
        if seen.offset is None or seen.partition is None:
            continue
        began = row.began
        nth = 0
        if len(began.value) > 1:
            if began.index not in nths:
                nths[began.index] = {(sent.topic, sent.value): n for n, sent in enumerate(began.value)}
            nth = nths[began.index].get((seen.topic, seen.value), 0)
        sent = _Sent(began.index, nth, seen, row)
        by_client.setdefault((row.process, (seen.topic, seen.partition)), []).append(sent)
    for (process, at), sends in by_client.items():
        sends.sort(key=lambda sent: (sent.began, sent.nth))
        for first, second in pairwise(sends):
            one, other = first.seen, second.seen
            assert one.offset is not None
            assert other.offset is not None
            if other.offset > one.offset:
                continue
            within = first.began == second.began
            yield Anomaly(
                "int-nonmonotonic-send" if within else "nonmonotonic-send",
                f"{process} sent {shown(one.value)} and then {shown(other.value)}{' in one call' if within else ''},"
                f" which are at offsets {one.offset} and {other.offset} of {named(at)}",
                in_order(first.row, second.row),
                _BREAKS,
                named(at),
            )
