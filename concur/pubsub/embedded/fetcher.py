"""A follower's thread: it keeps the logs that a broker follows like those of their leader.

One thread a leader. For each partition it first finds out where its own log and the
leader's part, by the ends of leader epochs (KIP-101), and cuts off what the leader does not
have. Then it fetches from its own end on, again and again; a fetch waits at the leader until there
is something. An answer is used only if the replica still follows in that epoch.

After ``AbstractFetcherThread.scala`` of Apache Kafka.
"""

import threading
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from concur.pubsub.connection import EARLIEST
from concur.pubsub.embedded import requests
from concur.pubsub.embedded.replica import Replica
from concur.pubsub.errors import FencedLeaderEpoch, OffsetOutOfRange, PubSubError
from concur.pubsub.records import TopicPartition

if TYPE_CHECKING:
    from concur.pubsub.embedded.broker import Life

Followed = Mapping[TopicPartition, tuple[Replica, int]]  # each with the leader epoch


class Fetcher:
    """Fetches for *broker*, from the one that *leader* is the number of."""

    def __init__(self, broker: "Life", leader: int) -> None:
        self._broker = broker
        self._leader = leader
        self._back_off = broker.config["replica.fetch.backoff.ms"] / 1000
        self._changed = threading.Condition()
        # Guarded by _changed.
        self._followed: Followed = {}  # replaced, never changed
        self._closed = False
        self._truncated: set[tuple[TopicPartition, int]] = set()  # in these epochs; the thread's own
        self._thread = threading.Thread(
            target=self._run, name=f"broker-{broker.number} fetches from broker-{leader}", daemon=True
        )
        self._thread.start()

    def follow(self, followed: Followed) -> None:
        """Fetch these partitions from now on, each in its leader epoch, and no others."""
        with self._changed:
            if followed != self._followed:
                self._followed = followed
                self._changed.notify_all()

    def close(self) -> None:
        """End the thread, soon."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def join(self) -> None:
        """Wait until the thread has ended."""
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._followed and not self._closed:
                    self._changed.wait()
                if self._closed:
                    return
                followed = self._followed
            if not self._broker.gate():
                return
            try:
                went_well = self._round(followed)
            except PubSubError:  # the leader cannot be reached
                went_well = False
            if not went_well:
                with self._changed:
                    if not self._closed and self._followed is followed:
                        self._changed.wait(self._back_off)

    def _round(self, followed: Followed) -> bool:
        """Cut what is to be cut, and fetch once from all; whether all went well."""
        self._truncated &= {(tp, epoch) for tp, (_, epoch) in followed.items()}
        ready = {}
        for tp, (replica, epoch) in followed.items():
            try:
                if self._is_cut(tp, replica, epoch):
                    ready[tp] = (replica.fetch_offset(epoch), epoch)
            except FencedLeaderEpoch:
                pass  # it leads by now, or follows somebody else, and that is known here soon
        if not ready:
            return False
        me = self._broker.number
        answers = self._broker.ask(self._leader, lambda leader: requests.fetch_as_follower(leader, me, ready))
        if not self._broker.gate():
            return False
        went_well = len(ready) == len(followed)
        for tp, answer in answers.items():
            replica, epoch = followed[tp]
            try:
                if isinstance(answer, OffsetOutOfRange):
                    self._begin_anew(tp, replica, epoch)
                elif isinstance(answer, PubSubError):
                    went_well = False
                else:
                    replica.append_as_follower(answer, epoch)
            except FencedLeaderEpoch:
                pass  # the same
        return went_well

    def _is_cut(self, tp: TopicPartition, replica: Replica, epoch: int) -> bool:
        """Whether *replica* has nothing any more that its leader does not have; tries to make it so."""
        while (tp, epoch) not in self._truncated:
            try:
                last = replica.last_epoch(epoch)
                answer = self._broker.ask(
                    self._leader, partial(requests.end_for_epoch, tp=tp, epoch=last, leader_epoch=epoch)
                )
                if replica.truncate_after(answer, epoch):
                    self._truncated.add((tp, epoch))
            except PubSubError:  # one of the two has other news than the other
                return False
        return True

    def _begin_anew(self, tp: TopicPartition, replica: Replica, epoch: int) -> None:
        """The leader has deleted what would come next here: begin where its log begins."""
        start = self._broker.ask(
            self._leader, lambda leader: requests.list_offset(leader, tp, EARLIEST, epoch)
        )[0]
        if start > replica.log.end:
            replica.start_anew(start, epoch)
