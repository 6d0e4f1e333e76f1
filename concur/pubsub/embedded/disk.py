"""What a broker has on disk: it survives the death of the broker, as files survive a kill.

The logs, the leader epochs, and the high watermarks as they were last written down.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from concur.pubsub.config import Config
from concur.pubsub.embedded.epochs import LeaderEpochs
from concur.pubsub.embedded.log import PartitionLog
from concur.pubsub.records import TopicPartition

Place = tuple[
    int, TopicPartition
]  # the number of the topic: one of the same name that is made later is another


@dataclass
class Kept:
    """One partition on disk."""

    log: PartitionLog
    epochs: LeaderEpochs = field(default_factory=LeaderEpochs)
    high_watermark: int = 0


class Disk:
    """The partitions of one broker. Only the broker's present life uses it."""

    def __init__(self) -> None:
        self._kept: dict[Place, Kept] = {}

    def partition(self, topic: int, tp: TopicPartition, config: Config) -> Kept:
        """What there is of a partition; nothing yet, if it is new."""
        if (topic, tp) not in self._kept:
            log = PartitionLog(
                segment_bytes=config["segment.bytes"],
                segment_ms=config["segment.ms"],
                retention_ms=config["retention.ms"],
                retention_bytes=config["retention.bytes"],
                name=str(tp),
            )
            self._kept[topic, tp] = Kept(log)
        return self._kept[topic, tp]

    def keep_only(self, places: Iterable[Place]) -> None:
        """Delete all that is not in *places*."""
        places = set(places)
        self._kept = {place: kept for place, kept in self._kept.items() if place in places}
