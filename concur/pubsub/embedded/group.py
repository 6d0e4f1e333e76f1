"""A group of consumers as its coordinator keeps it: who is in it, which generation it is in, who reads what.

A rebalance has two steps in which members wait for each other. They *join*, each with what it subscribes to,
until all have or the time is up; that makes a new generation. Then one of them, the leader, works out who reads
what, and all fetch their share by *sync*. Whoever comes with the number of another generation is turned away;
that is how a member that slept through a rebalance is kept from committing over the work of its successor. ::

    Empty ──first join──> PreparingRebalance ──all have joined──> CompletingRebalance ──leader syncs──> Stable
      ^                       │    ^  ^                                   │                               │
      └──all have left────────┘    │  └──join, leave, expiry──────────────┘                               │
                                   └──join with news, leave, expiry───────────────────────────────────────┘

    and Dead, while no coordinator keeps it

Members call in their own threads, and those that have to wait sleep in the one condition of the group. No
thread looks after it: whoever comes by sees to what is due (sessions that have expired, a round whose time is
up), and who sleeps wakes when the next thing is due. A group in which nobody does anything is looked after by
``expire``.

``ClassicGroup.java`` and ``GroupMetadataManager.java`` (Kafka's group-coordinator) have the rules. What
differs: a member whose call is interrupted counts as not having made it, where Kafka would wait for its
session.
"""

import enum
import time
from collections.abc import Iterable, Mapping, Sequence

from loguru import logger

from concur.pubsub.assignors import Subscription
from concur.pubsub.connection import NO_MEMBER, GroupDescription, Joined
from concur.pubsub.embedded.members import Member, common_protocols, vote
from concur.pubsub.errors import (
    IllegalGeneration,
    InconsistentGroupProtocol,
    MemberIdRequired,
    NotCoordinator,
    RebalanceInProgress,
    UnknownMemberId,
)
from concur.pubsub.records import OffsetAndMetadata, TopicPartition
from concur.sync import Condition


class State(enum.Enum):
    """What a group is doing; Kafka's words."""

    EMPTY = "Empty"
    PREPARING = "PreparingRebalance"
    COMPLETING = "CompletingRebalance"
    STABLE = "Stable"


