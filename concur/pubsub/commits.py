"""Committing: telling the group's coordinator up to where all was returned, so that somebody can go on there.

With ``enable.auto.commit`` the positions are committed inside of ``poll``: every ``auto.commit.interval.ms``, before
partitions are given away, and at close. A position counts what earlier calls of ``poll`` returned, never what
this one is about to return: a program that calls ``poll`` again says that it is done with what it got.

After ``ConsumerCoordinator.java`` of Apache Kafka. Other than there, offsets that the group has already are not
committed again by the automatism.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from functools import partial

from loguru import logger

from concur.pubsub.config import Config
from concur.pubsub.coordinator import Coordinator
from concur.pubsub.errors import (
    CommitFailed,
    IllegalGeneration,
    InvalidGroupId,
    PubSubError,
    RequestTimedOut,
    UnknownMemberId,
)
from concur.pubsub.records import OffsetAndMetadata, TopicPartition
from concur.pubsub.requests import Pending, Requests
from concur.pubsub.subscription import Subscriptions

Places = Mapping[TopicPartition, OffsetAndMetadata]
CommitCallback = Callable[[dict[TopicPartition, OffsetAndMetadata], PubSubError | None], object]
Identity = Callable[
    [], tuple[str, int]
]  # the member and its generation; raises if there can be no commit now
Fenced = Callable[[str, int, PubSubError], None]  # the group does not know this member any more


class Commits:
    """The commits of one consumer."""

    def __init__(
        self,
        config: Config,
        requests: Requests,
        coordinator: Coordinator | None,
        subscriptions: Subscriptions,
        identity: Identity,
        fenced: Fenced,
    ) -> None:
        self._requests = requests
        self._coordinator = coordinator
        self._subscriptions = subscriptions
        self._identity = identity
        self._fenced = fenced
        self._interval = config["auto.commit.interval.ms"] / 1000
        self.automatic: bool = config["enable.auto.commit"]
        self._due = time.monotonic() + self._interval
        self._callbacks: deque[Callable[[], object]] = deque()  # of commits that have their answer

    def commit(
        self, offsets: Mapping[TopicPartition, OffsetAndMetadata | int] | None, deadline: float
    ) -> None:
        """Commit and wait for it; again until the *deadline* while that may help. See Consumer.commit."""
        coordinator = self._needed()
        places = self._places(offsets)
        if not places:
            return

        def attempt() -> None:
            member, generation = self._identity()
            try:
                self._requests.ask(
                    coordinator.lane,
                    lambda: coordinator.commit(member, generation, places),
                    deadline,
                    kept=True,
                )
            except (IllegalGeneration, UnknownMemberId) as error:
                self._fenced(member, generation, error)
                raise self._failed(member, error) from error

        self._requests.persist(attempt, deadline)
        self._note(places)

    def send(
        self,
        offsets: Mapping[TopicPartition, OffsetAndMetadata | int] | None,
        callback: CommitCallback | None,
    ) -> Pending | None:
        """Commit without waiting. See Consumer.commit_async."""
        coordinator = self._needed()
        places = self._places(offsets)
        if not places:
            if callback is not None:
                self._callbacks.append(partial(callback, {}, None))
            return None
        member, generation = self._identity()

        def answered(_: object, error: PubSubError | None) -> None:
            if isinstance(error, IllegalGeneration | UnknownMemberId):
                self._fenced(member, generation, error)
                error = self._failed(member, error)
            if error is None:
                self._note(places)
            if callback is not None:
                self._callbacks.append(partial(callback, dict(places), error))

        return self._requests.send(
            coordinator.lane, lambda: coordinator.commit(member, generation, places), answered, kept=True
        )

    def run_callbacks(self) -> None:
        """Call who asked to be called; an exception goes to who called the consumer."""
        while self._callbacks:
            self._callbacks.popleft()()

    def send_automatic(self) -> Pending | None:
        """Commit what the group does not have yet, if that is wanted, and do not wait; None for nothing to do."""
        if not self.automatic:
            return None
        self._due = time.monotonic() + self._interval
        places = self._subscriptions.uncommitted()
        if not places:
            return None
        try:
            return self.send(places, self._automatic_done)
        except PubSubError as error:  # no member of the group now
            self._automatic_done(dict(places), error)
            return None

    def _automatic_done(
        self, places: Mapping[TopicPartition, OffsetAndMetadata], error: PubSubError | None
    ) -> None:
        if error is not None:
            logger.warning("automatic commit of {} failed: {}", _said(places), error)
            if error.retriable:
                self._due = min(self._due, time.monotonic() + self._requests.back_off(1))

    def keep(self, now: float) -> float:
        """Commit if ``auto.commit.interval.ms`` is over; returns when it will be."""
        if not self.automatic:
            return float("inf")
        if now >= self._due:
            self.send_automatic()
        due: float = self._due
        return due

    def last(self, deadline: float) -> None:
        """Commit what the group does not have yet, if that is wanted, and wait, as this is the end. Never raises
        an error of the queue.
        """
        places = self._subscriptions.uncommitted() if self.automatic else {}
        if places:
            try:
                self.commit(places, deadline)
            except PubSubError as error:
                logger.warning("last automatic commit of {} failed: {}", _said(places), error)

    def committed(
        self, partitions: Iterable[TopicPartition], deadline: float
    ) -> dict[TopicPartition, OffsetAndMetadata | None]:
        """What the group has committed. See Consumer.committed."""
        coordinator = self._needed()
        wanted = list(partitions)
        ask = self._requests.ask
        answer = self._requests.persist(
            lambda: ask(coordinator.lane, lambda: coordinator.fetch_offsets(wanted), deadline, kept=True),
            deadline,
        )
        return {tp: answer.get(tp) for tp in wanted}

    def flush(self, deadline: float) -> None:
        """Wait for the commits under way; whatever became of them, their callbacks can be run now."""
        if self._coordinator is not None:
            last = self._requests.send(self._coordinator.lane, int, lambda _, __: None, kept=True)
            try:
                self._requests.wait_for(lambda: last.done, deadline)
            except RequestTimedOut as error:
                logger.warning("commits under way have no answer yet: {}", error)

    def _needed(self) -> Coordinator:
        if self._coordinator is None:
            raise InvalidGroupId(
                "offsets are committed for a group, and this consumer has none: set 'group.id'"
            )
        return self._coordinator

    def _places(
        self, offsets: Mapping[TopicPartition, OffsetAndMetadata | int] | None
    ) -> dict[TopicPartition, OffsetAndMetadata]:
        if offsets is None:
            return self._subscriptions.positions()
        places = {
            tp: OffsetAndMetadata(place) if isinstance(place, int) else place for tp, place in offsets.items()
        }
        for tp, place in places.items():
            if place.offset < 0:
                raise ValueError(
                    f"offset {place.offset} for {tp}: what is committed is the next offset to read"
                )
        return places

    def _note(self, places: Places) -> None:
        for tp, place in places.items():
            state = self._subscriptions.states.get(tp)
            if state is not None:
                state.committed = place.offset

    def _failed(self, member: str, error: PubSubError) -> CommitFailed:
        if not member:
            return CommitFailed(
                f"group '{self._needed().group}' has members, and only they may commit: {error} A consumer that "
                f"assigns partitions by hand takes a group.id of its own."
            )
        return CommitFailed(
            f"group '{self._needed().group}' has gone on without this consumer, and its partitions may be others' by "
            f"now: {error} What was read since the last commit will be read again. If poll() was called too "
            f"late, raise max.poll.interval.ms or lower max.poll.records."
        )


def _said(places: Places) -> str:
    return ", ".join(f"{tp}@{place.offset}" for tp, place in places.items())
