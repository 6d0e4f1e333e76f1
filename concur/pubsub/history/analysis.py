"""All anomalies of a history.

Everything is found by going over the rows a fixed number of times, with sorted
offsets and bisection where order matters: n log n in the number of records.
"""

from collections.abc import Callable, Iterator

from concur.pubsub.history.commits import group_anomalies
from concur.pubsub.history.evidence import Evidence
from concur.pubsub.history.kinds import Anomaly
from concur.pubsub.history.losses import losses, wrong_reads
from concur.pubsub.history.places import duplicates, inconsistent_offsets
from concur.pubsub.history.polls import poll_order
from concur.pubsub.history.processing import unprocessed
from concur.pubsub.history.sends import send_order

CHECKS: tuple[Callable[[Evidence], Iterator[Anomaly]], ...] = (
    inconsistent_offsets,
    duplicates,
    losses,
    wrong_reads,
    poll_order,
    send_order,
    group_anomalies,
    unprocessed,
)


def anomalies_in(evidence: Evidence) -> list[Anomaly]:
    """Every anomaly, those with the fewest witnesses first, then in the order of the history."""
    found = [anomaly for check in CHECKS for anomaly in check(evidence)]
    found.sort(key=lambda anomaly: (len(anomaly.witnesses), [row.index for row in anomaly.witnesses]))
    return found
