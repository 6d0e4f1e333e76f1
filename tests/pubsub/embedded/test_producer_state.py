"""Idempotent producers: the rules one by one, and all of them beside a model that forgets nothing."""

from types import ModuleType

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from concur.pubsub.batch import MAX_SEQUENCE, RecordBatch, StoredBatch
from concur.pubsub.embedded import producer_state as real
from concur.pubsub.embedded.log import PartitionLog
from concur.pubsub.embedded.producer_state import DAY_MS, ProducerStates
from concur.pubsub.errors import InvalidProducerEpoch, OutOfOrderSequenceNumber
from tests.pubsub.embedded.mutants import with_line_changed

MANY = settings(max_examples=200, stateful_step_count=30, deadline=None)
FIRST_FAILURE = settings(MANY, max_examples=1000, phases=[Phase.generate], derandomize=True, database=None)


def batch(
    sequence: int, records: int = 1, epoch: int = 0, producer: int = 7, timestamp: int = 0
) -> RecordBatch:
    return RecordBatch(
        *([None] * records, [b"v"] * records, [()] * records, [timestamp] * records),
        *(producer, epoch, sequence),
    )


class Partition:
    """A log with its table, as a leader uses them."""

    def __init__(self) -> None:
        self.log = PartitionLog()
        self.states = ProducerStates()

    def append(self, batch: RecordBatch) -> int:
        found = self.states.check(batch)
        if found is not None:
            return found
        offset = self.log.append(batch, 0)
        self.states.note(StoredBatch(offset, 0, batch))
        return offset


def test_numbers_follow_each_other():
    partition = Partition()
    assert [partition.append(batch(sequence, 2)) for sequence in (0, 2, 4)] == [0, 2, 4]
    with pytest.raises(
        OutOfOrderSequenceNumber, match="producer 7 sent the records from 7 on, but 6 comes next"
    ):
        partition.append(batch(7))
    assert partition.log.end == 6


def six_batches(module: ModuleType) -> None:
    """The numbers of the last five are known, those of the one before are not."""
    states = module.ProducerStates()
    for sequence in range(6):
        states.note(StoredBatch(10 + sequence, 0, batch(sequence)))
    assert [states.check(batch(sequence)) for sequence in (5, 1, 2, 3, 4)] == [15, 11, 12, 13, 14]
    try:
        states.check(batch(0))
    except OutOfOrderSequenceNumber:
        return
    raise AssertionError("the oldest of six is known")


def test_a_duplicate_of_the_last_five_is_answered_with_its_offset():
    six_batches(real)
    partition = Partition()
    assert [partition.append(batch(sequence)) for sequence in (0, 1, 2, 1, 0)] == [0, 1, 2, 1, 0]
    assert partition.log.end == 3


def test_a_batch_of_another_length_is_no_duplicate():
    partition = Partition()
    partition.append(batch(0, 2))
    with pytest.raises(OutOfOrderSequenceNumber):
        partition.append(batch(0, 1))


def test_after_the_largest_number_comes_0():
    partition = Partition()
    for sequence, records in ((MAX_SEQUENCE - 1, 2), (0, 3), (3, 1)):
        partition.append(batch(sequence, records))
    assert partition.append(batch(MAX_SEQUENCE - 1, 2)) == 0
    across = Partition()
    across.append(batch(MAX_SEQUENCE, 3))  # MAX_SEQUENCE, 0, 1
    assert across.append(batch(2)) == 3


def test_a_new_epoch_begins_with_0():
    partition = Partition()
    partition.append(batch(0))
    with pytest.raises(OutOfOrderSequenceNumber, match="but 0 comes next in epoch 1"):
        partition.append(batch(1, epoch=1))
    assert partition.append(batch(0, epoch=1)) == 1, "the same numbers in another epoch are other records"
    assert partition.append(batch(0, epoch=1)) == 1


def test_a_lower_epoch_is_refused():
    partition = Partition()
    partition.append(batch(0, epoch=1))
    with pytest.raises(InvalidProducerEpoch, match="wrote with epoch 0, but one with epoch 1 has written"):
        partition.append(batch(0, epoch=0))


def test_a_producer_of_which_nothing_is_known_may_begin_anywhere():
    partition = Partition()
    assert partition.append(batch(40, epoch=3)) == 0
    with pytest.raises(OutOfOrderSequenceNumber):
        partition.append(batch(40, epoch=3, records=2))


def test_who_is_not_idempotent_is_never_refused():
    partition = Partition()
    for _ in range(3):
        partition.append(batch(-1, epoch=-1, producer=-1))
    assert len(partition.states) == 0


def test_who_was_silent_for_a_day_is_forgotten():
    partition = Partition()
    partition.append(batch(0, timestamp=1000))
    assert partition.states.expire(999 + DAY_MS) == 0
    assert partition.states.expire(1000 + DAY_MS) == 1
    partition.append(batch(40))


def test_the_table_tells_its_size():
    assert repr(ProducerStates()) == "<ProducerStates producers=0>"


class Model:
    """All batches that are in the log; what may follow is read from them."""

    def __init__(self) -> None:
        self.log: list[StoredBatch] = []

    def check(self, new: RecordBatch) -> int | str | None:
        of_this = [stored for stored in self.log if stored.batch.producer_id == new.producer_id]
        if not of_this:
            return None
        epoch = of_this[-1].batch.producer_epoch
        if new.producer_epoch < epoch:
            return "InvalidProducerEpoch"
        if new.producer_epoch > epoch:
            return None if new.base_sequence == 0 else "OutOfOrderSequenceNumber"
        of_epoch = [stored for stored in of_this if stored.batch.producer_epoch == epoch]
        for stored in of_epoch[-5:]:
            if stored.batch.base_sequence == new.base_sequence and len(stored) == len(new):
                return stored.base_offset
        last = of_epoch[-1].batch.base_sequence + len(of_epoch[-1]) - 1
        follows = new.base_sequence == (last + 1) % 2**31
        return None if follows else "OutOfOrderSequenceNumber"


