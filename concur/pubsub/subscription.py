"""What a consumer reads: its topics or partitions, and where it stands in each partition.

A *position* is the offset of the next record that ``poll`` will return. It moves by what was returned and by nothing
else, but for ``seek``: what was fetched and not yet returned does not count. A new partition has none;
it comes from what the group has committed, or from ``auto.offset.reset``.

After ``SubscriptionState.java`` of Apache Kafka. All of it belongs to the thread that is inside of the consumer.
"""

from collections.abc import Iterable

from concur.pubsub.batch import StoredBatch
from concur.pubsub.errors import IllegalState, PubSubError
from concur.pubsub.records import OffsetAndMetadata, TopicPartition


class PartitionState:
    """Where the consumer stands in one partition."""

    __slots__ = (
        *(
            "attempts",
            "batches",
            "buffer_at",
            "committed",
            "epoch",
            "error",
            "fetching",
            "first",
            "high_watermark",
        ),
        *("log_start", "looking", "paused", "position", "reset", "retry_at", "tp"),
    )

    def __init__(self, tp: TopicPartition) -> None:
        self.tp = tp
        self.position: int | None = None  # None: it has to be found out
        self.epoch = -1  # the leader epoch of the last record returned
        self.reset: int | None = None  # EARLIEST or LATEST: where the position is to come from
        self.looking: object | None = None  # the request for the position that counts, if one is under way
        self.paused = False
        # What was fetched and not returned, from the offset buffer_at on; of no use if that is not the position.
        self.batches: list[StoredBatch] = []
        self.first = 0  # the first of them that is not used up
        self.buffer_at = -1
        self.fetching: int | None = None  # the offset that is being fetched
        self.retry_at = 0.0  # nothing is asked for before; as time.monotonic counts
        self.attempts = 0  # that failed in a row
        self.committed: int | None = None  # by the group, as far as is known
        self.error: PubSubError | None = None  # to be raised by poll
        self.high_watermark: int | None = None
        self.log_start: int | None = None

    def stand_at(self, position: int | None, reset: int | None = None, epoch: int = -1) -> None:
        """Go to *position*, or to where *reset* says; what was fetched or asked for from elsewhere is void."""
        self.position, self.reset, self.epoch = position, reset, epoch
        self.looking = None
        self.error = None
        self.attempts, self.retry_at = 0, 0.0

    def has_buffer(self) -> bool:
        """Whether something that was fetched may be returned next; forgets what may not."""
        if not self.batches:
            return False
        if self.buffer_at != self.position:
            self.batches = []
            return False
        return not self.paused

    def failed(self, now: float, back_off: float) -> None:
        """A request for this partition failed, and is worth another try later."""
        self.attempts += 1
        self.retry_at = now + back_off


class Subscriptions:
    """The topics that were subscribed to, or the partitions that were assigned by hand; never both."""

    def __init__(self) -> None:
        self.topics: tuple[str, ...] = ()
        self.by_hand = False  # assign() was called
        self.states: dict[TopicPartition, PartitionState] = {}  # of the partitions that are assigned
        # Of those, which have no position: in their order, which that of a set would not be.
        self.unsettled: dict[TopicPartition, None] = {}
        self.changes = 0  # counts whatever may make records that were not yet handed out unwanted

    def assign(self, partitions: Iterable[TopicPartition]) -> None:
        """Read exactly *partitions*; those that were read before keep their state."""
        wanted = dict.fromkeys(partitions)
        self.states = {tp: self.states.get(tp) or PartitionState(tp) for tp in wanted}
        self.unsettled = {tp: None for tp, state in self.states.items() if state.position is None}
        self.changes += 1

    def add(self, partitions: Iterable[TopicPartition]) -> None:
        self.assign([*self.states, *partitions])

    def drop(self, partitions: Iterable[TopicPartition]) -> None:
        gone = set(partitions)
        self.assign([tp for tp in self.states if tp not in gone])

    def state(self, tp: TopicPartition) -> PartitionState:
        """The state of an assigned partition.

        Raises:
            IllegalState: it is not assigned.
        """
        state = self.states.get(tp)
        if state is None:
            raise IllegalState(
                f"{tp} is not assigned to this consumer, which has {', '.join(map(str, self.states)) or 'nothing'}. "
                f"After subscribe() it is poll() that brings partitions."
            )
        return state

    def move(
        self, tp: TopicPartition, position: int | None, reset: int | None = None, epoch: int = -1
    ) -> None:
        """Stand elsewhere in an assigned partition; raises IllegalState as :meth:`state` does."""
        state = self.state(tp)
        self.unsettled[tp] = None
        state.stand_at(position, reset, epoch)
        if position is not None:
            self.unsettled.pop(tp, None)
        self.changes += 1

    def positions(self) -> dict[TopicPartition, OffsetAndMetadata]:
        """What to commit when all has been processed that was returned."""
        return {
            tp: OffsetAndMetadata(state.position, "", state.epoch if state.epoch >= 0 else None)
            for tp, state in self.states.items()
            if state.position is not None
        }

    def uncommitted(self) -> dict[TopicPartition, OffsetAndMetadata]:
        """Of these, what the group does not have yet, as far as is known."""
        return {
            tp: place for tp, place in self.positions().items() if self.states[tp].committed != place.offset
        }
