"""The batches of one partition: which may be sent now, under which number, and when their answers are told.

Several batches of a partition may be under way at a time, up to
``max.in.flight.requests.per.connection``, and any of them may fail. What an idempotent
producer keeps in order all the same it keeps by the *numbers* of its records:

- A batch is given its number when it is first taken, and keeps it: the broker knows by it what it has already.
- It refuses a number that does not come next. So what was refused because a batch before it is open (sent, and
  not answered) waits, and so does every other that is to be sent again: one goes when none before it is open.
- None is given a number while one waits to be sent again, nor while ``most`` are open or wait for one that
  is: the broker can tell a repeated batch from a new one among the last five only.
- The first batch under an id goes alone. A broker that knows nothing of a producer takes any number, so if
  the second came first, the first could not follow.

When a batch fails for good, its number is free again if it certainly is not in the log and was the last that was given.
Otherwise nobody knows what the broker takes next, or those behind it have numbers that it never will: the *id* is
used no more, and all that is under way is waited for. Then a batch behind it that certainly is not in the
log is given a number under the next id, and so are all behind that one; they were refused, for what comes before
them never came. A batch that may be in the log is never sent under a second number. It is tried under its own,
alone, and fails if it is refused.

A producer that is not idempotent has no numbers. What failed goes to the front, and others may have overtaken it.

After ``TransactionManager.java`` (``canRetry``, ``handleFailedBatch``, ``maybeResolveSequences``) and
``RecordAccumulator.java`` (``shouldStopDrainBatchesForPartition``, ``insertInSequenceOrder``) of Apache Kafka. Other
than there, a batch that may be in the log is not numbered anew, and the first of an id goes alone (KAFKA-14359).
"""

from collections import deque

from concur.pubsub.batch import sequence_after
from concur.pubsub.delivery import OpenBatch
from concur.pubsub.errors import InvalidProducerEpoch, OutOfOrderSequenceNumber, PubSubError
from concur.pubsub.records import TopicPartition

Identity = tuple[int, int]  # a producer's id and epoch


