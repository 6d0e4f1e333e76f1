"""Reading records: fetches from every leader that has something to give, and what is handed out of them.

``poll`` first hands out what was fetched before. If nothing is left it asks every leader for all its partitions at
once, each in a thread of its own, and waits for the first that has something. So a broker that
hangs, or has no news, keeps nobody from what another one has; and nothing is read ahead
of the program that it may never want. One fetch usually brings enough for many polls.

Nothing is done record by record but by the deserializers, if there are any: the records are made in one go
(:func:`concur.pubsub.unpacking.unpack`).

After ``Fetcher.java``, ``FetchCollector.java`` and ``CompletedFetch.java`` of Apache Kafka.
"""

import math
import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from functools import partial
from operator import attrgetter
from typing import Any

from loguru import logger

from concur.pubsub.batch import StoredBatch
from concur.pubsub.config import Config
from concur.pubsub.connection import EARLIEST, LATEST, Connection, FetchedPartition
from concur.pubsub.errors import (
    Disconnected,
    InvalidMetadata,
    OffsetOutOfRange,
    PubSubError,
    SerializationError,
)
from concur.pubsub.records import ConsumerRecord, TopicPartition
from concur.pubsub.requests import Requests
from concur.pubsub.subscription import PartitionState, Subscriptions
from concur.pubsub.topics import Topics
from concur.pubsub.unpacking import unpack

RESETS = {"earliest": EARLIEST, "latest": LATEST}  # auto.offset.reset; nothing for none

_base_offset, _next_offset = attrgetter("base_offset"), attrgetter("next_offset")

_MOST = 2  # fetches under way from one leader: a second one, for what the first was too early to ask for


