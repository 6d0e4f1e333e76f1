"""One replica of a partition: its log, and its part as the leader or as a follower.

The leader appends what producers send. Followers fetch from it, each from the end of its
own log, and thereby tell it how far they are. What all replicas in sync have is
*committed*, up to the *high watermark*: consumers read only that, and ``acks=all`` waits
for it. Whoever of those in sync is elected next has all of it.

    >>> from concur.pubsub.batch import RecordBatch
    >>> from concur.pubsub.embedded.epochs import LeaderEpochs
    >>> from concur.pubsub.embedded.log import PartitionLog
    >>> from concur.pubsub.records import TopicPartition
    >>> one, two = (Replica(TopicPartition("orders", 0), n, PartitionLog(), LeaderEpochs()) for n in (1, 2))
    >>> one.become_leader(epoch=0, replicas=[1, 2], in_sync=[1, 2], partition_epoch=0)
    True
    >>> two.become_follower(leader=1, epoch=0)
    True
    >>> one.append(RecordBatch([None], [b"tea"], [()], [1000]), acks=ACKS_ALL)
    Appended(base_offset=0, required=1, leader_epoch=0)
    >>> fetched = one.read_for_follower(2, two.fetch_offset(leader_epoch=0), leader_epoch=0, max_bytes=1000)
    >>> two.append_as_follower(fetched, leader_epoch=0)
    >>> one.high_watermark  # that 2 has it is known when it fetches what comes after
    0
    >>> _ = one.read_for_follower(2, two.fetch_offset(leader_epoch=0), leader_epoch=0, max_bytes=1000)
    >>> one.high_watermark
    1

How it works. A monitor: one lock guards all that changes, and nothing is asked of anybody
else while it is held. Only readers of committed records take no lock. They look at the
leadership before and after: while it is the same, nothing that was committed is cut, so
what they got below the watermark is what is there.

Who waits (a producer for the watermark, a consumer for the watermark, a follower for the
end of the log) stands in a line with the offset that it waits to be passed, and is woken
when it is, or when the leadership ends.

Requests that name another leader epoch than the replica knows are refused: an older one is
fenced, a newer one must wait until the news is here.

Source: Partition.scala (appendRecordsToLeader, checkEnoughReplicasReachOffset, fetchRecords)
and ReplicaFetcherThread.scala (truncate) of Apache Kafka.
"""

import time
from typing import NamedTuple

from concur.pubsub.batch import RecordBatch, StoredBatch
from concur.pubsub.connection import ACKS_ALL, EARLIEST, LATEST, FetchedPartition
from concur.pubsub.embedded.epochs import EpochEnd
from concur.pubsub.embedded.leadership import InSyncChange
from concur.pubsub.embedded.refusals import (
    no_replica,
    not_in_time,
    not_known_yet,
    term_ended,
    too_few,
    too_few_now,
)
from concur.pubsub.embedded.role import ANY_EPOCH, Role
from concur.pubsub.embedded.waiting import Caller, Line, Waiter
from concur.pubsub.errors import OffsetOutOfRange


class Appended(NamedTuple):
    """Where a batch is: at *base_offset*; committed when the watermark reaches *required* in the same epoch."""

    base_offset: int
    required: int
    leader_epoch: int


