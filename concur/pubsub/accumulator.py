"""What a producer has taken in and has not been answered for, by partition, in batches.

Records gather in the youngest batch of their partition until it is full, or has
waited for ``linger.ms``, or somebody flushes. What becomes of it then, is for the lane of the
partition to say (:mod:`concur.pubsub.lanes`). All of it counts for ``buffer.memory`` until it is answered, and
who sends more waits for room.

After ``RecordAccumulator.java`` and ``BufferPool.java`` of Apache Kafka.
"""

import itertools
import threading
import time
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence

from concur.pubsub.config import Config
from concur.pubsub.delivery import Callback, Deliveries, Delivery, OpenBatch, Row
from concur.pubsub.errors import BufferExhausted, IllegalState
from concur.pubsub.lanes import Identity, Lane
from concur.pubsub.records import TopicPartition


class Accumulator:
    """The batches of one producer."""

    def __init__(self, config: Config) -> None:
        self.lock = threading.Lock()
        self.due = threading.Condition(
            self.lock
        )  # a batch may be due, a leader may have changed, or all is over
        self._room = threading.Condition(self.lock)  # bytes were given back
        self._answered = threading.Condition()  # a batch has its answer; never taken under the other lock
        self._batch_size = config["batch.size"]
        self._linger = config["linger.ms"] / 1000
        self._memory = config["buffer.memory"]
        self._max_block = config["max.block.ms"] / 1000
        self._delivery_timeout = config["delivery.timeout.ms"] / 1000
        self._most = config["max.in.flight.requests.per.connection"]
        self._idempotent = config["enable.idempotence"]
        # The rest is guarded by the lock.
        self._lanes: dict[TopicPartition, Lane] = {}
        self._bytes = 0
        self._waiting_for_room = 0
        self.closed = False

    def lane(self, tp: TopicPartition) -> Lane:
        """Make the lane of a partition, which has none yet."""
        with self.lock:
            lane = self._lanes[tp] = Lane(tp, self._most, idempotent=self._idempotent)
            return lane

    def append(
        self, lane: Lane, row: Row, size: int, callback: Callback | None, deadline: float | None
    ) -> Delivery:
        """Take a record in; wait for room until the *deadline*, as time.monotonic counts, or for max.block.ms.

        Raises:
            BufferExhausted: there was none.
            IllegalState: the producer was closed.
        """
        with self.lock:
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
        self,
        lane: Lane,
        rows: Sequence[Row],
        sizes: Sequence[int],
        callback: Callback | None,
        deadline: float,
    ) -> Deliveries:
        """Take records in as ``append`` does, as many at a time as there is room for in the batch and in memory.

        Raises:
            BufferExhausted: there was no room for all of them by the *deadline*; the first ones may be in.
            IllegalState: the producer was closed.
        """
        runs: list[tuple[OpenBatch, int, int]] = []
        ends = list(itertools.accumulate(sizes))
        at = before = 0  # which comes next, and the bytes of those before it
        with self.lock:
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
        if self.closed:
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
            while self._bytes + size > self._memory and not self.closed:
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

    def take(
        self,
        leaders: Mapping[TopicPartition, int | None],
        broker: int,
        most: int,
        producer: Identity | None = None,
    ) -> list[OpenBatch]:
        """The batches that are to be sent to *broker* now, one a partition, *most* bytes in all; they are under way.

        Args:
            producer: the newest id of an idempotent producer.
        """
        now = time.monotonic()
        taken: list[OpenBatch] = []
        for lane in self._lanes.values():
            if not lane.waiting or leaders.get(lane.tp) != broker:
                continue
            batch = lane.next()
            if batch is None or self._due_at(lane, batch) > now or (taken and batch.size > most):
                continue
            most -= batch.size
            taken.append(lane.take(producer))
        return taken

    def next_due(self, leaders: Mapping[TopicPartition, int | None], broker: int) -> float | None:
        """When the next batch is to be sent to *broker*, as time.monotonic counts; None if none is waiting."""
        when: float | None = None
        for lane in self._lanes.values():
            if lane.waiting and leaders.get(lane.tp) == broker:
                batch = lane.next()
                if batch is not None:
                    due = self._due_at(lane, batch)
                    when = due if when is None else min(when, due)
        return when

    def _due_at(self, lane: Lane, first: OpenBatch) -> float:
        hurries = (
            first is not lane.open or first.size >= self._batch_size or self.closed or self._waiting_for_room
        )
        return max(first.not_before, 0.0 if hurries else first.created + self._linger)

    def lane_of(self, batch: OpenBatch) -> Lane:
        return self._lanes[batch.tp]

    def expired(self) -> list[OpenBatch]:
        """The batches that have no answer, and must have one by now. Those that waited are taken out."""
        now = time.monotonic()
        return self._without_answer(lambda batch: batch.deadline <= now)

    def left(self) -> list[OpenBatch]:
        """All batches that have no answer. Those that waited are taken out."""
        return self._without_answer(lambda batch: True)

    def _without_answer(self, wanted: Callable[[OpenBatch], bool]) -> list[OpenBatch]:
        out = []
        for lane in self._lanes.values():
            out += [
                batch
                for batch in lane.in_flight
                if batch.under_way and not batch.is_answered and wanted(batch)
            ]
            while lane.waiting and wanted(lane.waiting[0]):
                out.append(lane.pop())
        return out

    def next_expiry(self) -> float | None:
        """When the next batch will have been without an answer for too long."""
        when: float | None = None
        for lane in self._lanes.values():
            oldest = next((batch for batch in lane.in_flight if not batch.is_answered), None)
            oldest = oldest or (lane.waiting[0] if lane.waiting else None)
            if oldest is not None and (when is None or oldest.deadline < when):
                when = oldest.deadline
        return when

    def settle(self, tps: Iterable[TopicPartition]) -> list[Lane]:
        """Those of the lanes that have answers to tell, which the caller is to do; their bytes are free."""
        found = []
        for tp in tps:
            lane = self._lanes[tp]
            if lane.settle():
                found.append(lane)
                for batch in lane.told:
                    self._bytes -= batch.size
        if found and self._waiting_for_room:
            self._room.notify_all()
        return found

    def without_leader(self, leaders: Mapping[TopicPartition, int | None]) -> bool:
        """Whether a batch waits whose partition has no leader that is known."""
        return any(lane.waiting and leaders.get(lane.tp) is None for lane in self._lanes.values())

    def is_empty(self) -> bool:
        """Whether everything has its answer."""
        return all(lane.is_empty for lane in self._lanes.values())

    # For the program

    def flush(self, timeout: float | None) -> None:
        """Wait until everything that was taken in before has its answer, *timeout* seconds at most.

        Raises:
            TimeoutError: something has none in time.
        """
        with self.lock:
            everything = [
                batch
                for lane in self._lanes.values()
                for batches in (lane.told, lane.in_flight, lane.waiting)
                for batch in batches
            ]
            for lane in self._lanes.values():
                lane.open = None  # so it is due; what comes in from now on is not waited for
            self.due.notify_all()
        with self._answered:
            if not self._answered.wait_for(lambda: all(batch.is_done for batch in everything), timeout):
                missing = sum(len(batch.rows) for batch in everything if not batch.is_done)
                raise TimeoutError(f"{missing} records have no answer from the brokers after {timeout:g} s")

    def close(self) -> None:
        """Take nothing in any more; what is there is due."""
        with self.lock:
            self.closed = True
            for lane in self._lanes.values():
                lane.open = None
            self.due.notify_all()
            self._room.notify_all()


def closed() -> IllegalState:
    """What is raised by a closed producer."""
    return IllegalState("the producer is closed: send before close(), or make another producer")