class Fetching:
    """The fetches of one consumer."""

    def __init__(
        self,
        config: Config,
        connection: Connection,
        requests: Requests,
        topics: Topics,
        subscriptions: Subscriptions,
    ) -> None:
        self._connection = connection
        self._requests = requests
        self._topics = topics
        self._subscriptions = subscriptions
        self._max_wait = config["fetch.max.wait.ms"]
        self._sizes = (
            config["fetch.min.bytes"],
            config["fetch.max.bytes"],
            config["max.partition.fetch.bytes"],
        )
        self._max_records = config["max.poll.records"]
        self._key_of: Callable[[bytes], Any] | None = config["key.deserializer"]
        self._value_of: Callable[[bytes], Any] | None = config["value.deserializer"]
        self._reset = RESETS.get(config["auto.offset.reset"])
        self._under_way: dict[int, set[int]] = {}  # leader -> which of its lanes have a fetch under way

    def send(self, now: float, deadline: float) -> float:
        """Ask every leader for what is not being asked for; returns when there may be more to ask for."""
        leaders, epochs = self._topics.leaders.of, self._topics.leaders.epochs
        wanted: dict[int, dict[TopicPartition, tuple[int, int]]] = {}
        when = float("inf")
        for tp, state in self._subscriptions.states.items():
            position = state.position
            if position is None or state.paused or state.fetching == position:
                continue
            if state.retry_at > now:
                when = min(when, state.retry_at)
                continue
            leader = leaders.get(tp)
            if leader is None:
                self._topics.doubt()
            elif len(self._under_way.get(leader, ())) < _MOST:
                wanted.setdefault(leader, {})[tp] = (position, epochs.get(tp, -1))
        # Not longer than the poll: nothing shall be under way when the program does something else.
        wait = math.ceil(min(self._max_wait, max(0.0, (deadline - now) * 1000)))
        for leader, positions in wanted.items():
            self._fetch(leader, positions, wait)
        return when

    def _fetch(self, leader: int, positions: dict[TopicPartition, tuple[int, int]], wait: int) -> None:
        lanes = self._under_way.setdefault(leader, set())
        lane = min(set(range(_MOST)) - lanes)
        asked = {}
        for tp, (offset, _) in positions.items():
            state = asked[tp] = self._subscriptions.states[tp]
            state.fetching = offset

        def call() -> dict[TopicPartition, FetchedPartition | PubSubError]:
            return self._connection.fetch(leader, positions, wait, *self._sizes)

        self._requests.send(
            f"fetches from broker-{leader}" + " again" * lane,
            call,
            partial(self._fetched, leader, lane, positions, asked),
            kept=True,
        )
        lanes.add(lane)

    def _fetched(
        self,
        leader: int,
        lane: int,
        positions: dict[TopicPartition, tuple[int, int]],
        asked: dict[TopicPartition, PartitionState],
        answers: dict[TopicPartition, FetchedPartition | PubSubError] | None,
        error: PubSubError | None,
    ) -> None:
        """Take in what a leader answered, or the *error* of the request as a whole."""
        self._under_way[leader].discard(lane)
        for tp, (offset, _) in positions.items():
            state = asked[tp]
            if state.fetching == offset:
                state.fetching = None
            if self._subscriptions.states.get(tp) is not state or state.position != offset:
                continue  # the program has gone elsewhere meanwhile
            answer = (
                error or (answers or {}).get(tp) or Disconnected(f"broker-{leader} did not answer for {tp}")
            )
            if isinstance(answer, PubSubError):
                self._failed(state, offset, answer)
                continue
            state.attempts = 0
            state.high_watermark, state.log_start = answer.high_watermark, answer.log_start
            if answer.batches:
                state.batches, state.first, state.buffer_at = list(answer.batches), 0, offset

    def _failed(self, state: PartitionState, offset: int, error: PubSubError) -> None:
        if isinstance(error, OffsetOutOfRange):
            if self._reset is None:
                state.error = OffsetOutOfRange(
                    f"{state.tp} has no offset {offset} any more, or not yet, and auto.offset.reset is 'none'. "
                    f"seek() to one between beginning_offsets() and end_offsets()."
                )
            else:
                logger.info("{} offset {} is out of range; the position is reset", state.tp, offset)
                self._subscriptions.move(state.tp, None, self._reset)
        elif error.retriable:
            logger.debug("{} fetch from offset {} failed: {}", state.tp, offset, error)
            state.failed(time.monotonic(), self._requests.back_off(state.attempts + 1))
            if isinstance(error, InvalidMetadata):
                self._topics.doubt()
        else:
            state.error = error

    def hand_out(self) -> dict[TopicPartition, list[ConsumerRecord]]:
        """What was fetched, at most ``max.poll.records``; the positions move behind it.

        Raises:
            SerializationError: the next record cannot be deserialized; its partition stays before it.
            PubSubError: a partition cannot be read, and will not be unless something is done.
        """
        states = self._subscriptions.states
        left = self._max_records
        found: dict[TopicPartition, list[ConsumerRecord]] = {}
        for tp, state in states.items():
            if state.error is not None and not found:
                error, state.error = state.error, None  # asked for again, and raised again if it is still so
                raise error
            if state.has_buffer():
                try:
                    records = self._take(state, left)
                except SerializationError:
                    if found:
                        break  # what is before it goes first
                    raise
                found[tp] = records
                left -= len(records)
                if left <= 0:
                    break
        # The positions last: what interrupts this loses nothing.
        for tp, records in found.items():
            state = states[tp]
            state.position = state.buffer_at = records[-1].offset + 1
            state.epoch = records[-1].leader_epoch
            state.first = bisect_right(state.batches, state.position, state.first, key=_next_offset)
            if state.first == len(state.batches):
                state.batches = []
        if 0 < len(found) < len(states):  # to the end, so that all get their turn
            rest = {tp: state for tp, state in states.items() if tp not in found}
            self._subscriptions.states = rest | {tp: states[tp] for tp in found}
        return found

    def _take(self, state: PartitionState, limit: int) -> list[ConsumerRecord]:
        """The next records of one partition, at most *limit* of those that are there; at least one."""
        at, first = state.buffer_at, state.first
        below = max(at, state.batches[first].base_offset) + limit
        batches = state.batches[first : bisect_left(state.batches, below, first, key=_base_offset)]
        try:
            return unpack(state.tp, batches, at, below, self._key_of, self._value_of)
        except Exception:
            return self._before_the_bad_one(state.tp, batches, at, below)

    def _before_the_bad_one(
        self, tp: TopicPartition, batches: list[StoredBatch], at: int, below: int
    ) -> list[ConsumerRecord]:
        """Those of the records that can be deserialized, up to the first that cannot."""
        good: list[ConsumerRecord] = []
        for batch in batches:
            for offset in range(max(at, batch.base_offset), min(below, batch.next_offset)):
                try:
                    good += unpack(tp, [batch], offset, offset + 1, self._key_of, self._value_of)
                except Exception as error:
                    if good:
                        return good
                    raise SerializationError(
                        f"{tp} offset {offset}: the key.deserializer or the value.deserializer failed: {error!r}. "
                        f"The position stays at this record; seek({tp!r}, {offset + 1}) goes past it."
                    ) from error
        return good
