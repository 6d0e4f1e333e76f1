"""What becomes of a record that was sent: a future a record, over one answer a batch.

The broker answers for a batch, so a batch has the answer, and a :class:`~concur.pubsub.Delivery`
is only the place of a record in it. Nothing is done record by record when the answer comes,
but for the callbacks that were asked for.
"""

import itertools
import threading
import time
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Any, overload

from loguru import logger

from concur.pubsub.batch import RecordBatch
from concur.pubsub.errors import PubSubError
from concur.pubsub.records import Headers, RecordMetadata, TopicPartition

Callback = Callable[[RecordMetadata | None, PubSubError | None], object]
Row = tuple[bytes | None, bytes | None, Headers, int]  # key, value, headers, timestamp


class OpenBatch:
    """Records of one partition that are sent together, from the first that is added to the answer."""

    __slots__ = (
        *("attempts", "base_offset", "callbacks", "created", "deadline", "error", "in_doubt", "in_flight"),
        *("is_answered", "is_done", "is_first", "not_before", "rows", "sealed", "size", "timestamp", "tp"),
        *("under_way", "waiters"),
    )

    def __init__(
        self, tp: TopicPartition, created: float, deadline: float, waiters: threading.Condition
    ) -> None:
        self.tp = tp
        self.created = created  # as time.monotonic counts
        self.deadline = deadline  # when there must be an answer
        self.waiters = waiters  # of the producer: notified when a batch has its answer
        self.rows: list[Row] = []
        self.size = 0
        self.callbacks: list[tuple[int, Callback]] = []
        self.sealed: RecordBatch | None = None  # what is sent; no record comes in any more
        # Its place in its lane, see there.
        self.in_flight = False  # taken, and not told yet
        self.under_way = False  # in a request that has not come back
        self.is_first = False  # when it was sent the last time, all before it were answered
        self.attempts = 0
        self.not_before = 0.0  # when it may be sent again
        self.in_doubt = False  # an attempt failed that may have been carried out
        # The answer; set once, is_done last, in the order of a lane.
        self.is_answered = False
        self.base_offset = -1
        self.timestamp = -1
        self.error: PubSubError | None = None
        self.is_done = False

    def seal(self) -> RecordBatch:
        if self.sealed is None:
            # Not strict, which takes twice the time: all are of four.
            keys, values, headers, timestamps = zip(*self.rows, strict=False)
            self.sealed = RecordBatch(keys, values, headers, timestamps, size=self.size)
        return self.sealed

    @property
    def is_numbered(self) -> bool:
        """Whether it has a number, under the id of an idempotent producer."""
        return self.sealed is not None and self.sealed.producer_id >= 0

    @property
    def identity(self) -> tuple[int, int]:
        """The id and the epoch of the producer under which it is numbered."""
        sealed = self.seal()
        return sealed.producer_id, sealed.producer_epoch

    def number(self, producer_id: int, producer_epoch: int, base_sequence: int) -> None:
        """Give it a number."""
        self.sealed = self.seal().numbered(producer_id, producer_epoch, base_sequence)

    def unnumber(self) -> None:
        """Take its number away: it is certain that it is not in the log, and never will be under that one."""
        self.sealed = self.seal().numbered(-1, -1, -1)
        self.in_doubt = False

    def answer(self, base_offset: int, timestamp: int, error: PubSubError | None) -> None:
        """Note the answer of all records."""
        self.base_offset, self.timestamp, self.error = base_offset, timestamp, error
        self.is_answered = True

    def tell(self) -> None:
        """Give all records their answer, and call who asked to be called."""
        error = self.error
        self.is_done = True
        with self.waiters:
            self.waiters.notify_all()
        for place, callback in self.callbacks:
            metadata = None if error else self.metadata(place)
            try:
                callback(metadata, error)
            except Exception:  # the caller's fault must not stop what others have sent
                logger.exception("the callback of a record for {} raised", self.tp)

    def metadata(self, place: int) -> RecordMetadata:
        offset = self.base_offset + place if self.base_offset >= 0 else -1
        key, value, _, timestamp = self.rows[place]
        if self.timestamp >= 0:
            timestamp = self.timestamp
        return RecordMetadata(
            *self.tp, offset, timestamp, -1 if key is None else len(key), -1 if value is None else len(value)
        )


