"""What a consumer knows of its topics, and when to ask again."""

import time
from collections.abc import Iterable

from concur.pubsub.config import Config
from concur.pubsub.connection import Connection
from concur.pubsub.errors import PubSubError, UnknownTopicOrPartition
from concur.pubsub.leaders import Leaders
from concur.pubsub.records import TopicPartition
from concur.pubsub.requests import Requests

_LANE = "metadata"


class Topics:
    """Keeps :class:`Leaders` up to date, without waiting for it."""

    def __init__(self, config: Config, connection: Connection, requests: Requests) -> None:
        self.leaders = Leaders(connection)
        self._requests = requests
        self._max_age = config["metadata.max.age.ms"] / 1000
        self._patience = config["retry.backoff.max.ms"] / 1000
        self._wanted: set[str] = set()
        self._missing_since: dict[str, float] = {}  # a topic that the cluster does not know
        self._stale = False
        self._asking = False
        self._attempts = 0  # that failed, or did not help, in a row
        self._not_before = 0.0
        self._asked = -1.0  # when the last good answer came; -1: never

    def want(self, topics: Iterable[str]) -> None:
        """These are the topics to know of."""
        self._wanted = set(topics)
        self._missing_since = {t: since for t, since in self._missing_since.items() if t in self._wanted}
        if not self._wanted <= self.leaders.counts.keys():
            self._stale, self._not_before = True, 0.0

    def doubt(self) -> None:
        """What is known turned out to be wrong."""
        self._stale = True

    @property
    def known(self) -> bool:
        """Whether there was ever an answer about all that is wanted, be it that a topic does not exist."""
        return all(t in self.leaders.counts or t in self._missing_since for t in self._wanted)

    def keep(self, now: float) -> float:
        """Ask if it is time to; returns when it will be."""
        if self._asking or not self._wanted:
            return float("inf")
        due = self._not_before if self._stale or self._missing_since else self._asked + self._max_age
        if now < due:
            return due
        self._asking, self._stale = True, False
        wanted = sorted(self._wanted)
        self._requests.send(_LANE, lambda: self.leaders.refresh(wanted), self._answered)
        return float("inf")

    def _answered(self, _: object, error: PubSubError | None) -> None:
        now = time.monotonic()
        self._asking = False
        self._note_missing(now, error)
        helped = error is None and not self._missing_since
        self._attempts = 0 if helped else self._attempts + 1
        # Also an answer that says nothing new must not be asked for in a circle.
        self._not_before = now + self._requests.back_off(max(1, self._attempts))
        if error is None:
            self._asked = now
        else:
            self._stale = True

    def _note_missing(self, now: float, error: PubSubError | None) -> None:
        if error is None:
            self._missing_since = {
                topic: self._missing_since.get(topic, now)
                for topic in sorted(self._wanted)
                if topic not in self.leaders.counts
            }

    def raise_if_missing(self, now: float, partitions: Iterable[TopicPartition] = ()) -> None:
        """Raise if a topic, or one of *partitions*, is not there, and has not been for a while.

        Raises:
            UnknownTopicOrPartition: as above. Brokers learn of a new topic one after the other, so it takes
                ``retry.backoff.max.ms``.
        """
        for topic, since in self._missing_since.items():
            if now - since >= self._patience:
                raise UnknownTopicOrPartition(
                    f"there is no topic '{topic}'. Topics are made by Admin.create_topics; the consumer keeps asking, "
                    f"so poll() may be called again."
                )
        counts = self.leaders.counts
        for tp in partitions:
            if tp.partition >= counts.get(tp.topic, tp.partition + 1):
                raise UnknownTopicOrPartition(
                    f"'{tp.topic}' has no partition {tp.partition}: it has {counts[tp.topic]}, "
                    f"from 0 to {counts[tp.topic] - 1}"
                )

    def refresh(self, topics: Iterable[str], deadline: float) -> None:
        """Ask now, and wait for the answer; again until there is one."""
        wanted = sorted(set(topics))
        requests = self._requests
        requests.persist(
            lambda: requests.ask(_LANE, lambda: self.leaders.refresh(wanted), deadline), deadline
        )
