"""Membership in a group: one thread that joins, and then tells the coordinator that the consumer lives.

``poll`` says what is to happen: join with these topics and partitions. The thread carries it out, as long as it takes,
and puts down what came of it: a share of the partitions; that the group is being rebalanced, so that the
consumer has to join again; or that the group went on without it, so that its partitions are lost.
``poll`` picks that up. Nothing is taken from, or given to, a program that is not in ``poll``.

The thread beats on while the program processes what it got, so a program may take long; if it is longer than
``max.poll.interval.ms``, the thread leaves the group in its stead (KIP-62).

After ``AbstractCoordinator.java`` and ``Heartbeat.java`` of Apache Kafka, and KIP-394 (a first join brings the id).
"""

import enum
import threading
import time
from collections.abc import Callable
from typing import NamedTuple

from loguru import logger

from concur.pubsub.assignors import ASSIGNORS, Subscription
from concur.pubsub.config import Config
from concur.pubsub.connection import NO_GENERATION, NO_MEMBER, Connection, Joined
from concur.pubsub.coordinator import Coordinator
from concur.pubsub.errors import (
    CommitFailed,
    IllegalGeneration,
    MemberIdRequired,
    PubSubError,
    RebalanceInProgress,
    UnknownMemberId,
)
from concur.pubsub.leaders import Leaders
from concur.pubsub.records import TopicPartition
from concur.pubsub.requests import Requests


class Phase(enum.Enum):
    """Where a consumer is on its way into a group."""

    OUT = "out"
    JOINING = "joining"
    IN = "in"


class Request(NamedTuple):
    """What to join with: the ``topics``, the partitions ``owned``, since which ``generation``."""

    topics: tuple[str, ...]
    owned: tuple[TopicPartition, ...]
    generation: int


class News(NamedTuple):
    """What happened since poll last looked: the partitions are ``lost``, for this reason; a ``share`` was given;
    joining failed with an ``error``.
    """

    lost: PubSubError | None
    share: tuple[TopicPartition, ...] | None
    error: PubSubError | None


