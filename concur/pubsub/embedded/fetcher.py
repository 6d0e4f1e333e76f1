"""A follower's thread: it keeps the logs that a broker follows like those of their leader.

One thread a leader. For each partition it first finds out where its own log and the
leader's part, by the ends of leader epochs (KIP-101), and cuts off what the leader does not
have. Then it fetches from its own end on, again and again; a fetch waits at the leader until there
is something. An answer is used only if the replica still follows that leader in that epoch.
"""

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from concur.pubsub import errors
from concur.pubsub.embedded.replica import Replica
from concur.pubsub.records import TopicPartition

if TYPE_CHECKING:
    from concur.pubsub.embedded.broker import Broker

T = TypeVar("T")

MAX_WAIT = 0.5  # seconds that a fetch waits at the leader
MAX_BYTES = 10 << 20  # of one answer for one partition
BACK_OFF = 0.1  # seconds after a failure (replica.fetch.backoff.ms, here a tenth)


class Fetcher:
    """Fetches for *broker*, from the one that *leader* is the number of."""

    def __init__(self, broker: "Broker", leader: int) -> None:
        self._broker = broker
        self._leader = leader
        self._changed = threading.Condition()
        self._followed: dict[
            TopicPartition, tuple[Replica, int]
        ] = {}  # with the leader epoch; copied on write
        self._closed = False
        self._thread = threading.Thread(
            target=self._run, name=f"broker-{broker.number} fetches from broker-{leader}", daemon=True
        )
        self._thread.start()

    def follow(self, followed: dict[TopicPartition, tuple[Replica, int]]) -> None:
        """Fetch these partitions from now on, each in its leader epoch, and no others."""
        with self._changed:
            self._followed = dict(followed)
            self._changed.notify_all()

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def join(self) -> None:
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._followed or self._closed)
                if self._closed:
                    return
                followed = dict(self._followed)
            self._broker.gate()
            try:
                went_well = self._round(followed)
            except (errors.Disconnected, errors.RequestTimedOut):
                went_well = False
            if not went_well:
                with self._changed:
                    self._changed.wait_for(lambda: self._closed or self._followed != followed, BACK_OFF)  # noqa: B023

    def _round(self, followed: dict[TopicPartition, tuple[Replica, int]]) -> bool:
        """Truncate what is to be truncated, and fetch once; whether all went well."""
        ready = {}
        for tp, (replica, epoch) in followed.items():
            if replica.has_to_truncate(epoch) and not self._truncate(tp, replica, epoch):
                continue
            ready[tp] = (replica, epoch)
        wanted = {
            tp: (replica.end, epoch)
            for tp, (replica, epoch) in ready.items()
            if replica.follows(self._leader, epoch)
        }
        if not wanted:
            return False
        answers = self._ask(
            lambda leader: leader.fetch_as_follower(self._broker.number, wanted, MAX_WAIT, MAX_BYTES)
        )
        went_well = len(wanted) == len(followed)
        for tp, answer in answers.items():
            replica, epoch = ready[tp]
            if isinstance(answer, errors.PubSubError):
                went_well = False
                if isinstance(answer, errors.OffsetOutOfRange):
                    self._begin_where_the_leader_begins(tp, replica, epoch)
            else:
                self._broker.gate()
                replica.append_as_follower(self._leader, epoch, answer)
        return went_well

    def _truncate(self, tp: TopicPartition, replica: Replica, epoch: int) -> bool:
        """Cut *replica* where it parts from the leader; False if that is not known yet."""
        while True:
            latest = replica.latest_epoch
            answer = self._ask(lambda leader: leader.end_for_epoch(tp, epoch, latest))  # noqa: B023
            if isinstance(answer, errors.PubSubError):
                return False
            if replica.truncate_after(self._leader, epoch, latest, answer):
                return True

    def _begin_where_the_leader_begins(self, tp: TopicPartition, replica: Replica, epoch: int) -> None:
        """The leader has deleted what comes next here, or has less than there is here."""
        bounds = self._ask(lambda leader: leader.bounds(tp, epoch))
        if not isinstance(bounds, errors.PubSubError):
            replica.restart_at(self._leader, epoch, bounds)

    def _ask(self, call: Callable[["Broker"], T]) -> T:
        return self._broker.ask(self._leader, call)
