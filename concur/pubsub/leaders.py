"""What a client knows of who leads which partition. It may be out of date, and is asked for again when it was."""

import threading
from collections.abc import Iterable

from concur.pubsub.connection import ClusterMetadata, Connection
from concur.pubsub.errors import UnknownTopicOrPartition
from concur.pubsub.records import TopicPartition


class Leaders:
    """The topics that one client has asked for, and the leaders of their partitions."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._asking = threading.Lock()  # one at a time asks, so that an old answer never follows a new one
        self._topics: set[str] = set()
        # Replaced, never changed: they are read without a lock.
        self.of: dict[TopicPartition, int | None] = {}
        self.epochs: dict[TopicPartition, int] = {}
        self.counts: dict[str, int] = {}  # topic -> partitions; those that exist

    def partitions(self, topic: str) -> int:
        """How many partitions *topic* has.

        Raises:
            UnknownTopicOrPartition: there is no such topic.
        """
        count = self.counts.get(topic)
        if count is None:
            self.refresh([topic])
            count = self.counts.get(topic)
            if count is None:
                self._topics.discard(topic)
                raise UnknownTopicOrPartition(
                    f"there is no topic '{topic}'. Topics are made by Admin.create_topics before they are used."
                )
        return count

    def refresh(self, topics: Iterable[str] = ()) -> None:
        """Ask again, for *topics* too; raises what the connection raises."""
        with self._asking:
            self._topics |= set(topics)
            self._take_in(self._connection.metadata(sorted(self._topics)))

    def _take_in(self, news: ClusterMetadata) -> None:
        of, epochs, counts = {}, {}, {}
        for topic, partitions in news.topics.items():
            counts[topic] = len(partitions)
            for each in partitions:
                tp = TopicPartition(topic, each.partition)
                if each.leader_epoch < self.epochs.get(tp, -1):  # told by a broker that is behind
                    of[tp], epochs[tp] = self.of[tp], self.epochs[tp]
                else:
                    of[tp], epochs[tp] = each.leader, each.leader_epoch
        self.of, self.epochs, self.counts = of, epochs, counts
