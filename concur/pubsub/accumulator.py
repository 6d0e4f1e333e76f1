"""What a producer has taken in and has not been answered for, by partition, in batches.

Records gather in the youngest batch of their partition until it is full, or has
waited for ``linger.ms``, or somebody flushes. Of each partition one batch is under way
at a time, so that order is kept whatever is sent again. All of it counts for ``buffer.memory``
until it is answered, and who sends more waits for room.

After ``RecordAccumulator.java`` and ``BufferPool.java`` of Apache Kafka. Other than there, a partition never has more
than one batch under way, whatever ``max.in.flight.requests.per.connection`` allows.
"""

import itertools
import threading
import time
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Mapping

from concur.pubsub.config import Config
from concur.pubsub.delivery import Callback, Deliveries, Delivery, OpenBatch, Row
from concur.pubsub.errors import BufferExhausted, IllegalState
from concur.pubsub.records import TopicPartition


class Lane:
    """The batches of one partition."""

    __slots__ = ("open", "tp", "under_way", "waiting")

    def __init__(self, tp: TopicPartition) -> None:
        self.tp = tp
        self.waiting: deque[OpenBatch] = deque()  # oldest first
        self.open: OpenBatch | None = None  # the youngest of them, if it takes records in
        self.under_way: OpenBatch | None = None


