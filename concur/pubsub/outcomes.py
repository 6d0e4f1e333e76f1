"""What becomes of batches when their requests come back: acknowledged, sent again, or given up.

What failed and may succeed later is sent again, until ``delivery.timeout.ms`` is over or ``retries`` are used up; what
was refused only because it came before its turn does not count. Which batches of a partition may go
next, and under which numbers, is for :mod:`concur.pubsub.lanes` to say.

An error that a user sees is ``definite`` only if no attempt may have succeeded, not only the last one.

After ``Sender.java`` (``completeBatch``, ``canRetry``, ``failBatch``) of Apache Kafka.
"""

import time
from collections.abc import Iterable, Mapping

from concur.pubsub.accumulator import Accumulator
from concur.pubsub.config import Config
from concur.pubsub.delivery import OpenBatch
from concur.pubsub.errors import (
    DeliveryTimeout,
    Disconnected,
    IllegalState,
    InvalidMetadata,
    PubSubError,
    RequestTimedOut,
)
from concur.pubsub.lanes import Identity, Lane
from concur.pubsub.records import TopicPartition


class Outcomes:
    """The outcomes of one producer's requests; the lock of its batches guards all of it."""

    def __init__(self, config: Config, batches: Accumulator) -> None:
        self._batches = batches
        self._retries = config["retries"]
        self._back_off = config["retry.backoff.ms"] / 1000
        self._max_back_off = config["retry.backoff.max.ms"] / 1000
        self.producer: Identity | None = None  # the newest id and its epoch, once they were given
        # Whose leader failed so that another may lead by now: nothing is sent there before that was asked.
        self.doubted: set[TopicPartition] = set()

    def take_in(
        self,
        batches: Iterable[OpenBatch],
        answers: Mapping[TopicPartition, tuple[int, int] | PubSubError],
    ) -> bool:
        """Take in the *answers* of a request with *batches*; whether all of them were good."""
        all_good = True
        for batch in batches:
            answer = answers.get(batch.tp) or Disconnected("the broker did not answer for this partition")
            lane = self._batches.lane_of(batch)
            if not lane.came_back(batch):
                all_good = False
            elif isinstance(answer, PubSubError):
                all_good = False
                self._failed(lane, batch, answer)
            else:
                lane.acknowledged(batch, *answer)
        return all_good

    def _failed(self, lane: Lane, batch: OpenBatch, error: PubSubError) -> None:
        """Send *batch* again later, if that may help and there is time; or give it up."""
        now = time.monotonic()
        late = now >= batch.deadline
        batch.in_doubt = batch.in_doubt or not error.definite
        if not late and lane.was_overtaken(batch, error):
            batch.attempts -= 1
            lane.send_again(batch, now)
        elif not late and error.retriable and batch.attempts <= self._retries:
            if isinstance(error, InvalidMetadata | RequestTimedOut):
                self.doubted.add(batch.tp)
            wait = min(self._max_back_off, self._back_off * 2 ** min(batch.attempts - 1, 20))
            lane.send_again(batch, now + wait)
        elif late and error.retriable:
            self._fail(lane, batch, given_up(batch, f"not acknowledged within delivery.timeout.ms: {error}"))
        else:
            self._fail(lane, batch, doubtful(error) if batch.in_doubt and error.definite else error)

    def give_up(self, batches: Iterable[OpenBatch], why: str) -> None:
        """Let *batches* fail that wait, or are under way."""
        for batch in batches:
            batch.in_doubt = batch.in_doubt or batch.under_way
            self._fail(self._batches.lane_of(batch), batch, given_up(batch, why))

    def _fail(self, lane: Lane, batch: OpenBatch, error: PubSubError) -> None:
        lost = lane.fail(batch, error)
        if lost is not None and lost == self.producer:
            self.producer = None  # the lane needs a new one


def given_up(batch: OpenBatch, why: str) -> PubSubError:
    """The error of a *batch* that is given up."""
    if batch.attempts == 0:
        error: type[PubSubError] = IllegalState if "closed" in why else DeliveryTimeout
        return error(f"a record for {batch.tp} was not sent: {why}", definite=True)
    doubt = "; it may be in the log" if batch.in_doubt else ""
    return DeliveryTimeout(
        f"a record for {batch.tp} was given up after {batch.attempts} attempts: {why}{doubt}",
        definite=not batch.in_doubt,
    )


def doubtful(error: PubSubError) -> PubSubError:
    """*error*, of a batch of which an attempt before it may have succeeded."""
    return type(error)(f"{error} (an attempt before this one may have succeeded)", definite=False)