class Delivery:
    """The fate of one record: a future that the producer completes.

    It is made by :meth:`~concur.pubsub.Producer.send`, never by a user. Any thread may ask it.

    Example:
        >>> from concur.pubsub import Admin, EmbeddedCluster, NewTopic, Producer
        >>> with EmbeddedCluster(brokers=1) as cluster:
        ...     config = {"bootstrap.servers": cluster.bootstrap_servers}
        ...     with Admin(config) as admin, Producer(config) as producer:
        ...         admin.create_topics([NewTopic("orders")])
        ...         delivery = producer.send("orders", b"tea")
        ...         delivery.result(timeout=10).offset
        0
        >>> delivery
        <Delivery orders-0 orders-0@0>
    """

    __slots__ = ("_batch", "_place")

    def __init__(self, batch: OpenBatch, place: int) -> None:
        self._batch = batch
        self._place = place

    def done(self) -> bool:
        """Whether it is known what became of the record."""
        return self._batch.is_done

    def result(self, timeout: float | None = None) -> RecordMetadata:
        """Where the record is.

        Args:
            timeout: how many seconds to wait for the answer; None: as long as it takes, which
                ``delivery.timeout.ms`` bounds.

        Raises:
            TimeoutError: it is not known in time; the record may still be delivered.
            PubSubError: why it was not acknowledged. If it is ``definite``, the record is in no log.
        """
        error = self.exception(timeout)
        if error is not None:
            raise error
        return self._batch.metadata(self._place)

    def exception(self, timeout: float | None = None) -> PubSubError | None:
        """Why the record was not acknowledged, None if it was; waits and raises TimeoutError as :meth:`result`."""
        batch = self._batch
        if not batch.is_done:
            with batch.waiters:
                if not batch.waiters.wait_for(lambda: batch.is_done, timeout):
                    raise TimeoutError(
                        f"no answer for a record of {batch.tp} within {timeout:g} s; it may still come"
                    )
        return batch.error

    def __repr__(self) -> str:
        batch = self._batch
        state: Any = "pending"
        if batch.is_done:
            state = repr(batch.error) if batch.error else str(batch.metadata(self._place))
        return f"<Delivery {batch.tp} {state}>"


class Deliveries(Sequence[Delivery]):
    """The fates of the records that one :meth:`~concur.pubsub.Producer.send_many` took in: futures, in their order.

    They are made when they are asked for, so that a thousand records cost no more than the batches they are in.
    """

    __slots__ = ("_ends", "_runs")

    def __init__(self, runs: Sequence[tuple[OpenBatch, int, int]]) -> None:
        self._runs = runs  # of each batch: the place of the first record in it, and how many there are
        self._ends = list(itertools.accumulate(count for _, _, count in runs))

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    @overload
    def __getitem__(self, index: int) -> Delivery: ...

    @overload
    def __getitem__(self, index: slice) -> list[Delivery]: ...

    def __getitem__(self, index: int | slice) -> Delivery | list[Delivery]:
        numbers = range(len(self))[index]  # an IndexError comes from here
        if isinstance(numbers, range):
            return [self._at(number) for number in numbers]
        return self._at(numbers)

    def _at(self, number: int) -> Delivery:
        run = bisect_right(self._ends, number)
        batch, place, count = self._runs[run]
        return Delivery(batch, place + number - (self._ends[run] - count))

    def __repr__(self) -> str:
        done = sum(count for batch, _, count in self._runs if batch.is_done)
        return f"<Deliveries {done} of {len(self)} done>"

    def done(self) -> bool:
        """Whether it is known what became of each."""
        return all(batch.is_done for batch, _, _ in self._runs)

    def result(self, timeout: float | None = None) -> list[RecordMetadata]:
        """Where each of them is; waits for all.

        Args:
            timeout: seconds, for all of them together; None: as long as it takes.

        Raises:
            TimeoutError: it is not known of all in time.
            PubSubError: why the first of those that were not acknowledged was not. Others may have been: ask each.
        """
        error = self.exception(timeout)
        if error is not None:
            raise error
        return [
            batch.metadata(place)
            for batch, first, count in self._runs
            for place in range(first, first + count)
        ]

    def exception(self, timeout: float | None = None) -> PubSubError | None:
        """The error of the first that was not acknowledged, None if all were; waits, and raises TimeoutError, as
        :meth:`result`.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        errors = [
            Delivery(batch, first).exception(
                None if deadline is None else max(0.0, deadline - time.monotonic())
            )
            for batch, first, _ in self._runs
        ]
        return next((error for error in errors if error is not None), None)