class Lane:
    """The batches of one partition; the lock of the accumulator guards them.

    Args:
        tp: the partition.
        most: how many may be taken before the first of them is answered.
        idempotent: whether batches have numbers.
    """

    __slots__ = (
        *("broken", "in_flight", "known", "most", "next_number", "open", "producer", "tp", "told"),
        *("under_way", "waiting"),
    )

    def __init__(self, tp: TopicPartition, most: int = 1, *, idempotent: bool = False) -> None:
        self.tp = tp
        self.most = most
        # To be sent, oldest first: those that were sent before, then those that never were.
        self.waiting: deque[OpenBatch] = deque()
        self.open: OpenBatch | None = None  # the youngest of them, if it takes records in
        # Taken, and not told yet, in the order of their numbers. With numbers: also those that are to be sent again.
        self.in_flight: deque[OpenBatch] = deque()
        self.under_way = 0  # requests that have not come back
        self.told: deque[OpenBatch] = deque()  # whose answers are being told, by one thread at a time
        # None: no id is needed, or none was used yet.
        self.producer: Identity | None = None
        self.next_number = 0 if idempotent else -1
        self.known = False  # the broker has a batch under this id
        self.broken = False  # no batch is given a number under this id any more

    @property
    def idempotent(self) -> bool:
        """Whether batches have numbers."""
        return self.next_number >= 0

    @property
    def is_empty(self) -> bool:
        """Whether everything has its answer, and was told."""
        return not (self.waiting or self.in_flight or self.told)

    def next(self) -> OpenBatch | None:
        """The batch that may be sent now, as far as the others are concerned."""
        if not self.waiting or (self.broken and self.under_way):
            return None
        first = self.waiting[0]
        if first.is_numbered:
            return first if first is self._first_open() else None
        if not first.in_flight and len(self.in_flight) >= self.most:
            return None
        if self.idempotent and self.under_way and not self.known:
            return None
        return first

    def _first_open(self) -> OpenBatch | None:
        for batch in self.in_flight:
            if not batch.is_answered:
                return batch
        return None

    def take(self, producer: Identity | None) -> OpenBatch:
        """Take what ``next`` says, to send it; it takes no more records in.

        Args:
            producer: the newest id, for a lane that needs one.
        """
        batch = self.pop()
        if self.idempotent and not batch.is_numbered:
            if self.producer is None:
                assert producer is not None
                self.producer, self.next_number, self.known = producer, 0, False
            batch.number(*self.producer, self.next_number)
            self.next_number = sequence_after(self.next_number, len(batch.rows))
        if not batch.in_flight:
            batch.in_flight = True
            self.in_flight.append(batch)
        batch.is_first = batch is self._first_open()
        batch.under_way = True
        self.under_way += 1
        batch.attempts += 1
        return batch

    def pop(self) -> OpenBatch:
        """Take the first that waits, which is full now."""
        batch = self.waiting.popleft()
        if batch is self.open:
            self.open = None
        batch.seal()
        return batch

    def came_back(self, batch: OpenBatch) -> bool:
        """The request with *batch* is over; False if it was given up meanwhile, so that nothing is to be done."""
        batch.under_way = False
        self.under_way -= 1
        if batch.is_answered:
            self._mend()
        return not batch.is_answered

    def acknowledged(self, batch: OpenBatch, base_offset: int, timestamp: int) -> None:
        """*batch*, which came back, is in the log."""
        self.known = True
        batch.answer(base_offset, timestamp, None)
        self._mend()

    def was_overtaken(self, batch: OpenBatch, error: PubSubError) -> bool:
        """Whether *batch* was only refused because it came before its turn."""
        return isinstance(error, OutOfOrderSequenceNumber) and not batch.is_first

    def send_again(self, batch: OpenBatch, not_before: float) -> None:
        """*batch*, which came back, is to be sent again, at *not_before* or later."""
        batch.not_before = not_before
        place = 0
        if self.idempotent:
            for other in self.in_flight:
                if other is batch:
                    break
                place += not (other.under_way or other.is_answered)
            self.waiting.insert(place, batch)
            self._mend()
        else:
            batch.in_flight = False
            self.in_flight.remove(batch)
            self.waiting.appendleft(batch)

    def fail(self, batch: OpenBatch, error: PubSubError) -> Identity | None:
        """*batch* is given up; it came back, or is under way still, or was taken out of those that wait.

        Returns:
            The id that is used no more because of that, if one is.
        """
        lost: Identity | None = None
        if batch.is_numbered and batch.identity == self.producer:
            doubt = batch.in_doubt or batch.under_way
            last = sequence_after(batch.seal().base_sequence, len(batch.rows)) == self.next_number
            if last and not doubt and not isinstance(error, OutOfOrderSequenceNumber | InvalidProducerEpoch):
                self.next_number = batch.seal().base_sequence
            else:
                self.broken, lost = True, self.producer
        if not batch.in_flight:
            batch.in_flight = True
            self.in_flight.append(batch)
        batch.answer(-1, -1, error)
        self._mend()
        return lost

    def _mend(self) -> None:
        """Leave a broken id, as soon as all that must go under it are gone."""
        if not self.broken or self.under_way:
            return
        numbered = [batch for batch in self.in_flight if batch.is_numbered and not batch.is_answered]
        if numbered and numbered[0].in_doubt:
            return  # it goes first, under its own number
        for batch in numbered:
            batch.unnumber()
        self.producer, self.broken = None, False

    def settle(self) -> bool:
        """Move to ``told`` what can be told in order; False if there is nothing, or another thread is telling."""
        if self.told:
            return False
        while self.in_flight and self.in_flight[0].is_answered:
            self.told.append(self.in_flight.popleft())
        return bool(self.told)
