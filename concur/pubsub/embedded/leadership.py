"""What the leader of a partition knows of its followers, and loses when it leads no longer.

Which of them are *in sync*, that is, may be elected: every record that is called
committed is on all of these. Only the controller can change that set, and it may have
done so before its answer is here. So while a change is pending, the leader counts with
the larger of the two sets, the *maximal* one (KIP-497); whichever holds, what it calls
committed is on all that may be elected.

    >>> leads = Leadership(1, epoch=4, start_offset=10, replicas=[1, 2, 3], in_sync=[1, 2], partition_epoch=7)
    >>> leads.followers[2].fetched(12, leader_end=12, now=0.0)
    >>> leads.watermark(own_end=12, now=lambda: 0.0)
    12
    >>> leads.followers[3].fetched(11, leader_end=12, now=0.0)
    >>> leads.to_expand(high_watermark=11)
    InSyncChange(leader_epoch=4, partition_epoch=7, in_sync=frozenset({1, 2, 3}))
    >>> leads.watermark(own_end=12, now=lambda: 0.0)  # 3 may be elected from now on
    11

Not safe for several threads by itself: the lock of the replica guards it. Times are in
seconds of the monotonic clock.

Source: Partition.scala (maybeIncrementLeaderHW, getOutOfSyncReplicas, isFollowerInSync, PendingPartitionChange) and
Replica.scala (updateFetchState, isCaughtUp) of Apache Kafka.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

LAG_SECONDS = 30.0
UNKNOWN = -1  # the end of a follower that has not fetched in this epoch
NEVER = float("-inf")


class InSyncChange(NamedTuple):
    """A set of replicas in sync that the leader of *leader_epoch* asks for, after the one of *partition_epoch*."""

    leader_epoch: int
    partition_epoch: int
    in_sync: frozenset[int]


class Progress:
    """How far one follower is: a follower that fetches from an offset has everything below it."""

    __slots__ = ("_last_fetch", "_leader_end_then", "caught_up", "end")

    def __init__(self, caught_up: float) -> None:
        self.end = UNKNOWN
        self.caught_up = caught_up  # when it last had all that there was
        self._last_fetch = NEVER
        self._leader_end_then = UNKNOWN

    def fetched(self, offset: int, leader_end: int, now: float) -> None:
        """It fetches from *offset*, and the leader's log ends at *leader_end*.

        Who has what there was at the fetch before has been caught up then: otherwise a follower would
        never be in sync under a steady load, in which there is always something new.
        """
        if offset >= leader_end:
            self.caught_up = max(self.caught_up, now)
        elif offset >= self._leader_end_then:
            self.caught_up = max(self.caught_up, self._last_fetch)
        self.end = offset
        self._last_fetch = now
        self._leader_end_then = leader_end

    def is_caught_up(self, leader_end: int, now: float, lag: float) -> bool:
        """Whether it has everything, or had not longer than *lag* ago."""
        return self.end == leader_end or now - self.caught_up <= lag


class Leadership:
    """One replica's term as the leader of a partition.

    Args:
        broker: where this replica is.
        epoch: the leader epoch; the term begins at *start_offset*.
        replicas: the brokers that have the partition, this one too.
        in_sync: those that are in sync; after so many changes of that set, *partition_epoch*.
        live: the brokers that may join the set; those that are fenced may not. All, if None.
        min_in_sync: with fewer in sync nothing is committed (``min.insync.replicas``).
        lag: seconds after which a follower that has not caught up is not in sync (``replica.lag.time.max.ms``).
        now: the time at which the term begins.
    """

    __slots__ = (
        *("_live", "broker", "epoch", "followers", "in_sync", "is_under_min", "lag", "maximal"),
        *("min_in_sync", "partition_epoch", "pending", "replicas", "start_offset"),
    )

    def __init__(
        self,
        broker: int,
        *,
        epoch: int,
        start_offset: int,
        replicas: Iterable[int],
        in_sync: Iterable[int],
        partition_epoch: int,
        live: Iterable[int] | None = None,
        min_in_sync: int = 1,
        lag: float = LAG_SECONDS,
        now: float = 0.0,
    ) -> None:
        self.broker, self.epoch, self.start_offset, self.lag = broker, epoch, start_offset, lag
        self.replicas = frozenset(replicas) | {broker}
        self.min_in_sync = min(min_in_sync, len(self.replicas))  # there are never more than replicas
        self._in_sync_are(frozenset(in_sync), partition_epoch)
        self.followers = {
            other: Progress(now if other in self.in_sync else NEVER)
            for other in sorted(self.replicas - {broker})
        }
        self._live: frozenset[int] = self.replicas if live is None else frozenset(live)

    def __repr__(self) -> str:
        return f"<Leadership epoch={self.epoch} in_sync={sorted(self.in_sync)}>"

    def watermark(self, own_end: int, now: Callable[[], float]) -> int:
        """Up to where everything is on all of the maximal set, and on those that are about to join it.

        The latter (live, caught up, but not yet in the set) would otherwise never join: to join they must
        reach the watermark, which would run away from them.
        """
        end, maximal = own_end, self.maximal
        for broker, progress in self.followers.items():
            if progress.end < end and (
                broker in maximal
                or (broker in self._live and progress.is_caught_up(own_end, now(), self.lag))
            ):
                end = progress.end
        return end

    def to_shrink(self, own_end: int, now: float) -> InSyncChange | None:
        """The set without those that lag, if some do; it is pending from now on. None while another is."""
        if self.pending is not None:
            return None
        lagging = {
            broker
            for broker, progress in self.followers.items()
            if broker in self.in_sync and not progress.is_caught_up(own_end, now, self.lag)
        }
        return self._propose(self.in_sync - lagging) if lagging else None

    def to_expand(self, high_watermark: int) -> InSyncChange | None:
        """The set with one more that has caught up, if one has; it is pending from now on. None while another is.

        Caught up is who has all that is committed, and all from before this term: what was committed then
        may be above the watermark that the leader knows.
        """
        if self.pending is not None or len(self.in_sync) == len(self.replicas):
            return None
        for broker, progress in self.followers.items():
            if (
                broker not in self.in_sync
                and broker in self._live
                and progress.end >= high_watermark
                and progress.end >= self.start_offset
            ):
                return self._propose(self.in_sync | {broker})
        return None

    def changed(self, in_sync: Iterable[int], partition_epoch: int) -> bool:
        """The controller says what is in sync; False if it is old news. Whatever was pending is settled by it."""
        if partition_epoch <= self.partition_epoch:
            return False
        self._in_sync_are(frozenset(in_sync), partition_epoch)
        return True

    def refused(self, change: InSyncChange) -> None:
        """The controller has refused *change* and never made it, so the set is what it was.

        Not for one that it calls out of date: that may be because an earlier request, of which the answer
        was lost, has made it.
        """
        if self.pending == change:
            self._in_sync_are(self.in_sync, self.partition_epoch)

    def live_are(self, live: Iterable[int]) -> None:
        """Which brokers may join the set from now on."""
        self._live = frozenset(live)

    def _in_sync_are(self, in_sync: frozenset[int], partition_epoch: int) -> None:
        """What the controller has said: so it is, and nothing is pending."""
        self.in_sync, self.partition_epoch = in_sync, partition_epoch
        self.is_under_min = len(in_sync) < self.min_in_sync
        self.pending: InSyncChange | None = None
        # All that may be in sync: also those whose joining the controller has not yet answered.
        self.maximal = in_sync

    def _propose(self, in_sync: frozenset[int]) -> InSyncChange:
        self.pending = InSyncChange(self.epoch, self.partition_epoch, in_sync)
        self.maximal = self.in_sync | in_sync
        return self.pending
