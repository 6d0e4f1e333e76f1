"""Who leads a partition, as one of its replicas knows it; and what its log, epochs, watermark and producers are.

Every change of leader has a higher epoch, and a replica takes part in the highest that it
has heard of. News may come in any order and more than once; what is older than what is
known changes nothing.

Source: Partition.scala (makeLeader, makeFollower) of Apache Kafka.
"""

import threading
import time
from collections.abc import Iterable

from concur.pubsub.batch import StoredBatch
from concur.pubsub.embedded.epochs import LeaderEpochs
from concur.pubsub.embedded.leadership import LAG_SECONDS, Leadership
from concur.pubsub.embedded.log import PartitionLog
from concur.pubsub.embedded.producer_state import DAY_MS, ProducerStates
from concur.pubsub.embedded.refusals import not_follower, not_leader, other_epoch
from concur.pubsub.embedded.waiting import Line
from concur.pubsub.records import TopicPartition

ANY_EPOCH = -1  # of a client that does not know the leader epoch


class Role:
    """The state of a replica, one lock around it, and the changes of its role.

    Args:
        partition: which one.
        broker: the number of the broker.
        log, epochs: what survived of it, or new ones. The replica is the only one that changes them.
        high_watermark: the one that was last written down; the log was committed at least up to there.
        min_in_sync: ``min.insync.replicas``.
        lag_ms: ``replica.lag.time.max.ms``.
        producer_expiration_ms: ``producer.id.expiration.ms``.
    """

    def __init__(
        self,
        partition: TopicPartition,
        broker: int,
        log: PartitionLog,
        epochs: LeaderEpochs,
        *,
        high_watermark: int = 0,
        min_in_sync: int = 1,
        lag_ms: float = 1000 * LAG_SECONDS,
        producer_expiration_ms: int = DAY_MS,
    ) -> None:
        self.partition, self.broker, self.log = partition, broker, log
        self.min_in_sync, self.lag_ms = min_in_sync, lag_ms
        self.producer_expiration_ms = producer_expiration_ms
        self._lock = threading.Lock()
        # All below is changed under the lock; what starts with "Read" is also read without.
        self._epochs = epochs
        self._epoch = -1  # the highest leader epoch heard of
        # Read. The term as leader, and None in any other role. Whoever is not leader may follow _leader.
        self._leads: Leadership | None = None
        self._leader: int | None = None
        # Read. Never above the end of the log; falls only when the log is cut below it.
        self._high_watermark = min(max(high_watermark, log.start), log.end)
        self._producers = ProducerStates(expiration_ms=producer_expiration_ms)
        self._known_to = -1  # the offset up to which _producers knows the log
        self._committing = Line()  # producers, who wait for the watermark
        self._reading = Line()  # consumers, who wait for the watermark
        self._copying = Line()  # followers, who wait for the end of the log

    def __repr__(self) -> str:
        role = "leads" if self._leads else f"follows {self._leader}"
        state = f"epoch={self._epoch} watermark={self._high_watermark} end={self.log.end}"
        return f"<{type(self).__name__} {self.partition}: {self.broker} {role} {state}>"

    @property
    def high_watermark(self) -> int:
        """The offset below which everything is committed, as far as this replica knows."""
        return self._high_watermark

    @property
    def leads(self) -> bool:
        """Whether it is the leader, as far as it knows."""
        return self._leads is not None

    @property
    def leader(self) -> int | None:
        """The broker that leads in the highest epoch heard of, if one does."""
        return self._leader

    @property
    def epoch(self) -> int:
        """The highest leader epoch heard of; -1 at first."""
        return self._epoch

    @property
    def in_sync(self) -> frozenset[int]:
        """The replicas in sync that the controller has confirmed; none if this is not the leader."""
        leads = self._leads
        return leads.in_sync if leads else frozenset()

    def become_leader(
        self,
        epoch: int,
        *,
        replicas: Iterable[int],
        in_sync: Iterable[int],
        partition_epoch: int,
        live: Iterable[int] | None = None,
    ) -> bool:
        """Lead from *epoch* on; said again within the same epoch, it is news of the replicas in sync.

        Args:
            replicas, in_sync, partition_epoch, live: see :class:`Leadership`.

        Returns:
            False if it is old news.
        """
        with self._lock:
            if epoch < self._epoch or (epoch == self._epoch and self._leads is None):
                return False
            leads = self._leads
            if leads is not None and epoch == leads.epoch:
                if live is not None:
                    leads.live_are(live)
                leads.changed(in_sync, partition_epoch)
            else:
                self._end_term()
                self._epochs.assign(epoch, self.log.end)
                self._know_producers()
                leads = Leadership(
                    self.broker,
                    epoch=epoch,
                    start_offset=self.log.end,
                    replicas=replicas,
                    in_sync=in_sync,
                    partition_epoch=partition_epoch,
                    live=live,
                    min_in_sync=self.min_in_sync,
                    lag=self.lag_ms / 1000,
                    now=time.monotonic(),
                )
                self._epoch, self._leader, self._leads = epoch, self.broker, leads
            self._advance(leads)
            return True

    def become_follower(self, leader: int | None, epoch: int) -> bool:
        """Follow *leader* from *epoch* on; None: there is no leader now. False if it is old news.

        Before it may fetch, a follower cuts off what its leader does not have: see ``truncate_after``.
        """
        with self._lock:
            if epoch < self._epoch or (epoch == self._epoch and (self._leads or leader == self._leader)):
                return False
            self._end_term()
            self._epoch, self._leader = epoch, leader
            return True

    def resign(self) -> None:
        """Lead no longer, and follow nobody, until there is news: the broker goes down, or the partition goes."""
        with self._lock:
            self._end_term()
            self._leader = None

    # Under the lock (but for _as_leader, which may also do without).

    def _as_leader(self, leader_epoch: int) -> Leadership:
        leads = self._leads  # before the epoch: it is assigned after it
        epoch = self._epoch
        if leader_epoch not in (ANY_EPOCH, epoch):
            raise other_epoch(self.partition, self.broker, leader_epoch, epoch)
        if leads is None:
            raise not_leader(self.partition, self.broker, self._leader, epoch)
        return leads

    def _as_follower(self, leader_epoch: int) -> None:
        if self._leads is not None or self._leader is None or leader_epoch != self._epoch:
            raise not_follower(self.partition, self.broker, leader_epoch, self._epoch)

    def _end_term(self) -> None:
        self._leads = None
        for line in (self._committing, self._reading, self._copying):
            line.wake_all()

    def _add(self, batches: list[StoredBatch]) -> None:
        """Add batches to the log, to the epochs and to what is known of producers."""
        epochs, producers = self._epochs, self._producers
        for stored in batches:
            self.log.add(stored)
            if stored.leader_epoch != epochs.latest:
                epochs.assign(stored.leader_epoch, stored.base_offset)
            if stored.batch.producer_id >= 0:
                producers.note(stored)
            self._known_to = stored.next_offset

    def _know_producers(self) -> None:
        """Read the table of producers from the log, unless it is of this very log.

        It is not at first, nor after a cut, nor after Ctrl-C between the log and the table.
        """
        if self._known_to != self.log.end:
            self._producers = ProducerStates.rebuilt_from(
                self.log.batches(), expiration_ms=self.producer_expiration_ms
            )
            self._known_to = self.log.end

    def _cut(self, offset: int) -> None:
        if offset < self.log.end:
            end = self.log.truncate(offset)
            self._epochs.truncate_from_end(end)
            if self._high_watermark > end:
                self._high_watermark = end

    def _advance(self, leads: Leadership) -> None:
        """Let the watermark rise to where it may be, and wake those for whom it does."""
        if leads.is_under_min:
            return
        watermark = leads.watermark(self.log.end, time.monotonic)
        if watermark > self._high_watermark:
            self._high_watermark = watermark
            self._committing.passed(watermark)
            self._reading.passed(watermark)
