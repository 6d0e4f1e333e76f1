"""Under which leader epoch each offset of a log was written: what makes truncation safe (KIP-101, KIP-279).

Every change of leader has a number, the leader epoch, and every batch carries the
epoch of the leader that wrote it. A log is therefore a run of epochs, each from
some offset on, and a follower can find out where its log and the new leader's
part: not at its high watermark, which lags behind the leader's and may be too
low (what was acknowledged is cut off) or, after a second change, too high (two
logs disagree for ever), but where their epochs end.

    >>> leader = LeaderEpochs()
    >>> leader.assign(0, 0)  # epoch 0 began at offset 0
    >>> leader.assign(2, 5)  # epoch 2 at offset 5
    >>> follower = LeaderEpochs()
    >>> follower.assign(0, 0)
    >>> follower.assign(1, 4)  # it led for a while, and nobody heard of it
    >>> answer = leader.end_for(follower.latest, log_end=9)
    >>> answer  # of epoch 1 the leader knows nothing: epoch 0 is the last before it
    EpochEnd(epoch=0, end_offset=5)
    >>> follower.truncation(answer, log_end=6, high_watermark=3)
    Truncation(offset=4, complete=True)

Not safe for several threads by itself: the lock of the replica guards it.

Source: LeaderEpochFileCache.java (assign, endOffsetFor, truncateFromEnd, truncateFromStart) and
AbstractFetcherThread.scala (getOffsetTruncationState) of Apache Kafka.
"""

from bisect import bisect_left, bisect_right
from typing import NamedTuple

NO_EPOCH = -1  # what `latest` is when nothing was ever written


class EpochEnd(NamedTuple):
    """A leader's answer: the largest epoch it knows that is not above the one asked for, and where that ends."""

    epoch: int
    end_offset: int  # the first offset that does not belong to it


class Truncation(NamedTuple):
    """Where a follower cuts its log; not *complete*: it must ask the leader again afterwards."""

    offset: int
    complete: bool


class LeaderEpochs:
    """The epochs of one log, each with the offset from which on it holds.

    >>> epochs = LeaderEpochs()
    >>> epochs.assign(3, 0)
    >>> epochs.latest
    3
    >>> epochs.end_for(3, log_end=7)
    EpochEnd(epoch=3, end_offset=7)
    """

    # Invariant: both lists are as long, and both rise strictly.

    def __init__(self) -> None:
        self._epochs: list[int] = []
        self._starts: list[int] = []

    def __repr__(self) -> str:
        return f"<LeaderEpochs {dict(self.entries())}>"

    @property
    def latest(self) -> int:
        """The largest epoch, or ``NO_EPOCH`` (-1)."""
        return self._epochs[-1] if self._epochs else NO_EPOCH

    @property
    def latest_start(self) -> int:
        """The offset from which the largest epoch holds, or 0."""
        return self._starts[-1] if self._starts else 0

    def entries(self) -> list[tuple[int, int]]:
        """All epochs with their start offsets, oldest first."""
        return list(zip(self._epochs, self._starts, strict=True))

    def assign(self, epoch: int, start_offset: int) -> None:
        """Say that what is written from *start_offset* on is of *epoch*; says it again for the latest: nothing changes.

        Entries that contradict it (an epoch or a start that is not smaller) are those of writes that were
        cut off since, or of a leader that wrote nothing; they go.

        Raises:
            ValueError: *epoch* or *start_offset* is negative.
        """
        if epoch < 0 or start_offset < 0:
            raise ValueError(
                f"epochs and offsets are 0 or more, not epoch {epoch} from offset {start_offset}"
            )
        if epoch == self.latest and start_offset >= self._starts[-1]:
            return
        keep = min(bisect_left(self._epochs, epoch), bisect_left(self._starts, start_offset))
        del self._epochs[keep:], self._starts[keep:]
        self._epochs.append(epoch)
        self._starts.append(start_offset)

    def epoch_at(self, offset: int) -> int:
        """The epoch that *offset* was written, or would be written, under; ``NO_EPOCH`` below the first."""
        place = bisect_right(self._starts, offset) - 1
        return self._epochs[place] if place >= 0 else NO_EPOCH

    def end_for(self, epoch: int, log_end: int) -> EpochEnd | None:
        """Where *epoch* ends in a log whose next offset is *log_end*.

        Returns:
            The largest known epoch not above *epoch*, and the start of the one after it (*log_end* for the
            latest). If all known ones are above: *epoch* itself, with the start of the first. None: *epoch*
            is above everything known here, or is ``NO_EPOCH``; who asks has nothing to learn from this log.
        """
        if epoch == NO_EPOCH or epoch > self.latest:
            return None
        if epoch == self.latest:
            return EpochEnd(epoch, log_end)
        above = bisect_right(self._epochs, epoch)
        return EpochEnd(self._epochs[above - 1] if above else epoch, self._starts[above])

    def truncation(self, answer: EpochEnd | None, log_end: int, high_watermark: int) -> Truncation:
        """Where a follower with these epochs cuts its log after the leader's *answer* to its latest epoch.

        Args:
            answer: what ``end_for(follower.latest)`` gave on the leader.
            log_end: the follower's next offset.
            high_watermark: the follower's; used only if the leader knew no answer.
        """
        if answer is None:
            return Truncation(min(high_watermark, log_end), True)
        own = self.end_for(answer.epoch, log_end)
        if own is None:  # nothing here is as old as that, so nothing says more than the leader does
            return Truncation(min(answer.end_offset, log_end), True)
        if own.epoch != answer.epoch:  # the leader knows an epoch that we do not: ask for the one before it
            return Truncation(min(own.end_offset, log_end), False)
        return Truncation(min(own.end_offset, answer.end_offset, log_end), True)

    def truncate_from_end(self, offset: int) -> None:
        """Forget what began at *offset* or later: the log was cut there."""
        keep = bisect_left(self._starts, offset)
        del self._epochs[keep:], self._starts[keep:]

    def truncate_from_start(self, offset: int) -> None:
        """Forget what ended before *offset*, the log's new start; the epoch that holds there begins there."""
        gone = bisect_right(self._starts, offset) - 1
        if gone >= 0:
            del self._epochs[:gone], self._starts[:gone]
            self._starts[0] = offset
