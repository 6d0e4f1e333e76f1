"""The threads that send a producer's batches: one for each broker, and one that keeps an eye on them all.

A sender takes what is due for its broker, one batch of each partition, and sends it as
one request. What failed and may succeed later is sent again, until ``delivery.timeout.ms`` is
over. An idempotent producer gives each batch its number when it is sent for the first time, and
the same number ever after: the broker knows by it what it has already.

After ``Sender.java`` and ``TransactionManager.java`` of Apache Kafka. A batch that failed without anybody knowing
whether it is in the log would leave a hole in the numbers that the broker would stumble over, or not; so the
producer goes on under a new id, in which the numbers begin anew.
"""

import threading
import time
from collections.abc import Mapping

from loguru import logger

from concur.pubsub.accumulator import Accumulator
from concur.pubsub.batch import RecordBatch, sequence_after
from concur.pubsub.config import Config
from concur.pubsub.connection import Connection
from concur.pubsub.delivery import OpenBatch
from concur.pubsub.errors import (
    DeliveryTimeout,
    Disconnected,
    IllegalState,
    InvalidMetadata,
    InvalidProducerEpoch,
    OutOfOrderSequenceNumber,
    PubSubError,
    RequestTimedOut,
)
from concur.pubsub.leaders import Leaders
from concur.pubsub.records import TopicPartition

TO_END = 1.0  # seconds that a thread is given to end when there is nothing left for it to do