class Accumulator:
    """The batches of one producer."""

    def __init__(self, config: Config) -> None:
        self._lock = threading.Lock()
        self.due = threading.Condition(
            self._lock
        )  # a batch may be due, a leader may have changed, or all is over
        self._room = threading.Condition(self._lock)  # bytes were given back
        self._answered = threading.Condition()  # a batch has its answer; never taken under the other lock
        self._batch_size = config["batch.size"]
        self._linger = config["linger.ms"] / 1000
        self._memory = config["buffer.memory"]
        self._max_block = config["max.block.ms"] / 1000
        self._delivery_timeout = config["delivery.timeout.ms"] / 1000
        # The rest is guarded by the lock.
        self._lanes: list[Lane] = []
        self._bytes = 0
        self._waiting_for_room = 0
        self._closed = False

    def lane(self, tp: TopicPartition) -> Lane:
        """Make the lane of a partition, which has none yet."""
        with self._lock:
            lane = Lane(tp)
            self._lanes.append(lane)
            return lane

    def append(
        self, lane: Lane, row: Row, size: int, callback: Callback | None, deadline: float | None
    ) -> Delivery:
        """Take a record in; wait for room until the *deadline*, as time.monotonic counts, or for max.block.ms.

        Raises:
            BufferExhausted: there was none.
            IllegalState: the producer was closed.
        """
        with self._lock:
            if self._bytes + size > self._memory:
                self._wait_for_room(size, deadline)
            batch = lane.open
            if batch is None or batch.size + size > self._batch_size:
                batch = self._begin(lane)
            rows = batch.rows
            place = len(rows)
            rows.append(row)
            batch.size = filled = batch.size + size
            self._bytes += size
            if callback is not None:
                batch.callbacks.append((place, callback))
            if filled >= self._batch_size:
                self.due.notify_all()
        return Delivery(batch, place)

    def extend(
        self, lane: Lane, rows: list[Row], sizes: list[int], callback: Callback | None, deadline: float
    ) -> Deliveries:
        """Take records in as ``append`` does, as many at a time as there is room for in the batch and in memory.

        Raises:
            BufferExhausted: there was no room for all of them by the *deadline*; the first ones may be in.
            IllegalState: the producer was closed.
        """
        runs: list[tuple[OpenBatch, int, int]] = []
        ends = list(itertools.accumulate(sizes))
        at = before = 0  # which comes next, and the bytes of those before it
        with self._lock:
            while at < len(rows):
                size = sizes[at]
                if self._bytes + size > self._memory:
                    self._wait_for_room(
                        size, deadline, f"{at} of {len(rows)} were taken in before, and are sent."
                    )
                batch = lane.open
                if batch is None or batch.size + size > self._batch_size:
                    batch = self._begin(lane)
                room = min(max(self._batch_size - batch.size, size), self._memory - self._bytes)
                end = bisect_right(ends, before + room, at)
                place, taken = len(batch.rows), ends[end - 1] - before
                batch.rows += rows[at:end]
                batch.size += taken
                self._bytes += taken
                if callback is not None:
                    batch.callbacks += [(place + n, callback) for n in range(end - at)]
                if batch.size >= self._batch_size:
                    self.due.notify_all()
                runs.append((batch, place, end - at))
                at, before = end, ends[end - 1]
        return Deliveries(runs)

    def _begin(self, lane: Lane) -> OpenBatch:
        """Open a batch."""
        if self._closed:
            raise closed()
        now = time.monotonic()
        lane.open = OpenBatch(lane.tp, now, now + self._delivery_timeout, self._answered)
        lane.waiting.append(lane.open)
        self.due.notify_all()
        return lane.open

    def _wait_for_room(
        self, size: int, deadline: float | None, but: str = "This record was not sent."
    ) -> None:
        deadline = time.monotonic() + self._max_block if deadline is None else deadline
        self._waiting_for_room += 1
        try:
            self.due.notify_all()  # whoever waits for room makes what is there due
            while self._bytes + size > self._memory and not self._closed:
                left = deadline - time.monotonic()
                if left <= 0:
                    raise BufferExhausted(
                        f"no room for a record of {size} bytes within max.block.ms: {self._bytes} of the "
                        f"{self._memory} bytes of buffer.memory wait for an answer from the brokers. Send more slowly, "
                        f"or look for what keeps the brokers from answering. {but}"
                    )
                self._room.wait(left)
        finally:
            self._waiting_for_room -= 1

    # For the senders. All of these are called under the lock.

    def take(self, leaders: Mapping[TopicPartition, int | None], broker: int, most: int) -> list[OpenBatch]:
        """The batches that are to be sent to *broker* now, one a partition, *most* bytes in all; they are under way."""
        now = time.monotonic()
        taken: list[OpenBatch] = []
        for lane in self._lanes:
            if not self._is_for(lane, leaders, broker) or self._due_at(lane) > now:
                continue
            batch = lane.waiting[0]
            if taken and batch.size > most:
                continue
            most -= batch.size
            lane.under_way = self._pop(lane)
            taken.append(batch)
        return taken

    def next_due(self, leaders: Mapping[TopicPartition, int | None], broker: int) -> float | None:
        """When the next batch is to be sent to *broker*, as time.monotonic counts; None if none is waiting."""
        whens = [self._due_at(lane) for lane in self._lanes if self._is_for(lane, leaders, broker)]
        return min(whens, default=None)

    def _is_for(self, lane: Lane, leaders: Mapping[TopicPartition, int | None], broker: int) -> bool:
        """Whether a batch of *lane* waits that may go to *broker*."""
        return bool(lane.waiting) and lane.under_way is None and leaders.get(lane.tp) == broker

    def _due_at(self, lane: Lane) -> float:
        first = lane.waiting[0]
        hurries = (
            first is not lane.open or first.size >= self._batch_size or self._closed or self._waiting_for_room
        )
        return max(first.not_before, 0.0 if hurries else first.created + self._linger)

    def _pop(self, lane: Lane) -> OpenBatch:
        """Take out the first batch of *lane*, which takes no more records in."""
        batch = lane.waiting.popleft()
        if batch is lane.open:
            lane.open = None
        batch.seal()
        return batch

    def take_back(self, batch: OpenBatch, not_before: float) -> None:
        """A *batch* that was under way is to be sent again, at *not_before* or later."""
        lane = self._lane_of(batch)
        lane.under_way = None
        batch.not_before = not_before
        lane.waiting.appendleft(batch)
        self.due.notify_all()

    def forget(self, batch: OpenBatch) -> None:
        """A *batch* that was under way will be answered now: its bytes are free."""
        self._lane_of(batch).under_way = None
        self._free(batch)
        self.due.notify_all()

    def _lane_of(self, batch: OpenBatch) -> Lane:
        return next(lane for lane in self._lanes if lane.under_way is batch)

    def take_expired(self) -> list[OpenBatch]:
        """The batches that were not answered in time and are not under way; they are forgotten."""
        now = time.monotonic()
        return self._take_out(lambda batch: batch.deadline <= now)

    def abandon(self) -> list[OpenBatch]:
        """Take out everything that is not under way; it will not be sent."""
        return self._take_out(lambda batch: True)

    def _take_out(self, wanted: Callable[[OpenBatch], bool]) -> list[OpenBatch]:
        out = []
        for lane in self._lanes:
            while lane.waiting and wanted(lane.waiting[0]):
                out.append(self._pop(lane))
                self._free(out[-1])
        return out

    def next_expiry(self) -> float | None:
        """When the next batch that is not under way will have waited for too long."""
        return min((lane.waiting[0].deadline for lane in self._lanes if lane.waiting), default=None)

    def _free(self, batch: OpenBatch) -> None:
        self._bytes -= batch.size
        if self._waiting_for_room:
            self._room.notify_all()

    def without_leader(self, leaders: Mapping[TopicPartition, int | None]) -> bool:
        """Whether a batch waits whose partition has no leader that is known."""
        return any(lane.waiting and leaders.get(lane.tp) is None for lane in self._lanes)

    def is_empty(self) -> bool:
        """Whether everything has its answer."""
        return not any(lane.waiting or lane.under_way for lane in self._lanes)

    # For the program

    def flush(self, timeout: float | None) -> None:
        """Wait until everything that was taken in before has its answer, *timeout* seconds at most.

        Raises:
            TimeoutError: something has none in time.
        """
        with self._lock:
            everything = [batch for lane in self._lanes for batch in lane.waiting]
            everything += [lane.under_way for lane in self._lanes if lane.under_way]
            for lane in self._lanes:
                lane.open = None  # so it is due; what comes in from now on is not waited for
            self.due.notify_all()
        with self._answered:
            if not self._answered.wait_for(lambda: all(batch.is_done for batch in everything), timeout):
                missing = sum(len(batch.rows) for batch in everything if not batch.is_done)
                raise TimeoutError(f"{missing} records have no answer from the brokers after {timeout:g} s")

    def close(self) -> None:
        """Take nothing in any more; what is there is due."""
        with self._lock:
            self._closed = True
            for lane in self._lanes:
                lane.open = None
            self.due.notify_all()
            self._room.notify_all()


def closed() -> IllegalState:
    """What is raised by a closed producer."""
    return IllegalState("the producer is closed: send before close(), or make another producer")
