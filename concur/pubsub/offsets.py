"""Finding offsets: of the ends of logs, of times, and of where a consumer is to begin.

A partition that has just been assigned has no position. The group's committed offset is asked for; if there is none,
``auto.offset.reset`` decides: the first offset that the log still has, the one after the last that may be read, or
an error.

After ``OffsetFetcher.java`` and ``ConsumerCoordinator.java`` of Apache Kafka.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial

from concur.pubsub.config import Config
from concur.pubsub.connection import Connection
from concur.pubsub.coordinator import Coordinator
from concur.pubsub.errors import (
    Disconnected,
    InvalidMetadata,
    LeaderNotAvailable,
    NoOffsetForPartition,
    PubSubError,
    UnknownTopicOrPartition,
)
from concur.pubsub.fetching import RESETS
from concur.pubsub.records import OffsetAndMetadata, OffsetAndTimestamp, TopicPartition
from concur.pubsub.requests import Requests
from concur.pubsub.subscription import PartitionState, Subscriptions
from concur.pubsub.topics import Topics

Found = Callable[[TopicPartition, tuple[int, int] | PubSubError], None]


class Offsets:
    """The look-ups of one consumer."""

    def __init__(
        self,
        config: Config,
        connection: Connection,
        requests: Requests,
        topics: Topics,
        subscriptions: Subscriptions,
        coordinator: Coordinator | None,
    ) -> None:
        self._connection = connection
        self._requests = requests
        self._topics = topics
        self._subscriptions = subscriptions
        self._coordinator = coordinator  # None: there is no group
        self._policy = config["auto.offset.reset"]

    # Positions, without waiting

    def settle(self, now: float) -> float:
        """Ask for the positions that are missing; returns when there may be more to ask for."""
        when = float("inf")
        to_fetch, to_reset = [], {}
        leaders = self._topics.leaders.of
        for tp in list(self._subscriptions.unsettled):
            state = self._subscriptions.states.get(tp)
            if state is None or state.position is not None:
                self._subscriptions.unsettled.pop(tp, None)
            elif state.retry_at > now:
                when = min(when, state.retry_at)
            elif state.looking is None and state.error is None:
                if state.reset is None and self._coordinator is not None:
                    to_fetch.append(state)
                elif state.reset is not None or self._reset_by_policy(state):
                    if leaders.get(tp) is None:  # it is asked for, or will be now
                        self._topics.doubt()
                    else:
                        to_reset[tp] = state
        if to_fetch:
            self._fetch_committed(to_fetch)
        if to_reset:
            self._look_up(
                {tp: state.reset for tp, state in to_reset.items() if state.reset is not None},
                partial(self._reset_found, self._mark(to_reset.values())),
            )
        return when

    def _mark(self, states: Iterable[PartitionState]) -> dict[TopicPartition, tuple[PartitionState, object]]:
        """Note that *states* are being asked for; an answer counts only as long as nothing else was decided."""
        mark = object()
        marked = {}
        for state in states:
            state.looking = mark
            marked[state.tp] = (state, mark)
        return marked

    def _reset_by_policy(self, state: PartitionState) -> bool:
        """Let ``auto.offset.reset`` decide where to begin; False if it says that there is to be an error."""
        state.reset = RESETS.get(self._policy)
        if state.reset is None:
            why = (
                "the consumer has no group.id"
                if self._coordinator is None
                else f"group '{self._coordinator.group}' has committed no offset for it"
            )
            state.error = NoOffsetForPartition(
                f"{state.tp} has no position: {why}, and auto.offset.reset is 'none'. seek() to one."
            )
        return state.reset is not None

    def _fetch_committed(self, states: list[PartitionState]) -> None:
        coordinator = self._coordinator
        assert coordinator is not None
        partitions = [state.tp for state in states]
        marked = self._mark(states)
        self._requests.send(
            coordinator.lane,
            lambda: coordinator.fetch_offsets(partitions),
            partial(self._committed_fetched, marked),
            kept=True,
        )

    def _committed_fetched(
        self,
        marked: dict[TopicPartition, tuple[PartitionState, object]],
        answer: dict[TopicPartition, OffsetAndMetadata] | None,
        error: PubSubError | None,
    ) -> None:
        for tp, (state, mark) in marked.items():
            if state.looking is not mark or self._subscriptions.states.get(tp) is not state:
                continue
            if answer is None:
                assert error is not None
                self._failed(state, error)
            elif tp in answer:
                place = answer[tp]
                epoch = -1 if place.leader_epoch is None else place.leader_epoch
                self._subscriptions.move(tp, place.offset, epoch=epoch)
                state.committed = place.offset
            else:
                state.looking = None
                self._reset_by_policy(state)

    def _reset_found(
        self,
        marked: dict[TopicPartition, tuple[PartitionState, object]],
        tp: TopicPartition,
        found: tuple[int, int] | PubSubError,
    ) -> None:
        state, mark = marked[tp]
        if state.looking is not mark or self._subscriptions.states.get(tp) is not state:
            return
        if isinstance(found, PubSubError):
            self._failed(state, found)
        else:
            self._subscriptions.move(tp, found[0])

    def _failed(self, state: PartitionState, error: PubSubError) -> None:
        state.looking = None
        if error.retriable:
            state.failed(time.monotonic(), self._requests.back_off(state.attempts + 1))
        else:
            state.error = error

    # Look-ups

    def _look_up(self, timestamps: Mapping[TopicPartition, int], found: Found) -> None:
        """Ask the leaders once; *found* is called for each partition, be it with an error."""
        leaders = self._topics.leaders.of
        by_leader: dict[int, dict[TopicPartition, int]] = {}
        for tp, timestamp in timestamps.items():
            leader = leaders.get(tp)
            if leader is None:
                self._topics.doubt()
                found(tp, LeaderNotAvailable(f"{tp} has no leader that is known"))
            else:
                by_leader.setdefault(leader, {})[tp] = timestamp
        for leader, asked in by_leader.items():
            self._requests.send(
                f"offsets of broker-{leader}",
                partial(self._connection.list_offsets, leader, asked),
                partial(self._looked_up, asked, found),
            )

    def _looked_up(
        self,
        asked: Mapping[TopicPartition, int],
        found: Found,
        answers: dict[TopicPartition, tuple[int, int] | PubSubError] | None,
        error: PubSubError | None,
    ) -> None:
        for tp in asked:
            answer = error or (answers or {}).get(tp) or Disconnected(f"the broker did not answer for {tp}")
            if isinstance(answer, InvalidMetadata):
                self._topics.doubt()
            found(tp, answer)

    def look_up(
        self, timestamps: Mapping[TopicPartition, int], deadline: float
    ) -> dict[TopicPartition, tuple[int, int]]:
        """The offset and timestamp for each of *timestamps*, and wait for them.

        Raises:
            UnknownTopicOrPartition: one of them is not there.
            PubSubError: one of them could not be asked about, again and again until the *deadline*.
        """
        found: dict[TopicPartition, tuple[int, int]] = {}

        def attempt() -> None:
            missing = {tp: timestamp for tp, timestamp in timestamps.items() if tp not in found}
            errors = self._attempt(missing, found, deadline)
            if errors:
                self._topics.refresh({tp.topic for tp in timestamps}, deadline)
                raise errors[0]

        topics = {tp.topic for tp in timestamps}
        if not topics <= self._topics.leaders.counts.keys():
            self._topics.refresh(topics, deadline)
        for tp in timestamps:
            count = self._topics.leaders.counts.get(tp.topic, 0)
            if not 0 <= tp.partition < count:
                raise UnknownTopicOrPartition(
                    f"there is no topic '{tp.topic}'"
                    if not count
                    else f"'{tp.topic}' has only {count} partitions"
                )
        self._requests.persist(attempt, deadline)
        return {tp: found[tp] for tp in timestamps}

    def _attempt(
        self,
        timestamps: Mapping[TopicPartition, int],
        found: dict[TopicPartition, tuple[int, int]],
        deadline: float,
    ) -> list[PubSubError]:
        """Ask all leaders at the same time, once, and wait for all of them."""
        errors: list[PubSubError] = []
        left = set(timestamps)

        def note(tp: TopicPartition, answer: tuple[int, int] | PubSubError) -> None:
            left.discard(tp)
            if isinstance(answer, PubSubError):
                errors.append(answer)
            else:
                found[tp] = answer

        self._look_up(timestamps, note)
        self._requests.wait_for(lambda: not left, deadline)
        return errors

    def for_times(
        self, timestamps: Mapping[TopicPartition, int], deadline: float
    ) -> dict[TopicPartition, OffsetAndTimestamp | None]:
        """The first record of each partition that is not older; None where there is none."""
        found = self.look_up(timestamps, deadline)
        epochs = self._topics.leaders.epochs
        return {
            tp: OffsetAndTimestamp(offset, timestamp, epochs.get(tp)) if offset >= 0 else None
            for tp, (offset, timestamp) in found.items()
        }