class Membership:
    """One consumer's place in its group.

    All that is not set once is guarded by the lock of the consumer's *requests*.
    """

    def __init__(
        self, name: str, config: Config, coordinator: Coordinator, leaders: Leaders, requests: Requests
    ) -> None:
        self._name = name
        self._client_id = name
        self._coordinator = coordinator
        self._connection: Connection = coordinator.connection
        self._group = coordinator.group
        self._leaders = leaders
        self._requests = requests
        self._session_ms = config["session.timeout.ms"]
        self._max_poll_ms = config["max.poll.interval.ms"]
        self._beat_every = config["heartbeat.interval.ms"] / 1000
        self._strategies: tuple[str, ...] = config["partition.assignment.strategy"]
        # As with Kafka the members keep what they own only if all of the assignors can do with that.
        self.cooperative = all(ASSIGNORS[strategy].cooperative for strategy in self._strategies)
        self._lock = requests.lock
        self._work = threading.Condition(self._lock)  # where the thread waits
        self._thread: threading.Thread | None = None
        self._closed = False
        self.phase = Phase.OUT
        self.rejoin = False  # the coordinator wants everybody to join again
        self.counted: dict[str, int] | None = None  # the leader: how many partitions it has shared out
        self._request: Request | None = None  # what to join with; another object if that changed
        self._member, self._generation = NO_MEMBER, NO_GENERATION
        self._lost: PubSubError | None = None
        self._share: tuple[TopicPartition, ...] | None = None
        self._error: PubSubError | None = None
        self._last_poll = time.monotonic()
        self._act_at = 0.0  # the next heartbeat, or attempt to join
        self._attempts = 0

    # Called by the consumer's own thread

    def polled(self) -> None:
        """The program is in ``poll``."""
        with self._lock:
            self._last_poll = time.monotonic()

    def join(self, topics: tuple[str, ...], owned: tuple[TopicPartition, ...]) -> None:
        """Begin to join, or to join again."""
        with self._lock:
            self._request = Request(topics, owned, self._generation)
            self.phase, self.rejoin = Phase.JOINING, False
            self._share, self._error = None, None
            self._act_at, self._attempts = 0.0, 0
            self._last_poll = time.monotonic()
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._live, name=f"{self._name} in group {self._group}", daemon=True
                )
                self._thread.start()
            self._work.notify()

    def take_news(self) -> News:
        """What happened; each is told once."""
        if self._lost is None and self._share is None and self._error is None:
            return _NO_NEWS
        with self._lock:
            news = News(self._lost, self._share, self._error)
            self._lost = self._share = self._error = None
        return news

    def identity(self) -> tuple[str, int]:
        """The member's id and its generation.

        Raises:
            RebalanceInProgress: it is between two of them.
            CommitFailed: it is no member.
        """
        with self._lock:
            if self.phase is Phase.IN:
                return self._member, self._generation
            if self.phase is Phase.JOINING:
                raise RebalanceInProgress(
                    f"group '{self._group}' is being rebalanced: call poll() until it is over, and commit what is "
                    f"still assigned"
                )
        raise CommitFailed(
            f"this consumer is not a member of group '{self._group}' now, and its partitions may be others'. It joins "
            f"in poll(). If poll() was called too late, raise max.poll.interval.ms or lower max.poll.records."
        )

    @property
    def generation(self) -> int:
        """The generation that the member is in; -1 if in none."""
        return self._generation

    @property
    def member(self) -> str:
        """The member's id; empty if it has none."""
        return self._member

    def fenced(self, member: str, generation: int, error: PubSubError) -> None:
        """The coordinator did not accept this *member* in this *generation*."""
        with self._lock:
            self._fence(member, generation, error)

    def leave(self, deadline: float) -> None:
        """Leave the group; the coordinator is told, if it can be reached in time."""
        with self._lock:
            member, was_in = self._member, self.phase
            self.phase, self.rejoin, self._request = Phase.OUT, False, None
            self._member, self._generation = NO_MEMBER, NO_GENERATION
            self._lost = self._share = self._error = None
            self._work.notify()
        if member and was_in is not Phase.OUT:
            try:
                self._requests.ask("leaving", lambda: self._leave(member), deadline)
            except PubSubError as error:
                logger.debug(
                    "{} left group {} without its coordinator knowing: {}", self._name, self._group, error
                )

    def close(self, deadline: float) -> None:
        """End the thread."""
        with self._lock:
            self._closed = True
            self._work.notify()
            thread = self._thread
        if thread is not None:
            thread.join(max(0.0, deadline - time.monotonic()))

    # The thread

    def _live(self) -> None:
        while True:
            with self._lock:
                job = self._next_job()
            if job is None:
                return
            try:
                job()
            except Exception as error:  # a fault of the engine, or of an assignor
                if not self._requests.closed:
                    logger.exception("{}: group {} failed", self._name, self._group)
                failure = PubSubError(f"membership in group '{self._group}' failed: {error!r}")
                failure.__cause__ = error
                with self._lock:
                    self._fail(failure)

    def _next_job(self) -> Callable[[], None] | None:
        """Wait for something to do; None at the end."""
        while not self._closed:
            now = time.monotonic()
            due = self._act_at
            if self.phase is Phase.IN:
                expires = self._last_poll + self._max_poll_ms / 1000
                if now >= expires:
                    return self._expire
                if now >= due:
                    return self._beat
                self._work.wait(min(due, expires) - now)
            elif self.phase is Phase.OUT:
                self._work.wait()
            elif now >= due:
                return self._join
            else:
                self._work.wait(due - now)
        return None

    def _beat(self) -> None:
        with self._lock:
            member, generation = self._member, self._generation
            if self.phase is not Phase.IN:
                return
        problem: PubSubError | None = None
        try:
            self._coordinator.ask(
                lambda broker: self._connection.heartbeat(broker, self._group, member, generation)
            )
        except PubSubError as error:
            problem = error
        with self._lock:
            if (member, generation) != (self._member, self._generation):
                return  # an answer to who the member was: it says nothing of who it is
            self._act_at = time.monotonic() + self._beat_every
            if problem is None:
                self._attempts = 0
            elif isinstance(problem, RebalanceInProgress):
                self.rejoin = True
                self._requests.tell()
            elif isinstance(problem, IllegalGeneration | UnknownMemberId):
                self._fence(member, generation, problem)
            else:
                self._attempts += 1
                self._act_at = time.monotonic() + min(
                    self._beat_every, self._requests.back_off(self._attempts)
                )
                logger.debug("{} heartbeat to group {} failed: {}", self._name, self._group, problem)

    def _expire(self) -> None:
        """Leave the group, as the program is stuck, or dead but for this thread."""
        with self._lock:
            if time.monotonic() < self._last_poll + self._max_poll_ms / 1000 or self.phase is not Phase.IN:
                return
            member = self._member
            why = CommitFailed(f"poll() was not called for max.poll.interval.ms, {self._max_poll_ms} ms")
            self._fence(member, self._generation, why)
            self._member = NO_MEMBER
        logger.warning("{} leaves group {}: {}", self._name, self._group, why)
        try:
            self._leave(member)
        except PubSubError as error:
            logger.debug(
                "{} left group {} without its coordinator knowing: {}", self._name, self._group, error
            )

    def _leave(self, member: str) -> None:
        self._coordinator.ask(lambda broker: self._connection.leave_group(broker, self._group, member))

    def _join(self) -> None:
        """Join, and get a share; one attempt."""
        with self._lock:
            request, member = self._request, self._member
        if request is None:
            return
        try:
            joined = self._ask_to_join(request, member)
            shares = self._share_out(joined) if joined.leader == joined.member_id else {}
            with self._lock:
                if self._request is request:
                    self._member = joined.member_id
            share = self._coordinator.ask(
                lambda broker: self._connection.sync_group(
                    broker, self._group, joined.member_id, joined.generation, shares
                )
            )
        except PubSubError as error:
            with self._lock:
                if self._request is request:
                    self._not_joined(request, error)
            return
        with self._lock:
            if self._request is not request:
                return  # other topics, or none, meanwhile: who changed that has told the coordinator, or will
            self._member, self._generation = joined.member_id, joined.generation
            self.phase, self._request = Phase.IN, None
            self._share, self._attempts = share, 0
            self._act_at = time.monotonic() + self._beat_every
            if joined.leader != joined.member_id:
                self.counted = None
            self._requests.tell()
        logger.debug(
            "{} has {} of group {} (generation {})",
            self._name,
            ", ".join(map(str, share)) or "nothing",
            self._group,
            joined.generation,
        )

    def _ask_to_join(self, request: Request, member: str) -> Joined:
        said = Subscription(request.topics, request.owned, request.generation)
        return self._coordinator.ask(
            lambda broker: self._connection.join_group(
                broker,
                self._group,
                member,
                self._session_ms,
                self._max_poll_ms,
                dict.fromkeys(self._strategies, said),
                self._client_id,
            )
        )

    def _share_out(self, joined: Joined) -> dict[str, list[TopicPartition]]:
        """As the group's leader: which member reads what."""
        topics = {topic for said in joined.members.values() for topic in said.topics}
        self._leaders.refresh(topics)
        counts = {topic: n for topic, n in self._leaders.counts.items() if topic in topics}
        with self._lock:
            self.counted = {topic: counts.get(topic, 0) for topic in topics}
        return ASSIGNORS[joined.protocol].assign(counts, joined.members)

    def _not_joined(self, request: Request, error: PubSubError) -> None:
        """What to do about an *error* of joining; under the lock."""
        if isinstance(error, MemberIdRequired):
            self._member = error.member_id
        elif isinstance(error, RebalanceInProgress):
            pass  # once more
        elif isinstance(error, IllegalGeneration | UnknownMemberId):
            if isinstance(error, UnknownMemberId):
                self._member = NO_MEMBER
            if request.owned:  # which are somebody else's by now
                self._fence(self._member, self._generation, error)
            else:
                self._attempts += 1
                self._act_at = time.monotonic() + self._requests.back_off(self._attempts)
        elif error.retriable:
            self._attempts += 1
            self._act_at = time.monotonic() + self._requests.back_off(self._attempts)
            logger.debug("{} has not joined group {} yet: {}", self._name, self._group, error)
        else:
            self._fail(error)

    def _fence(self, member: str, generation: int, error: PubSubError) -> None:
        """The group went on without the member; under the lock."""
        if (member, generation) == (self._member, self._generation) and self.phase is not Phase.OUT:
            self.phase, self.rejoin, self._request = Phase.OUT, False, None
            self._generation = NO_GENERATION
            if isinstance(error, UnknownMemberId):
                self._member = NO_MEMBER
            self._share, self._lost = None, error
            self._requests.tell()

    def _fail(self, error: PubSubError) -> None:
        """Joining makes no sense like this; under the lock."""
        self.phase, self._request, self._error = Phase.OUT, None, error
        self._requests.tell()


_NO_NEWS = News(None, None, None)