class Replica(Role):
    """A partition on one broker; any thread may call it. For its arguments see :class:`Role`."""

    # As leader: producers.

    def append(self, batch: RecordBatch, acks: int) -> Appended:
        """Append what a producer sent; a batch that is there already is answered as if it had just been appended.

        Raises:
            NotLeaderOrFollower: this is not the leader; nothing was appended.
            NotEnoughReplicas: *acks* is ``ACKS_ALL``, and too few are in sync; nothing was appended.
            OutOfOrderSequenceNumber, InvalidProducerEpoch: see :class:`ProducerStates`; nothing was appended.
        """
        with self._lock:
            leads = self._as_leader(ANY_EPOCH)
            if acks == ACKS_ALL and leads.is_under_min:
                raise too_few(self.partition, leads)
            self._know_producers()
            base = self._producers.check(batch)
            if base is None:
                base, segments = self.log.end, self.log.segments
                self._add([StoredBatch(base, leads.epoch, batch)])
                self._copying.passed(self.log.end)
                self._advance(leads)
                if self.log.segments > segments:  # by size not only from time to time: this is memory
                    self._delete_old(None)
            return tuple.__new__(Appended, (base, base + len(batch), leads.epoch))  # in C, in half the time

    def wait_committed(self, appended: Appended, deadline: float, caller: Caller | None = None) -> None:
        """Wait until all replicas in sync have what was appended, and those are as many as is asked for.

        Args:
            appended: what ``append`` returned.
            deadline: by ``time.monotonic()``.
            caller: for whom this waits; its time is up when it goes.

        Raises:
            NotLeaderOrFollower: the leadership ended before; the next leader may have it or not.
            NotEnoughReplicasAfterAppend: too few are in sync now; it may stay, or be lost.
            RequestTimedOut: there was not time enough; it may be committed later.
        """
        in_time = True
        while True:
            with self._lock:
                leads = self._leads
                if leads is None or leads.epoch != appended.leader_epoch:
                    raise term_ended(self.partition, self.broker, appended.leader_epoch, appended.base_offset)
                committed = self._high_watermark >= appended.required
                if leads.is_under_min and (committed or not in_time):
                    raise too_few_now(self.partition, leads, appended.base_offset)
                if committed:
                    return
                if not in_time:
                    raise not_in_time(self.partition, self.broker, leads, appended.base_offset)
                waiter = Waiter()
                self._committing.add(appended.required - 1, waiter)
            in_time = False
            try:
                left = deadline - time.monotonic()
                in_time = waiter.sleep(left) if caller is None else caller.sleep(waiter, left)
            finally:
                if not in_time:  # nor when Ctrl-C has struck
                    self._leave(self._committing, waiter)

    # As leader: readers.

    def read_for_consumer(
        self, offset: int, max_bytes: int, leader_epoch: int = ANY_EPOCH
    ) -> FetchedPartition:
        """What is committed from *offset* on; takes no lock and does not wait. See ``wait_for_more``.

        Raises:
            NotLeaderOrFollower, FencedLeaderEpoch, UnknownLeaderEpoch: another broker leads.
            OffsetOutOfRange: *offset* is below the start of the log, or above its end.
        """
        while True:
            leads = self._as_leader(leader_epoch)
            watermark = self._high_watermark
            try:
                batches, start = self.log.read(offset, max_bytes, watermark), self.log.start
            except OffsetOutOfRange:
                if self._leads is leads:
                    raise
            else:
                if self._leads is leads:
                    return _fetched(batches, watermark, start)
            # In between, the log may have been cut, and what was read be another leader's.

    def read_for_follower(
        self, follower: int, offset: int, leader_epoch: int, max_bytes: int
    ) -> FetchedPartition:
        """All that there is from *offset* on, for the broker *follower*, which has everything below.

        Raises:
            NotLeaderOrFollower, FencedLeaderEpoch, UnknownLeaderEpoch: another broker leads, or *follower* has
                no replica.
            OffsetOutOfRange: *offset* is below the start of the log, or above its end.
        """
        with self._lock:
            leads = self._as_leader(leader_epoch)
            progress = leads.followers.get(follower)
            if progress is None:
                raise no_replica(self.partition, follower, leads.replicas)
            batches = self.log.read(offset, max_bytes)
            progress.fetched(offset, self.log.end, time.monotonic())
            self._advance(leads)
            return _fetched(batches, self._high_watermark, self.log.start)

    def wait_for_more(self, waiter: Waiter, beyond: int, *, follower: bool = False) -> bool:
        """Have *waiter* woken when there is something at *beyond*: committed, or for a follower in the log.

        Returns:
            False if there is something already, or this is not the leader: read again. True: it will be woken,
            by the next such record or by the end of the leadership; ``forget`` it afterwards.
        """
        with self._lock:
            there = self.log.end if follower else self._high_watermark
            if self._leads is None or there > beyond:
                return False
            (self._copying if follower else self._reading).add(beyond, waiter)
            return True

    def forget(self, waiter: Waiter) -> None:
        """*waiter* waits no longer."""
        with self._lock:
            self._reading.remove(waiter)
            self._copying.remove(waiter)

    def offset_for(self, timestamp: int, leader_epoch: int = ANY_EPOCH) -> tuple[int, int]:
        """The first committed record that is not older than *timestamp*: offset and timestamp; (-1, -1) if none is.

        Args:
            timestamp: milliseconds since 1970, or ``EARLIEST`` or ``LATEST``, which have no timestamp (-1).
            leader_epoch: the one that the client knows.

        Raises:
            OffsetNotAvailable: what was committed before this term may be above the watermark as it is known
                here, and be what is asked for: otherwise a change of leaders could make the end go back (KIP-207).
        """
        with self._lock:
            leads = self._as_leader(leader_epoch)
            if timestamp == EARLIEST:
                return self.log.start, -1
            watermark = self._high_watermark
            found = None if timestamp == LATEST else self.log.offset_for_time(timestamp, watermark)
            if found is not None:
                return found
            if watermark < leads.start_offset:
                raise not_known_yet(self.partition, self.broker, leads.start_offset, watermark)
            return (watermark, -1) if timestamp == LATEST else (-1, -1)

    def end_for_epoch(self, epoch: int, leader_epoch: int) -> EpochEnd | None:
        """Where *epoch* ends in this log, for a follower that must know what to cut off; see :class:`LeaderEpochs`."""
        with self._lock:
            self._as_leader(leader_epoch)
            return self._epochs.end_for(epoch, self.log.end)

    # As leader: who is in sync.

    def in_sync_to_shrink(self) -> InSyncChange | None:
        """What to ask of the controller because somebody lags: a new change, or again one whose answer was lost."""
        with self._lock:
            if self._leads is None:
                return None
            return self._leads.pending or self._leads.to_shrink(self.log.end, time.monotonic())

    def in_sync_to_expand(self) -> InSyncChange | None:
        """What to ask of the controller because somebody has caught up; to be looked at when a follower has fetched."""
        leads = self._leads
        if leads is None or len(leads.in_sync) == len(leads.replicas):
            return None
        with self._lock:
            return self._leads.to_expand(self._high_watermark) if self._leads else None

    def in_sync_changed(self, change: InSyncChange, partition_epoch: int) -> None:
        """The controller has made *change*, and calls it *partition_epoch*."""
        with self._lock:
            leads = self._leads
            if (
                leads is not None
                and leads.epoch == change.leader_epoch
                and leads.changed(change.in_sync, partition_epoch)
            ):
                self._advance(leads)

    def in_sync_refused(self, change: InSyncChange) -> None:
        """The controller will not make *change*, and never has. Not for one that it calls out of date."""
        with self._lock:
            if self._leads is not None:
                self._leads.refused(change)
                self._advance(self._leads)

    # As follower.

    def fetch_offset(self, leader_epoch: int) -> int:
        """Where to fetch from: the end of the log, which says to the leader of *leader_epoch* what is here.

        A fetcher that would read the end of the log by itself could read it after the replica has begun to
        lead, and written: the old leader would take these records for its own, and commit what is nowhere else.

        Raises:
            FencedLeaderEpoch: this replica does not follow in that epoch any more.
        """
        with self._lock:
            self._as_follower(leader_epoch)
            return self.log.end

    def last_epoch(self, leader_epoch: int) -> int:
        """The epoch to ask the leader about (``end_for_epoch``) before fetching from it.

        Raises:
            FencedLeaderEpoch: this replica follows in another epoch by now.
        """
        with self._lock:
            self._as_follower(leader_epoch)
            return self._epochs.latest

    def truncate_after(self, answer: EpochEnd | None, leader_epoch: int) -> bool:
        """Cut off what the leader does not have, after its *answer*; False: ask again.

        Raises:
            FencedLeaderEpoch: this replica follows in another epoch by now; nothing was cut.
        """
        with self._lock:
            self._as_follower(leader_epoch)
            offset, complete = self._epochs.truncation(answer, self.log.end, self._high_watermark)
            self._cut(offset)
            return complete

    def append_as_follower(self, fetched: FetchedPartition, leader_epoch: int) -> None:
        """Append what the leader answered.

        Raises:
            FencedLeaderEpoch: this replica follows in another epoch by now; nothing was appended.
            OffsetOutOfRange: it does not follow what is here.
        """
        with self._lock:
            self._as_follower(leader_epoch)
            self._know_producers()
            self._add(fetched.batches)
            watermark = min(fetched.high_watermark, self.log.end)
            if watermark > self._high_watermark:
                self._high_watermark = watermark
            if self.log.start < fetched.log_start <= self._high_watermark:
                self.log.delete_before(fetched.log_start)
                self._epochs.truncate_from_start(self.log.start)

    def start_anew(self, offset: int, leader_epoch: int) -> None:
        """Throw the log away and go on at *offset*, where the leader's log starts: above the end of this one.

        Raises:
            FencedLeaderEpoch: this replica follows in another epoch by now; nothing was thrown away.
        """
        with self._lock:
            self._as_follower(leader_epoch)
            self.log.start_anew(offset)
            self._epochs.truncate_from_end(0)
            self._high_watermark = offset
            self._known_to = -1

    # In both roles.

    def clean(self, now_ms: int) -> int:
        """Delete old segments and forget producers that were long silent; returns how many segments went.

        Who has resigned, and not been told of a leader since, deletes nothing: the log may be another replica's by now.

        Args:
            now_ms: the time, in milliseconds since 1970.
        """
        with self._lock:
            if self._leader is None:
                return 0
            self._producers.expire(now_ms)
            return self._delete_old(now_ms)

    def delete_before(self, offset: int) -> None:
        """Delete what is below *offset*, on the leader; followers hear of it when they fetch.

        Raises:
            NotLeaderOrFollower: this is not the leader.
            OffsetOutOfRange: *offset* is above the watermark.
        """
        with self._lock:
            self._as_leader(ANY_EPOCH)
            if offset > self._high_watermark:
                raise OffsetOutOfRange(
                    f"the records of {self.partition} below {offset} cannot be deleted: only those below the high "
                    f"watermark, {self._high_watermark}, are committed."
                )
            self.log.delete_before(offset)
            self._epochs.truncate_from_start(self.log.start)

    def _delete_old(self, now_ms: int | None) -> int:
        """Delete old segments, under the lock; followers hear of it when they fetch."""
        went = self.log.delete_old(now_ms, self._high_watermark)
        self._epochs.truncate_from_start(self.log.start)
        return went

    def _leave(self, line: Line, waiter: Waiter) -> None:
        with self._lock:
            line.remove(waiter)


def _fetched(batches: list[StoredBatch], high_watermark: int, log_start: int) -> FetchedPartition:
    """The record, made in C, in half the time."""
    return tuple.__new__(FetchedPartition, (batches, high_watermark, log_start))
