"""The half of a consumer that says where to read: positions, pauses, and the ends of logs.

After ``KafkaConsumer.java`` of Apache Kafka.
"""

import time
from collections.abc import Iterable, Mapping

from concur.pubsub.connection import EARLIEST, LATEST, Connection, PartitionMetadata
from concur.pubsub.door import Door
from concur.pubsub.errors import RequestTimedOut, UnknownTopicOrPartition
from concur.pubsub.offsets import Offsets
from concur.pubsub.records import OffsetAndMetadata, OffsetAndTimestamp, TopicPartition
from concur.pubsub.requests import Requests
from concur.pubsub.subscription import Subscriptions
from concur.pubsub.topics import Topics


class Navigation:
    """What :class:`concur.pubsub.Consumer` inherits, and sets up."""

    _inside: Door
    _connection: Connection
    _requests: Requests
    _subscriptions: Subscriptions
    _topics: Topics
    _offsets: Offsets
    _api_timeout: float

    # Where to read

    def position(self, partition: TopicPartition, timeout: float | None = None) -> int:
        """The offset of the next record that ``poll`` returns; waits until it is known.

        Args:
            timeout: seconds, as in all that follows; None: ``default.api.timeout.ms``.

        Raises:
            IllegalState: the partition is not assigned.
            NoOffsetForPartition: there is none, and ``auto.offset.reset`` is ``none``.
            RequestTimedOut: it could not be found out in time.
        """
        with self._inside:
            deadline = self._deadline(timeout)
            state = self._subscriptions.state(partition)
            while state.position is None:
                self._requests.raise_if_woken()
                now = time.monotonic()
                due = min(self._offsets.settle(now), self._topics.keep(now))
                if state.error is not None:
                    error, state.error = state.error, None
                    raise error
                if now >= deadline:
                    raise RequestTimedOut(
                        f"the position in {partition} could not be found out", definite=True
                    )
                self._requests.wait(min(deadline, due))
                self._requests.run_answers()
            return state.position

    def seek(self, partition: TopicPartition, offset: int | OffsetAndMetadata) -> None:
        """Read on from *offset*; nothing of it is checked before the next ``poll``.

        Raises:
            IllegalState: the partition is not assigned.
            ValueError: the offset is negative.
        """
        place = OffsetAndMetadata(offset) if isinstance(offset, int) else offset
        if place.offset < 0:
            raise ValueError(f"offset {place.offset} for {partition}: offsets are not negative")
        with self._inside:
            epoch = -1 if place.leader_epoch is None else place.leader_epoch
            self._subscriptions.move(partition, place.offset, epoch=epoch)

    def seek_to_beginning(self, partitions: Iterable[TopicPartition] = ()) -> None:
        """Read on from the first record that there still is, in *partitions*, or in all if there are none."""
        with self._inside:
            for tp in list(partitions) or list(self._subscriptions.states):
                self._subscriptions.move(tp, None, EARLIEST)

    def seek_to_end(self, partitions: Iterable[TopicPartition] = ()) -> None:
        """Read only what comes from now on (from the next ``poll`` or ``position``), in *partitions* or in all."""
        with self._inside:
            for tp in list(partitions) or list(self._subscriptions.states):
                self._subscriptions.move(tp, None, LATEST)

    def pause(self, partitions: Iterable[TopicPartition]) -> None:
        """Let ``poll`` return nothing of *partitions*; they stay assigned."""
        self._pause(partitions, True)

    def resume(self, partitions: Iterable[TopicPartition]) -> None:
        """Let ``poll`` return records of *partitions* again."""
        self._pause(partitions, False)

    def _pause(self, partitions: Iterable[TopicPartition], paused: bool) -> None:
        with self._inside:
            for state in [self._subscriptions.state(tp) for tp in partitions]:
                state.paused = paused
            self._subscriptions.changes += 1

    def paused(self) -> set[TopicPartition]:
        """The partitions that are paused."""
        with self._inside:
            return {tp for tp, state in self._subscriptions.states.items() if state.paused}

    # What there is

    def beginning_offsets(
        self, partitions: Iterable[TopicPartition], timeout: float | None = None
    ) -> dict[TopicPartition, int]:
        """The first offset that each log still has."""
        return self._ends(partitions, EARLIEST, timeout)

    def end_offsets(
        self, partitions: Iterable[TopicPartition], timeout: float | None = None
    ) -> dict[TopicPartition, int]:
        """Of each log the offset after the last that may be read (the high watermark)."""
        return self._ends(partitions, LATEST, timeout)

    def _ends(
        self, partitions: Iterable[TopicPartition], which: int, timeout: float | None
    ) -> dict[TopicPartition, int]:
        with self._inside:
            found = self._offsets.look_up(dict.fromkeys(partitions, which), self._deadline(timeout))
            return {tp: offset for tp, (offset, _) in found.items()}

    def offsets_for_times(
        self, timestamps: Mapping[TopicPartition, int], timeout: float | None = None
    ) -> dict[TopicPartition, OffsetAndTimestamp | None]:
        """Of each partition the first record that is not older than a timestamp (milliseconds), or None."""
        with self._inside:
            return self._offsets.for_times(timestamps, self._deadline(timeout))

    def partitions_for(self, topic: str, timeout: float | None = None) -> list[int]:
        """The numbers of the partitions of *topic*.

        Raises:
            UnknownTopicOrPartition: there is no such topic.
        """
        with self._inside:
            if topic not in self._topics.leaders.counts:
                self._topics.refresh([topic], self._deadline(timeout))
            if topic not in self._topics.leaders.counts:
                raise UnknownTopicOrPartition(f"there is no topic '{topic}'")
            return list(range(self._topics.leaders.counts[topic]))

    def list_topics(self, timeout: float | None = None) -> dict[str, list[PartitionMetadata]]:
        """All topics of the cluster, and who has their partitions."""
        with self._inside:
            deadline = self._deadline(timeout)
            requests = self._requests
            news = requests.persist(
                lambda: requests.ask("list of topics", self._connection.metadata, deadline), deadline
            )
            return news.topics

    def _deadline(self, timeout: float | None) -> float:
        return time.monotonic() + (self._api_timeout if timeout is None else timeout)
