"""Leader epochs: answers beside those of a list of all records; truncation beside the longest common prefix.

The second is the claim of KIP-101 and KIP-279: whatever leaders came and went, a follower that has truncated has
exactly what it has in common with its leader.
"""

from types import ModuleType
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from concur.pubsub.embedded import epochs as real
from concur.pubsub.embedded.epochs import NO_EPOCH, EpochEnd, LeaderEpochs, Truncation
from tests.pubsub.embedded.mutants import with_line_changed

MANY = settings(max_examples=200, stateful_step_count=25, deadline=None)
FIRST_FAILURE = settings(MANY, max_examples=2000, phases=[Phase.generate], derandomize=True, database=None)

# The epoch under which each record of a log was written.
LOGS = st.lists(st.integers(0, 6), max_size=12).map(sorted)


def epochs_of(log: list[int]) -> LeaderEpochs:
    epochs = LeaderEpochs()
    for offset, epoch in enumerate(log):
        epochs.assign(epoch, offset)
    return epochs


@MANY
@given(LOGS, st.integers(0, 7), st.integers(0, 12), st.integers(0, 12))
def test_answers_are_those_of_a_list_of_all_records(log, asked, cut, start):
    """The end of an epoch, before and after both ends of the log were cut."""
    epochs = epochs_of(log)
    cut = min(cut, len(log))
    start = min(start, cut)
    epochs.truncate_from_end(cut)
    epochs.truncate_from_start(start)
    log = log[:cut]

    known = sorted(set(log[start:]) | set(log[:start][-1:] if start == cut else []))
    assert [epoch for epoch, _ in epochs.entries()] == known
    for offset in range(start, cut):
        assert epochs.epoch_at(offset) == log[offset]
    if not known or asked > known[-1]:
        expected = None
    elif asked == known[-1]:
        expected = EpochEnd(asked, len(log))
    else:
        floor = max((epoch for epoch in known if epoch <= asked), default=asked)
        first_above = min(epoch for epoch in known if epoch > asked)
        expected = EpochEnd(floor, max(start, log.index(first_above)))
    assert epochs.end_for(asked, len(log)) == expected


def test_an_empty_log_knows_no_epoch():
    epochs = LeaderEpochs()
    assert epochs.latest == NO_EPOCH
    assert epochs.epoch_at(0) == NO_EPOCH
    assert epochs.end_for(NO_EPOCH, 0) is None
    assert epochs.end_for(0, 0) is None
    assert epochs.latest_start == 0


def test_who_asks_for_an_epoch_older_than_all_learns_where_the_first_begins():
    epochs = LeaderEpochs()
    epochs.assign(3, 10)
    epochs.assign(4, 20)
    assert epochs.end_for(1, 30) == EpochEnd(1, 10)


def test_a_leader_that_wrote_nothing_leaves_no_epoch():
    """The next leader begins at the same offset."""
    epochs = LeaderEpochs()
    epochs.assign(1, 5)
    epochs.assign(2, 5)
    assert epochs.entries() == [(2, 5)]


def test_an_epoch_said_twice_keeps_its_first_start():
    epochs = LeaderEpochs()
    epochs.assign(1, 5)
    epochs.assign(1, 8)
    assert epochs.entries() == [(1, 5)]


def test_what_contradicts_a_new_epoch_goes():
    epochs = LeaderEpochs()
    for epoch, start in ((1, 0), (2, 4), (4, 8)):
        epochs.assign(epoch, start)
    epochs.assign(3, 6)
    assert epochs.entries() == [(1, 0), (2, 4), (3, 6)]
    epochs.assign(5, 4)
    assert epochs.entries() == [(1, 0), (5, 4)]
    epochs.assign(5, 2)
    assert epochs.entries() == [(1, 0), (5, 2)]


@pytest.mark.parametrize(("epoch", "start"), [(-1, 0), (0, -1)])
def test_negative_numbers_are_refused(epoch, start):
    with pytest.raises(ValueError, match="0 or more"):
        LeaderEpochs().assign(epoch, start)


def test_without_an_answer_a_follower_keeps_what_is_below_its_watermark():
    epochs = epochs_of([0, 0, 1])
    assert epochs.truncation(None, 3, 2) == Truncation(2, True)
    assert LeaderEpochs().truncation(EpochEnd(1, 2), 3, 0) == Truncation(2, True)


class Replica:
    """A log as a list of (epoch, value), with its epochs."""

    def __init__(self, module: ModuleType) -> None:
        self.log: list[tuple[int, int]] = []
        self.epochs = module.LeaderEpochs()


def common(one: list[Any], other: list[Any]) -> int:
    """The length of the longest common prefix."""
    return next(
        (i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )


def machine(module: ModuleType) -> type[RuleBasedStateMachine]:
    """Three replicas; anybody may be made leader, with whatever it has (the worst of unclean elections)."""

    class Leaders(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.replicas = [Replica(module) for _ in range(3)]
            self.epoch = 0
            self.leader = self.replicas[0]
            self.leader.epochs.assign(0, 0)
            self.values = 0

        @rule(replica=st.integers(0, 2))
        def elect(self, replica: int) -> None:
            self.epoch += 1
            self.leader = self.replicas[replica]
            self.leader.epochs.assign(self.epoch, len(self.leader.log))

        @rule(records=st.integers(1, 3))
        def write(self, records: int) -> None:
            for _ in range(records):
                self.values += 1
                self.leader.log.append((self.epoch, self.values))

        @rule(replica=st.integers(0, 2), records=st.integers(0, 3))
        def follow(self, replica: int, records: int) -> None:
            follower, leader = self.replicas[replica], self.leader
            if follower is leader:
                return
            shared = common(follower.log, leader.log)
            complete = not follower.log
            while not complete:
                before = follower.epochs.latest
                answer = leader.epochs.end_for(before, len(leader.log))
                offset, complete = follower.epochs.truncation(answer, len(follower.log), 0)
                del follower.log[offset:]
                follower.epochs.truncate_from_end(offset)
                assert complete or follower.epochs.latest < before, "the same question again"
                complete = complete or not follower.log
            assert follower.log == leader.log[:shared], "more, or less, than it has in common with its leader"
            for offset in range(shared, min(shared + records, len(leader.log))):
                follower.log.append(leader.log[offset])
                follower.epochs.assign(leader.log[offset][0], offset)

    return Leaders


def test_after_truncation_a_follower_has_what_it_has_in_common_with_its_leader():
    run_state_machine_as_test(machine(real), settings=MANY)


MUTANTS = {
    "truncate to the watermark": (
        "        if answer is None:\n            return Truncation(min(high",
        "        if True:\n            return Truncation(min(high",
    ),
    "one round only (KIP-101 without KIP-279)": (
        "return Truncation(min(own.end_offset, log_end), False)",
        "return Truncation(min(answer.end_offset, log_end), True)",
    ),
    "the end of the log for every epoch": ("        if epoch == self.latest:\n", "        if True:\n"),
    "only the leader's end counts": (
        "Truncation(min(own.end_offset, answer.end_offset, log_end), True)",
        "Truncation(min(answer.end_offset, log_end), True)",
    ),
    "epochs are not truncated": (
        "keep = bisect_left(self._starts, offset)",
        "keep = len(self._starts)",
    ),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_wrong_line_is_refuted(mutant):
    module = with_line_changed("embedded/epochs.py", *MUTANTS[mutant])
    with pytest.raises((AssertionError, IndexError)):
        run_state_machine_as_test(machine(module), settings=FIRST_FAILURE)