class Sending:
    """All threads of one producer."""

    def __init__(
        self, name: str, config: Config, connection: Connection, leaders: Leaders, batches: Accumulator
    ) -> None:
        self._name = name
        self._connection = connection
        self._leaders = leaders
        self._batches = batches
        self._acks = config["acks"]
        self._request_timeout = config["request.timeout.ms"]
        self._max_request = config["max.request.size"]
        self._retries = config["retries"]
        self._back_off = config["retry.backoff.ms"] / 1000
        self._max_back_off = config["retry.backoff.max.ms"] / 1000
        self._max_age = config["metadata.max.age.ms"] / 1000
        self._idempotent = config["enable.idempotence"]
        # Guarded by the lock of the batches.
        self._producer: tuple[int, int] | None = None  # id and epoch, once they were given
        self._numbers: dict[
            TopicPartition, tuple[tuple[int, int], int]
        ] = {}  # the producer, and its next number
        self._senders: dict[int, threading.Thread] = {}
        # Whose leader failed so that another may lead by now: nothing is sent there before that was asked.
        self._doubted: set[TopicPartition] = set()
        self._over = False
        self._keeper = threading.Thread(target=self._keep, name=name, daemon=True)
        self._keeper.start()

    def join(self, timeout: float | None) -> None:
        """Wait until everything is answered, *timeout* seconds at most; then what is left is given up."""
        deadline = None if timeout is None else time.monotonic() + timeout
        with self._batches.due:
            self._batches.due.wait_for(self._batches.is_empty, timeout)
            self._over = True
            left = self._batches.abandon()
            self._batches.due.notify_all()
            threads = [self._keeper, *self._senders.values()]
        for batch in left:
            batch.complete(-1, -1, given_up(batch, "the producer was closed before it could be sent"))
        for thread in threads:
            thread.join(None if deadline is None else max(TO_END, deadline - time.monotonic()))

    # The keeper

    def _keep(self) -> None:
        """Know who leads, give every leader a sender, and give up what has waited for too long."""
        asked = time.monotonic()
        while True:
            with self._batches.due:
                if self._over:
                    return
                expired = [
                    (batch, given_up(batch, "it was not acknowledged within delivery.timeout.ms"))
                    for batch in self._batches.take_expired()
                ]
                for batch, error in expired:
                    self._note_number(batch, error)
                leaders = self._leading()
                ask = self._batches.without_leader(leaders) or time.monotonic() - asked > self._max_age
                for leader in {
                    leader for leader in leaders.values() if leader is not None
                } - self._senders.keys():
                    self._start(leader)
                if not expired and not ask:
                    ends = [self._batches.next_expiry(), asked + self._max_age]
                    self._batches.due.wait(
                        max(0.0, min(end for end in ends if end is not None) - time.monotonic())
                    )
                    continue
            for batch, error in expired:
                batch.complete(-1, -1, error)
            if ask:
                asked = time.monotonic()
                self._ask()

    def _leading(self) -> Mapping[TopicPartition, int | None]:
        """Who leads what, without the leaders that are in doubt; under the lock."""
        leaders = self._leaders.of
        doubted = self._doubted
        return {tp: leader for tp, leader in leaders.items() if tp not in doubted} if doubted else leaders

    def _ask(self) -> None:
        with self._batches.due:
            doubted = set(self._doubted)
        try:
            self._leaders.refresh()
        except PubSubError as error:
            logger.debug("{} does not learn who leads: {}", self._name, error)
            doubted = set()
        with self._batches.due:
            self._doubted -= doubted
            self._batches.due.notify_all()
            if self._batches.without_leader(self._leading()):
                self._batches.due.wait_for(lambda: self._over, self._back_off)

    def _start(self, broker: int) -> None:
        sender = threading.Thread(
            target=self._send_to, args=(broker,), name=f"{self._name} to broker-{broker}", daemon=True
        )
        self._senders[broker] = sender
        sender.start()

    # The senders

    def _send_to(self, broker: int) -> None:
        while True:
            with self._batches.due:
                batches = self._next(broker)
            if batches is None:
                return
            if self._idempotent and not self._number(batches):
                continue
            self._send(broker, batches)

    def _next(self, broker: int) -> list[OpenBatch] | None:
        """Wait for what is due for *broker*; None when all is over."""
        while not self._over:
            leaders = self._leading()
            batches = self._batches.take(leaders, broker, self._max_request)
            if batches:
                return batches
            when = self._batches.next_due(leaders, broker)
            self._batches.due.wait(None if when is None else max(0.0, when - time.monotonic()))
        return None

    def _number(self, batches: list[OpenBatch]) -> bool:
        """Give the batches that have none their sequence numbers; False if there was no producer id to be had."""
        producer = self._producer
        if producer is None:
            try:
                producer = self._connection.init_producer_id()
            except PubSubError as error:
                self._try_again(batches, error)
                return False
        with self._batches.due:
            if self._producer is None:
                self._producer = producer
            for batch in batches:
                sealed = batch.seal()
                if sealed.producer_id < 0:
                    of, number = self._numbers.get(batch.tp, (self._producer, 0))
                    number = number if of == self._producer else 0
                    batch.sealed = sealed.numbered(*self._producer, number)
        return True

    def _send(self, broker: int, batches: list[OpenBatch]) -> None:
        request: dict[TopicPartition, RecordBatch] = {batch.tp: batch.seal() for batch in batches}
        for batch in batches:
            batch.attempts += 1
        try:
            answers = self._connection.produce(broker, request, self._acks, self._request_timeout)
        except PubSubError as error:
            self._try_again(batches, error)
            return
        except Exception as error:  # a fault of the engine must not leave records without an answer
            logger.exception("{}: broker-{} failed", self._name, broker)
            self._try_again(batches, PubSubError(f"broker-{broker} failed: {error!r}"))
            return
        failed: list[OpenBatch] = []
        for batch in batches:
            answer = answers.get(batch.tp, Disconnected("the broker did not answer for this partition"))
            if isinstance(answer, PubSubError):
                self._try_again([batch], answer)
                failed.append(batch)
            else:
                self._complete(batch, *answer, None)

    def _try_again(self, batches: list[OpenBatch], error: PubSubError) -> None:
        """Send *batches* again later, if that may help and there is time; or give them up."""
        now = time.monotonic()
        for batch in batches:
            batch.in_doubt = batch.in_doubt or not error.definite
            late = now >= batch.deadline
            if error.retriable and batch.attempts <= self._retries and not late:
                wait = min(self._max_back_off, self._back_off * 2 ** max(0, min(batch.attempts, 20) - 1))
                with self._batches.due:
                    if isinstance(error, InvalidMetadata | RequestTimedOut):
                        self._doubted.add(batch.tp)
                    self._batches.take_back(batch, now + wait)
            elif late and error.retriable:
                self._complete(
                    batch, -1, -1, given_up(batch, f"not acknowledged within delivery.timeout.ms: {error}")
                )
            else:
                self._complete(batch, -1, -1, error)

    def _complete(
        self, batch: OpenBatch, base_offset: int, timestamp: int, error: PubSubError | None
    ) -> None:
        with self._batches.due:
            self._note_number(batch, error)
            self._batches.forget(batch)
            self._batches.due.notify_all()
        batch.complete(base_offset, timestamp, error)

    def _note_number(self, batch: OpenBatch, error: PubSubError | None) -> None:
        """Go on with the numbers after *batch*; under the lock."""
        sealed = batch.seal()
        if sealed.producer_id < 0:
            return
        producer = (sealed.producer_id, sealed.producer_epoch)
        if error is None:
            self._numbers[batch.tp] = (producer, sequence_after(sealed.base_sequence, len(sealed)))
        elif batch.in_doubt or isinstance(error, OutOfOrderSequenceNumber | InvalidProducerEpoch):
            # Whether the log has it nobody knows, so nobody knows which number the broker expects next.
            self._producer = None if self._producer == producer else self._producer


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
