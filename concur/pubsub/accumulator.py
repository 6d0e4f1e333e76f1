"""What a producer has taken in and has not been answered for, by partition, in batches.

Records gather in the youngest batch of their partition until it is full, or has
waited for ``linger.ms``, or somebody flushes. Of each partition one batch is under way
at a time, so that order is kept whatever is sent again. All of it counts for ``buffer.memory``
until it is answered, and who sends more waits for room.

After ``RecordAccumulator.java`` and ``BufferPool.java`` of Apache Kafka. Other than there, a partition never has more
than one batch under way, whatever ``max.in.flight.requests.per.connection`` allows.
"""

import threading
import time
from collections import deque
from collections.abc import Mapping

from concur.pubsub.config import Config
from concur.pubsub.delivery import Callback, Delivery, OpenBatch
from concur.pubsub.errors import BufferExhausted, IllegalState
from concur.pubsub.records import Headers, TopicPartition


class Accumulator:
    """The batches of one producer."""

    def __init__(self, config: Config) -> None:
        lock = threading.Lock()
        self.due = threading.Condition(lock)  # a batch may be due, a leader may have changed, or all is over
        self._room = threading.Condition(lock)  # bytes were given back
        self._answered = threading.Condition()  # a batch has its answer; never taken under the other lock
        self._batch_size = config["batch.size"]
        self._linger = config["linger.ms"] / 1000
        self._memory = config["buffer.memory"]
        self._delivery_timeout = config["delivery.timeout.ms"] / 1000
        # The rest is guarded by the lock. Oldest batch first; only the youngest takes records in, and only unsealed.
        self._waiting: dict[TopicPartition, deque[OpenBatch]] = {}
        self._under_way: dict[TopicPartition, OpenBatch] = {}
        self._bytes = 0
        self._waiting_for_room = 0
        self._closed = False

    def append(
        self,
        tp: TopicPartition,
        key: bytes | None,
        value: bytes | None,
        headers: Headers,
        timestamp: int,
        size: int,
        callback: Callback | None,
        deadline: float,
    ) -> Delivery:
        """Take a record in; wait for room until the *deadline*, as time.monotonic counts.

        Raises:
            BufferExhausted: there was none.
            IllegalState: the producer was closed.
        """
        with self.due:
            if self._bytes + size > self._memory:
                self._wait_for_room(size, deadline)
            if self._closed:
                raise closed()
            batches = self._waiting.get(tp)
            if batches is None:
                batches = self._waiting[tp] = deque()
            batch = batches[-1] if batches else None
            if batch is None or batch.sealed is not None or batch.size + size > self._batch_size:
                now = time.monotonic()
                full = batch is not None and batch.sealed is None
                batch = OpenBatch(tp, now, now + self._delivery_timeout, self._answered)
                batches.append(batch)
                if full or len(batches) == 1:
                    self.due.notify_all()
            batch.keys.append(key)
            batch.values.append(value)
            batch.headers.append(headers)
            batch.timestamps.append(timestamp)
            batch.size += size
            self._bytes += size
            place = len(batch.values) - 1
            if callback is not None:
                batch.callbacks.append((place, callback))
            if batch.size >= self._batch_size:
                self.due.notify_all()
            return Delivery(batch, place)

    def _wait_for_room(self, size: int, deadline: float) -> None:
        self._waiting_for_room += 1
        try:
            self.due.notify_all()  # whoever waits for room makes what is there due
            while self._bytes + size > self._memory and not self._closed:
                left = deadline - time.monotonic()
                if left <= 0:
                    raise BufferExhausted(
                        f"no room for a record of {size} bytes within max.block.ms: {self._bytes} of the "
                        f"{self._memory} bytes of buffer.memory wait for an answer from the brokers. Send more slowly, "
                        "or look for what keeps the brokers from answering. This record was not sent."
                    )
                self._room.wait(left)
        finally:
            self._waiting_for_room -= 1

    # For the senders. All of these are called under the lock.

    def take(self, leaders: Mapping[TopicPartition, int | None], broker: int, most: int) -> list[OpenBatch]:
        """The batches that are to be sent to *broker* now, one a partition, *most* bytes in all; they are under way."""
        now = time.monotonic()
        taken: list[OpenBatch] = []
        for tp, batches in self._waiting.items():
            if not batches or tp in self._under_way or leaders.get(tp) != broker or self._due_at(batches) > now:
                continue
            batch = batches[0]
            if taken and batch.size > most:
                continue
            most -= batch.size
            batches.popleft()
            batch.seal()
            self._under_way[tp] = batch
            taken.append(batch)
        return taken

    def next_due(self, leaders: Mapping[TopicPartition, int | None], broker: int) -> float | None:
        """When the next batch is to be sent to *broker*, as time.monotonic counts; None if none is waiting."""
        return min(
            (
                self._due_at(batches)
                for tp, batches in self._waiting.items()
                if batches and tp not in self._under_way and leaders.get(tp) == broker
            ),
            default=None,
        )

    def _due_at(self, batches: deque[OpenBatch]) -> float:
        first = batches[0]
        hurries = (
            len(batches) > 1
            or first.sealed is not None
            or first.size >= self._batch_size
            or self._closed
            or self._waiting_for_room
        )
        return max(first.not_before, 0.0 if hurries else first.created + self._linger)

    def take_back(self, batch: OpenBatch, not_before: float) -> None:
        """A *batch* that was under way is to be sent again, at *not_before* or later."""
        del self._under_way[batch.tp]
        batch.not_before = not_before
        self._waiting[batch.tp].appendleft(batch)
        self.due.notify_all()

    def forget(self, batch: OpenBatch) -> None:
        """A *batch* that was under way will be answered now: its bytes are free."""
        del self._under_way[batch.tp]
        self._free(batch)
        if self._waiting[batch.tp]:
            self.due.notify_all()

    def take_expired(self) -> list[OpenBatch]:
        """The batches that were not answered in time and are not under way; they are forgotten."""
        now = time.monotonic()
        expired = []
        for batches in self._waiting.values():
            while batches and batches[0].deadline <= now:
                batch = batches.popleft()
                batch.seal()
                expired.append(batch)
                self._free(batch)
        return expired

    def next_expiry(self) -> float | None:
        """When the next batch that is not under way will have waited for too long."""
        return min((batches[0].deadline for batches in self._waiting.values() if batches), default=None)

    def _free(self, batch: OpenBatch) -> None:
        self._bytes -= batch.size
        if self._waiting_for_room:
            self._room.notify_all()

    def without_leader(self, leaders: Mapping[TopicPartition, int | None]) -> bool:
        """Whether a batch waits whose partition has no leader that is known."""
        return any(batches and leaders.get(tp) is None for tp, batches in self._waiting.items())

    def is_empty(self) -> bool:
        return not self._under_way and not any(self._waiting.values())

    # For the program

    def flush(self, timeout: float | None) -> None:
        """Wait until everything that was taken in before has its answer, *timeout* seconds at most.

        Raises:
            TimeoutError: something has none in time.
        """
        with self.due:
            everything = [batch for batches in self._waiting.values() for batch in batches]
            for batch in everything:
                batch.seal()  # what comes in from now on is not waited for
            everything += self._under_way.values()
            self.due.notify_all()
        with self._answered:
            if not self._answered.wait_for(lambda: all(batch.is_done for batch in everything), timeout):
                missing = sum(len(batch.values) for batch in everything if not batch.is_done)
                raise TimeoutError(f"{missing} records have no answer from the brokers after {timeout:g} s")

    def close(self) -> None:
        """Take nothing in any more; what is there is due."""
        with self.due:
            self._closed = True
            self.due.notify_all()
            self._room.notify_all()

    def abandon(self) -> list[OpenBatch]:
        """Take out everything that is not under way; it will not be sent. Under the lock."""
        left = [batch for batches in self._waiting.values() for batch in batches]
        for batches in self._waiting.values():
            batches.clear()
        for batch in left:
            batch.seal()
            self._free(batch)
        return left

    @property
    def is_closed(self) -> bool:
        return self._closed


def closed() -> IllegalState:
    return IllegalState("the producer is closed: send before close(), or make another producer")