class Group:
    """One group: a monitor, all of whose methods may be called by any thread.

    Args:
        name: the ``group.id``.
        initial_delay: seconds that the first round of an empty group waits for more to join.
    """

    def __init__(self, name: str, initial_delay: float = 0.0) -> None:
        self.name = name
        self._initial_delay = initial_delay
        # Notified when a round begins or is over, the shares are known, a member is gone, the group closed.
        self._changed = Condition()
        # All of this is guarded by _changed. Invariant: EMPTY is the state if and only if there are no members; in
        # COMPLETING and STABLE every member belongs to the generation, and nobody else ever has its number.
        self._state = State.EMPTY
        self._generation = 0
        self._protocol = ""
        self._leader = NO_MEMBER
        self._members: dict[str, Member] = {}
        self._invited: dict[str, float] = {}  # ids given out, until when they may be used to join
        self._ids = 0
        self._opens = 0.0  # PREPARING: the round is not over before
        self._ends = 0.0  # PREPARING: who has not joined by then is out; COMPLETING: who has not synced
        self._offsets: dict[TopicPartition, OffsetAndMetadata] = {}
        self._closed = False
        self._tenure = 0  # how often it was closed: who slept through a change of coordinators is told, too

    # What members ask

    def join(
        self,
        member_id: str,
        client_id: str,
        session_timeout_ms: int,
        rebalance_timeout_ms: int,
        protocols: Mapping[str, Subscription],
    ) -> Joined:
        """See :meth:`concur.pubsub.connection.Connection.join_group`."""
        with self._changed:
            now = self._look_after()
            if member_id == NO_MEMBER:
                raise self._invite(client_id, now + session_timeout_ms / 1000)
            member = self._members.get(member_id)
            if member is None and member_id not in self._invited:
                raise self._unknown(member_id)
            self._check_protocols(member_id, protocols)
            if member is None:
                del self._invited[member_id]
                member = Member(member_id)
                news = f"{member_id} joined"
            elif self._state is State.PREPARING or protocols != member.protocols:
                news = f"{member_id} joined again"
            elif self._state is State.STABLE and member_id == self._leader:
                news = f"leader {member_id} joined again"  # partitions were added: only the leader sees that
            else:
                news = ""  # it did not get its answer: the same again
            member.protocols = dict(protocols)
            member.session, member.rebalance = session_timeout_ms / 1000, rebalance_timeout_ms / 1000
            member.deadline = now + member.session
            if news:
                was_empty = not self._members
                is_new = member_id not in self._members
                self._members[member_id] = member
                self._prepare(now, news, was_empty=was_empty, is_new=is_new)
                member.joined, member.answer = True, None
                self._finish_round(now)
            return self._wait_for_round(member)

    def sync(
        self, member_id: str, generation: int, shares: Mapping[str, Sequence[TopicPartition]]
    ) -> tuple[TopicPartition, ...]:
        """See :meth:`concur.pubsub.connection.Connection.sync_group`."""
        with self._changed:
            now = self._look_after()
            member = self._member(member_id, generation, "sync")
            if self._state is State.PREPARING:
                raise self._rebalancing()
            member.synced = True
            if self._state is State.COMPLETING and member_id == self._leader:
                for other in self._members.values():
                    other.share = tuple(shares.get(other.id, ()))
                    other.deadline = now + other.session
                self._state = State.STABLE
                owners = [f"{tp} -> {other.id}" for other in self._members.values() for tp in other.share]
                logger.debug(
                    "group {} generation {}: {}", self.name, generation, ", ".join(owners) or "nothing"
                )
                self._changed.notify_all()
            self._wait_for_shares(member, generation)
            return member.share

    def heartbeat(self, member_id: str, generation: int) -> None:
        """See :meth:`concur.pubsub.connection.Connection.heartbeat`."""
        with self._changed:
            now = self._look_after()
            member = self._member(member_id, generation, "heartbeat")
            member.deadline = now + member.session
            if self._state is State.PREPARING:
                raise self._rebalancing()

    def leave(self, member_id: str) -> None:
        """See :meth:`concur.pubsub.connection.Connection.leave_group`."""
        with self._changed:
            now = self._look_after()
            if self._invited.pop(member_id, None) is None:
                if member_id not in self._members:
                    raise self._unknown(member_id)
                self._remove(now, {member_id: "left"})
            self._finish_round(now)

    def commit(
        self, member_id: str, generation: int, offsets: Mapping[TopicPartition, OffsetAndMetadata]
    ) -> None:
        """See :meth:`concur.pubsub.connection.Connection.commit_offsets`; ClassicGroup.validateOffsetCommit."""
        with self._changed:
            now = self._look_after()
            if member_id != NO_MEMBER or generation >= 0:
                member = self._member(member_id, generation, "commit")
                member.deadline = now + member.session
            elif self._state is not State.EMPTY:
                raise UnknownMemberId(
                    f"group {self.name!r} has members: a consumer outside of it may not commit for it. "
                    f"Subscribe instead of assigning, or take another group.id."
                )
            if self._state is State.COMPLETING:
                # Its share may be another's by now; in PREPARING it still has what it had.
                raise self._rebalancing()
            self._offsets.update(offsets)

    def committed(
        self, partitions: Iterable[TopicPartition] | None = None
    ) -> dict[TopicPartition, OffsetAndMetadata]:
        """See :meth:`concur.pubsub.connection.Connection.fetch_offsets`."""
        with self._changed:
            self._look_after()
            wanted = self._offsets if partitions is None else partitions
            return {tp: self._offsets[tp] for tp in wanted if tp in self._offsets}

    # What the coordinator asks

    def describe(self) -> GroupDescription:
        """The group as it is now."""
        with self._changed:
            state = "Dead" if self._closed else self._state.value
            shares = {member.id: member.share for member in self._members.values()}
            return GroupDescription(self.name, state, self._generation, self._protocol, self._leader, shares)

    def expire(self) -> None:
        """See to what is due: sessions, rounds, invitations. Does nothing if nothing is."""
        with self._changed:
            if not self._closed:
                self._look_after()

    def close(self) -> None:
        """The coordinator is gone: who waits is told, and whoever comes is turned away."""
        with self._changed:
            self._closed = True
            self._tenure += 1
            self._changed.notify_all()

    def reopen(self) -> None:
        """Another coordinator has taken over: sessions and the time of a rebalance that goes on begin anew."""
        with self._changed:
            self._closed = False
            now = time.monotonic()
            for member in self._members.values():
                member.deadline = now + member.session
            self._ends = now + self._longest_rebalance()

    # Rounds; all under the lock

    def _prepare(self, now: float, why: str, *, was_empty: bool = False, is_new: bool = False) -> None:
        """Begin a round of joining, or let one more into the one that goes on."""
        if self._state is State.PREPARING:
            if is_new and now < self._opens:  # the first round: more may be on their way
                self._opens = min(now + self._initial_delay, self._ends)
            return
        logger.debug("group {} rebalance: {}", self.name, why)
        self._state = State.PREPARING
        for member in self._members.values():
            member.joined = False
        self._ends = now + self._longest_rebalance()
        self._opens = min(now + self._initial_delay, self._ends) if was_empty else now
        self._changed.notify_all()

    def _finish_round(self, now: float) -> None:
        """If all have joined, or the time is up, the round is over: a new generation."""
        if self._state is not State.PREPARING or (now < self._opens and self._members):
            return
        missing = [member for member in self._members.values() if not member.joined]
        if (missing or self._invited) and now < self._ends and self._members:
            return
        for member in missing:
            logger.info("group {} member {} did not join again in time", self.name, member.id)
            del self._members[member.id]
        self._generation += 1
        if self._leader not in self._members:
            self._leader = next(iter(self._members), NO_MEMBER)
        self._protocol = vote(self._members.values())
        self._state = State.COMPLETING if self._members else State.EMPTY
        self._ends = now + self._longest_rebalance()
        everybody = {member.id: member.protocols[self._protocol] for member in self._members.values()}
        for member in self._members.values():
            member.joined, member.synced, member.share = False, False, ()
            member.deadline = now + member.session
            member.answer = Joined(
                *(self._generation, member.id, self._leader, self._protocol),
                everybody if member.id == self._leader else {},
            )
        members = ", ".join(self._members) or "nobody"
        logger.debug(
            "group {} generation {} -> {}: {}", self.name, self._generation - 1, self._generation, members
        )
        self._changed.notify_all()

    def _longest_rebalance(self) -> float:
        return max((member.rebalance for member in self._members.values()), default=0.0)

    def _remove(self, now: float, reasons: Mapping[str, str]) -> None:
        """Take members out, and begin a round without them."""
        for member_id, reason in reasons.items():
            logger.info("group {} member {} {}", self.name, member_id, reason)
            del self._members[member_id]
        if reasons:
            self._prepare(now, ", ".join(f"{member_id} {reason}" for member_id, reason in reasons.items()))
            self._changed.notify_all()

    def _look_after(self) -> float:
        """See to what is due; returns the time. Every call begins with this."""
        if self._closed:
            raise self._moved()
        now = time.monotonic()
        for member_id in [member_id for member_id, until in self._invited.items() if until <= now]:
            del self._invited[member_id]
        dead = {
            member.id: f"was silent for its session of {member.session:g} s"
            for member in self._members.values()
            if not member.waits and member.deadline <= now
        }
        if self._state is State.COMPLETING and self._ends <= now:
            dead |= {
                member.id: "did not sync in time" for member in self._members.values() if not member.synced
            }
        self._remove(now, dead)
        self._finish_round(now)
        return now

    def _next_due(self) -> float:
        """When there is something to see to, if nobody comes before."""
        due = [member.deadline for member in self._members.values() if not member.waits]
        due += self._invited.values()
        if self._state is State.PREPARING:
            due.append(self._opens if time.monotonic() < self._opens else self._ends)
        elif self._state is State.COMPLETING:
            due.append(self._ends)
        return min(due)  # who sleeps does so for a round or a sync, so there is something

    def _wait_for_round(self, member: Member) -> Joined:
        """Wait until the round is over that *member* has joined."""
        member.waits += 1
        try:
            while member.answer is None:
                self._sleep()
                self._still_there(member)
            return member.answer
        finally:
            member.waits -= 1
            member.deadline = time.monotonic() + member.session
            if member.answer is None and not member.waits:
                member.joined = False  # interrupted: it is not here to get an answer

    def _wait_for_shares(self, member: Member, generation: int) -> None:
        """Wait until the leader has handed in the shares of *generation*."""
        member.waits += 1
        done = False
        try:
            while self._state is State.COMPLETING and self._generation == generation:
                self._sleep()
                self._still_there(member)
            done = True
        finally:
            member.waits -= 1
            member.deadline = time.monotonic() + member.session
            if not done and not member.waits:
                member.synced = False
        if self._state is not State.STABLE or self._generation != generation:
            raise self._rebalancing()

    def _sleep(self) -> None:
        """Sleep until something has changed, or is due."""
        tenure = self._tenure
        self._changed.wait(max(self._next_due() - time.monotonic(), 0))
        if tenure != self._tenure:
            raise self._moved()
        self._look_after()

    def _still_there(self, member: Member) -> None:
        if self._members.get(member.id) is not member:
            raise self._unknown(member.id)

    # Who is turned away

    def _invite(self, client_id: str, until: float) -> MemberIdRequired:
        self._ids += 1
        member_id = f"{client_id or 'consumer'}-{self._ids}"
        self._invited[member_id] = until
        return MemberIdRequired(f"join group {self.name!r} again, as {member_id!r}", member_id)

    def _member(self, member_id: str, generation: int, what: str) -> Member:
        member = self._members.get(member_id)
        if member is None:
            raise self._unknown(member_id)
        if generation != self._generation:
            logger.info(
                "group {} {} of {} refused: generation {}, the group is in {}",
                *(self.name, what, member_id, generation, self._generation),
            )
            raise IllegalGeneration(
                f"group {self.name!r} is in generation {self._generation}, and {member_id!r} comes from {generation}: "
                f"the group went on without it. It has to join again; what it read may be another's by now."
            )
        return member

    def _check_protocols(self, member_id: str, protocols: Mapping[str, Subscription]) -> None:
        others = [member for member in self._members.values() if member.id != member_id]
        common = common_protocols(others) if others else set(protocols)
        if not protocols or not common & set(protocols):
            raise InconsistentGroupProtocol(
                f"{member_id!r} can use {', '.join(protocols) or 'no assignor'}, and the other members of group "
                f"{self.name!r} {', '.join(sorted(common))}. All need one partition.assignment.strategy in common."
            )

    def _unknown(self, member_id: str) -> UnknownMemberId:
        return UnknownMemberId(
            f"group {self.name!r} has no member {member_id!r}: it left, or was silent for its session, or never "
            f"joined. It has to join again as a new one."
        )

    def _moved(self) -> NotCoordinator:
        return NotCoordinator(f"the coordinator of group {self.name!r} has moved: look for it again")

    def _rebalancing(self) -> RebalanceInProgress:
        return RebalanceInProgress(f"group {self.name!r} is being rebalanced: join again")
