"""Rebalances as the program sees them: what is given away before others get it, what comes, and who is told.

The order is the point. Before a partition can be another member's, its owner has committed what it returned, has
been told (``on_revoked``), and returns no more records of it. With ``range`` and ``roundrobin`` a member gives away
all that it has before it joins (*eager*). With ``cooperative-sticky`` it joins with all that it has, goes on reading,
gives away what is not in its new share, and joins again, so that others can get that (KIP-429).

All of this happens inside of ``poll``, in the thread that calls it.

After ``ConsumerCoordinator.java`` (onJoinPrepare, onJoinComplete) of Apache Kafka.
"""

import time
from collections.abc import Callable, Collection, Iterable

from loguru import logger

from concur.pubsub.commits import Commits
from concur.pubsub.config import Config
from concur.pubsub.errors import PubSubError, Wakeup
from concur.pubsub.membership import Membership, Phase
from concur.pubsub.records import TopicPartition
from concur.pubsub.requests import Pending
from concur.pubsub.subscription import Subscriptions
from concur.pubsub.topics import Topics

Listening = Callable[[list[TopicPartition]], object]


class RebalanceListener:
    """Is told which partitions come and go. Give it callables, or override its methods.

    Each is called inside of ``poll``, ``unsubscribe`` or ``close``, in the thread that calls that, and may use the
    consumer: commit, seek, position, pause; but not poll, subscribe or close it.

    Args:
        on_assigned: these are read from now on; also called when there are none.
        on_revoked: these are about to be given away; offsets can still be committed. Never called with none.
        on_lost: these are gone, as the group went on without this consumer; others may read them already. If it
            is not given, *on_revoked* is called instead.

    If one of them raises, the rebalance goes on, and the call in which it happened raises what says so.

    Example:
        >>> from concur.pubsub import RebalanceListener, TopicPartition
        >>> listener = RebalanceListener(on_assigned=lambda partitions: print("reading", *partitions))
        >>> listener.on_assigned([TopicPartition("orders", 0), TopicPartition("orders", 1)])
        reading orders-0 orders-1
        >>> listener.on_revoked([TopicPartition("orders", 1)])  # was not given: nothing
    """

    def __init__(
        self,
        on_assigned: Listening | None = None,
        on_revoked: Listening | None = None,
        on_lost: Listening | None = None,
    ) -> None:
        self._assigned, self._revoked, self._lost = on_assigned, on_revoked, on_lost

    def on_assigned(self, partitions: list[TopicPartition]) -> None:
        """These are read from now on."""
        if self._assigned is not None:
            self._assigned(partitions)

    def on_revoked(self, partitions: list[TopicPartition]) -> None:
        """These are about to be given away."""
        if self._revoked is not None:
            self._revoked(partitions)

    def on_lost(self, partitions: list[TopicPartition]) -> None:
        """These are gone."""
        if self._lost is not None:
            self._lost(partitions)
        else:
            self.on_revoked(partitions)