PRODUCERS = st.sampled_from([0, 0, 0, 1])


def machine(module: ModuleType) -> type[RuleBasedStateMachine]:
    class Beside(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.model = Model()
            self.states = module.ProducerStates(expiration_ms=50)
            self.end = self.now = 0

        def check(self, new: RecordBatch) -> int | str | None:
            try:
                found: int | None = self.states.check(new)
            except (InvalidProducerEpoch, OutOfOrderSequenceNumber) as error:
                return type(error).__name__
            return found

        def append(self, new: RecordBatch) -> None:
            answer = self.check(new)
            assert answer == self.model.check(new), new
            if answer is None:
                stored = StoredBatch(self.end, 0, new)
                self.end = stored.next_offset
                self.states.note(stored)
                self.model.log.append(stored)

        @rule(
            producer=st.integers(0, 1), epoch=st.integers(0, 2), n=st.integers(1, 2), later=st.integers(0, 9)
        )
        def begin(self, producer: int, epoch: int, n: int, later: int) -> None:
            self.now += later
            self.append(batch(0, n, epoch, producer, self.now))

        @precondition(lambda self: self.model.log)
        @rule(sequence=st.integers(0, 2), newer=st.integers(-1, 1))
        def replace(self, sequence: int, newer: int) -> None:
            before = self.model.log[-1].batch
            epoch = max(before.producer_epoch + newer, 0)
            self.append(batch(sequence, 1, epoch, before.producer_id, self.now))

        @rule(producer=PRODUCERS, n=st.integers(1, 3))
        def begin_near_the_end_of_numbers(self, producer: int, n: int) -> None:
            self.append(batch(MAX_SEQUENCE - 1, n, 0, producer, self.now))

        @precondition(lambda self: self.model.log)
        @rule(
            data=st.data(),
            n=st.integers(1, 3),
            skipped=st.sampled_from([0, 0, 0, 0, 1]),
            later=st.integers(0, 9),
        )
        def go_on(self, data: st.DataObject, n: int, skipped: int, later: int) -> None:
            self.now += later
            before = data.draw(st.sampled_from([*self.model.log[-2:], self.model.log[-1]])).batch
            sequence = (before.base_sequence + len(before) + skipped) % 2**31
            self.append(batch(sequence, n, before.producer_epoch, before.producer_id, self.now))

        @precondition(lambda self: self.model.log)
        @rule(back=st.integers(1, 6))
        def again(self, back: int) -> None:
            producer = self.model.log[-1].batch.producer_id
            of_this = [stored.batch for stored in self.model.log if stored.batch.producer_id == producer]
            self.append(of_this[-min(back, len(of_this))])

        @rule(data=st.data())
        def cut_and_rebuild(self, data: st.DataObject) -> None:
            keep = data.draw(st.integers(max(0, len(self.model.log) - 4), len(self.model.log)))
            del self.model.log[keep:]
            self.end = self.model.log[-1].next_offset if self.model.log else 0
            self.states = module.ProducerStates.rebuilt_from(self.model.log, expiration_ms=50)

        @rule(later=st.integers(0, 60))
        def expire(self, later: int) -> None:
            self.now += later
            last = {stored.batch.producer_id: stored.batch.max_timestamp for stored in self.model.log}
            gone = {producer for producer, when in last.items() if self.now - when >= 50}
            assert self.states.expire(self.now) == len(gone)
            self.model.log = [stored for stored in self.model.log if stored.batch.producer_id not in gone]

    return Beside


def test_the_table_answers_as_one_that_forgets_nothing():
    run_state_machine_as_test(machine(real), settings=MANY)


MUTANTS = {
    "a window of one": ("WINDOW = 5", "WINDOW = 1"),
    "a window of six": ("WINDOW = 5", "WINDOW = 6"),
    "any sequence number": (
        "            raise self._out_of_order(batch, known.next_sequence)",
        "            return None",
    ),
    "numbers do not wrap": (
        "sequence_after(batch.base_sequence, len(batch))",
        "batch.base_sequence + len(batch)",
    ),
    "a lower epoch is taken": ("if batch.producer_epoch < known.epoch:", "if False:"),
    "a new epoch begins anywhere": ("        if sequence != 0:", "        if False:"),
    "duplicates of an older epoch": ("            known.window.clear()", "            pass"),
    "a duplicate of any length": ("if base == sequence and records == len(batch):", "if base == sequence:"),
    "who is unknown must begin with 0": (
        "if known is None or batch.producer_id < 0:\n            return None",
        "if known is None:\n            known = _Producer()",
    ),
    "the table is not rebuilt": ("            states.note(stored)", "            pass"),
    "nobody is forgotten": (">= self.expiration_ms", "> self.expiration_ms"),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_wrong_line_is_refuted(mutant):
    module = with_line_changed("embedded/producer_state.py", *MUTANTS[mutant])
    with pytest.raises((AssertionError, OutOfOrderSequenceNumber)):
        six_batches(module)
        run_state_machine_as_test(machine(module), settings=FIRST_FAILURE)