class Rebalancing:
    """What the consumer's own thread does about its group."""

    def __init__(
        self,
        config: Config,
        membership: Membership,
        topics: Topics,
        subscriptions: Subscriptions,
        commits: Commits,
    ) -> None:
        self._membership = membership
        self._topics = topics
        self._subscriptions = subscriptions
        self._commits = commits
        self._patience = config["session.timeout.ms"] / 1000
        self.listener: RebalanceListener | None = None
        self.telling = False  # a listener is being called
        self._must_join = False  # for a reason of this consumer's own
        self._committing: tuple[Pending | None, float] | None = (
            None  # before giving away; until when to wait for it
        )
        self._share: tuple[TopicPartition, ...] | None = None  # that is not read yet
        self._problem: PubSubError | None = None  # a listener raised

    def subscribe(self, listener: RebalanceListener | None) -> None:
        """The topics are others, or the *listener* is."""
        self.listener = listener
        self._must_join = True

    @property
    def holds(self) -> bool:
        """Whether no records may be returned: what they would be of is about to be given away."""
        return self._share is not None or (self._committing is not None and not self._membership.cooperative)

    def mind(self) -> None:
        """Do what the group wants done now; called by poll, again and again.

        Raises:
            PubSubError: a listener raised, or joining failed for good.
        """
        membership = self._membership
        lost, share, error = membership.take_news()
        if lost is not None:
            self._lose(lost)
        if share is not None:
            self._share, self._committing = share, None
        if error is not None:
            raise error
        if self._share is not None:
            self._complete(self._share)
        if self._share is None and self._needs_to_join() and self._topics.known and self._prepare():
            self._must_join = False
            membership.join(self._subscriptions.topics, tuple(self._subscriptions.states))
        self.raise_problem()

    def _needs_to_join(self) -> bool:
        membership = self._membership
        if membership.phase is Phase.JOINING:
            return self._must_join
        if membership.phase is Phase.OUT or membership.rejoin or self._must_join:
            return True
        counted = membership.counted  # the leader sees to it that new partitions are read
        if counted is None:
            return False
        counts = self._topics.leaders.counts
        return any(counts.get(topic, 0) != count for topic, count in counted.items())

    def _has_committed(self) -> bool:
        """Begin the automatic commit before partitions are given away; whether it is over."""
        if self._committing is None:
            self._committing = (self._commits.send_automatic(), time.monotonic() + self._patience)
        pending, until = self._committing
        return pending is None or pending.done or time.monotonic() >= until

    def _prepare(self) -> bool:
        """Give away what has to be before joining; False if that is not over yet."""
        if not self._has_committed():
            return False
        states = self._subscriptions.states
        if self._membership.cooperative:
            self._revoke(tp for tp in states if tp.topic not in self._subscriptions.topics)
        else:
            self._revoke(states)
        self._committing = None
        return True

    def _complete(self, share: Iterable[TopicPartition]) -> None:
        """Read what the group's leader has given to this consumer, as soon as it is certain that nothing else is."""
        subscriptions = self._subscriptions
        wanted = dict.fromkeys(tp for tp in share if tp.topic in subscriptions.topics)
        gone = [tp for tp in subscriptions.states if tp not in wanted]
        if gone:  # only members that cooperate own something now
            if not self._has_committed():
                return
            self._must_join = True  # the second round: those who are to have it can get it
            self._revoke(gone)
        self._share, self._committing = None, None
        new = [tp for tp in wanted if tp not in subscriptions.states]
        subscriptions.add(new)
        self._tell("on_assigned", new)

    def _lose(self, why: PubSubError) -> None:
        """The group went on without this consumer."""
        self._share, self._committing = None, None
        partitions = list(self._subscriptions.states)
        if partitions:
            logger.info("{} lost: {}", ", ".join(map(str, partitions)), why)
        try:
            if partitions:
                self._tell("on_lost", partitions)
        finally:
            self._subscriptions.drop(partitions)

    def _revoke(self, partitions: Iterable[TopicPartition]) -> None:
        gone = list(partitions)
        if gone:
            try:
                self._tell("on_revoked", gone)
            finally:
                self._subscriptions.drop(gone)

    def give_up(self) -> None:
        """Give away everything, as the consumer leaves; the listener is told."""
        lost, _, _ = self._membership.take_news()
        if lost is not None:
            self._lose(lost)
        self._share, self._committing = None, None
        self._must_join = False
        self._revoke(self._subscriptions.states)

    def _tell(self, what: str, partitions: Collection[TopicPartition]) -> None:
        """Call a method of the listener; what it raises is kept until the rebalance has gone on."""
        if self.listener is None:
            return
        self.telling = True
        try:
            getattr(self.listener, what)(list(partitions))
        except Wakeup as woken:
            self._problem = self._problem or woken
        except Exception as error:
            if self._problem is None:
                self._problem = PubSubError(
                    f"the rebalance listener's {what} raised {error!r} for {', '.join(map(str, partitions))}. The "
                    f"rebalance goes on: the partitions are as if it had not, and poll() may be called again."
                )
                self._problem.__cause__ = error
        finally:
            self.telling = False

    def raise_problem(self) -> None:
        """Raise what a listener raised, once."""
        problem, self._problem = self._problem, None
        if problem is not None:
            raise problem
