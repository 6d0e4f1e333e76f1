"""The checker of histories can fail: twelve wrong engines and programs, on a whole cluster, each refuted by it.

The table says of each mutant which line is changed, in which scenario it shows, and what is found. A scenario is played
on the engine as it is, where nothing is found and everything that was acknowledged is there; and on the mutant, where
just this is found and nothing else.

What clients cannot see is looked for inside the brokers. It is all there is against a watermark that moves although
too few are in sync: only a replica in sync is elected, and the last one stays in sync when it goes down, so what it
alone has is not lost by that.
"""

import pytest

from concur.pubsub.history import promised
from tests.pubsub.mutants import group_scenarios, scenarios
from tests.pubsub.mutants.making import Found, Mutant
from tests.pubsub.mutants.stage import Stage

ENGINE = "concur.pubsub.embedded"

TWELVE = [
    Mutant(
        "no lock on append",
        f"{ENGINE}.replica:Replica.append",
        "with self._lock:",
        "if self._lock:",
        scenarios.two_append_at_a_time,
        log="one two last",
        found=(
            Found(
                "inconsistent-offsets",
                "reader read 'one' at orders-0:0, and reader read 'two' at orders-0:0",
                "reader poll",
            ),
            Found(
                "int-nonmonotonic-poll",
                "reader was given offset 0 again of orders-0, in one poll",
                "reader poll",
            ),
        ),
        inside=(
            Found(
                "replicas-disagree",
                "at orders-0:0, broker-1 has 'one' of epoch 0 and broker-1 has 'two' of epoch 0",
            ),
            Found(
                "committed-lost",
                "'one' of epoch 0 was committed at orders-0:0 on broker-1; broker-1, which leads later, has 'two' of"
                " epoch 0",
            ),
        ),
    ),
    Mutant(
        "acks=1 sold as all",
        f"{ENGINE}.requests:produce",
        "if acks == ACKS_ALL and appended:",
        "if False:",
        scenarios.the_leader_dies_before_anybody_has_copied,
        log="a b last",
        found=(
            Found(
                "inconsistent-offsets",
                "p was told that 'b' is at orders-0:1, and last was told that 'last' is at orders-0:1",
                "p send, last send",
            ),
            Found(
                "lost-write",
                "p was told that 'b' is at orders-0:1; nobody has read it, although reader has read offset 1",
                "p send, reader poll",
            ),
        ),
    ),
    Mutant(
        "watermark = log end",
        f"{ENGINE}.leadership:Leadership.watermark",
        "return end",
        "return own_end",
        scenarios.somebody_reads_what_nobody_has_copied,
        log="a last",
        found=(
            Found(
                "inconsistent-offsets",
                "early read 'b' at orders-0:1, and reader read 'last' at orders-0:1",
                "early poll, reader poll",
            ),
        ),
        inside=(
            Found(
                "watermark-ahead",
                "the high watermark of orders-0 is 2, but broker-2, which is in sync, ends at 1 (leader broker-1,"
                " epoch 0)",
            ),
            Found(
                "committed-lost",
                "'b' of epoch 0 was committed at orders-0:1 on broker-1; broker-2, which leads later, has 'last' of"
                " epoch 1",
            ),
        ),
        acks=1,  # b was sent so
    ),
    Mutant(
        "truncate to the watermark",
        f"{ENGINE}.replica:Replica.truncate_after",
        "self._epochs.truncation(answer, self.log.end, self._high_watermark)",
        "self._high_watermark, True",
        scenarios.two_leaders_die_in_a_row,
        log="a last",
        found=(
            Found(
                "inconsistent-offsets",
                "p was told that 'a' is at orders-0:0, and last was told that 'last' is at orders-0:0",
                "p send, last send",
            ),
            Found(
                "lost-write",
                "p was told that 'a' is at orders-0:0; nobody has read it, although reader has read offset 0",
                "p send, reader poll",
            ),
        ),
        inside=(
            Found(
                "committed-lost",
                "'a' of epoch 0 was committed at orders-0:0 on broker-1; broker-3, which leads later, has 'last' of"
                " epoch 2",
            ),
        ),
    ),
    Mutant(
        "unclean election",
        f"{ENGINE}.controller:Controller._elect",
        "unclean=unclean",
        "unclean=True",
        scenarios.only_one_who_was_out_of_sync_is_left,
        log="a last",
        found=(
            Found(
                "inconsistent-offsets",
                "p was told that 'a' is at orders-0:0, and last was told that 'last' is at orders-0:0",
                "p send, last send",
            ),
            Found(
                "lost-write",
                "p was told that 'a' is at orders-0:0; nobody has read it, although reader has read offset 0",
                "p send, reader poll",
            ),
        ),
        inside=(
            Found(
                "committed-lost",
                "'a' of epoch 0 was committed at orders-0:0 on broker-1; broker-3, which leads later, has 'last' of"
                " epoch 2",
            ),
        ),
    ),
    Mutant(
        "dedup off",
        f"{ENGINE}.replica:Replica.append",
        "base = self._producers.check(batch)",
        "base = None",
        scenarios.an_answer_is_lost,
        log="a b last",
        found=(
            Found(
                "duplicate",
                "'b', which was sent once, is at orders-0:2 and at orders-0:1",
                "p send, reader poll",
            ),
        ),
    ),
    Mutant(
        "window of one",
        f"{ENGINE}.producer_state:_Producer.__init__",
        "maxlen=WINDOW",
        "maxlen=1",
        scenarios.the_first_answer_of_five_is_lost,
        log="a b c d e last",
        found=(
            Found(
                "nonmonotonic-send",
                "p sent 'a' and then 'b', which are at offsets 5 and 1 of orders-0",
                "p send",
            ),
            Found(
                "duplicate",
                "'a', which was sent once, is at orders-0:5 and at orders-0:0",
                "p send, reader poll",
            ),
        ),
    ),
    Mutant(
        "no generation check",
        f"{ENGINE}.group:Group.commit",
        'self._member(member_id, generation, "commit")',
        'self._member(member_id, self._generation, "commit")',
        group_scenarios.a_commit_comes_late,
        log="a b c d last",
        found=(
            Found(
                "lost-commit",
                "old was given orders-0 and begins at offset 2, although new had committed offset 4 before",
                "new commit, old assigned, old poll",
            ),
        ),
        inside=(
            Found(
                "stale-commit", "old-1 committed in generation 1 of group kitchen, which was in generation 2"
            ),
        ),
    ),
    Mutant(
        "commit before process",
        "tests.pubsub.mutants.group_scenarios:work",
        "    process(records)\n    consumer.commit()",
        "    consumer.commit()\n    process(records)",
        group_scenarios.a_program_fails_at_work,
        log="a b c last",
        found=(
            Found(
                "unprocessed",
                "one committed past 'c' @ orders-0:2, which no member of group kitchen has processed: one was given"
                " it and closed",
                "one poll, one commit, one close",
            ),
        ),
    ),
    Mutant(
        "revoke after the new owner starts",
        "concur.pubsub.rebalancing:Rebalancing._prepare",
        "if self._membership.cooperative:",
        "if True:",
        group_scenarios.a_member_lets_go_late,
        log="a b c d last",
        found=(
            Found(
                "late-revoke",
                "old gave orders-0 up after new had been given it",
                "old assigned, new assigned, old revoked",
            ),
            Found(
                "stale-commit",
                "old committed offset 2 of orders-0 and was not refused, although new had been given the partition"
                " before",
                "old assigned, new assigned, old commit",
            ),
        ),
    ),
    Mutant(
        "watermark moves below min ISR",
        f"{ENGINE}.role:Role._advance",
        "if leads.is_under_min:",
        "if False:",
        scenarios.too_few_are_in_sync,
        log="a b last",
        found=(),
        inside=(
            Found(
                "watermark-under-min",
                "the high watermark of orders-0 rose from 1 to 2 with 1 in sync, of 2 that there must be (leader"
                " broker-1, epoch 0)",
            ),
        ),
        acks=1,  # b was sent so
    ),
    Mutant(
        "producer table not rebuilt",
        f"{ENGINE}.role:Role._know_producers",
        "if self._known_to != self.log.end:",
        "if False:",
        scenarios.a_broker_that_was_started_again_leads,
        log="a b last",
        found=(
            Found(
                "duplicate",
                "'b', which was sent once, is at orders-0:2 and at orders-0:1",
                "p send, reader poll",
            ),
        ),
    ),
]


def found_by(stage: Stage, acks: int | str) -> list[Found]:
    """What the history has that was promised not to be."""
    found = []
    for error in stage.history.errors(promised(acks=acks, prompt=True)):
        calls = dict.fromkeys(f"{row.process} {row.f}" for row in error.witnesses if row.type != "invoke")
        found.append(Found(error.kind, error.text, ", ".join(calls)))
    return found


def found_inside(stage: Stage) -> list[Found]:
    """The first of each kind."""
    kinds: dict[str, Found] = {}
    for error in stage.inside():
        kinds.setdefault(error.kind, Found(error.kind, error.text))
    return list(kinds.values())


@pytest.mark.parametrize("mutant", TWELVE, ids=lambda mutant: mutant.name)
def test_in_the_engine_as_it_is_nothing_is_found(mutant: Mutant, monkeypatch: pytest.MonkeyPatch) -> None:
    """And what was acknowledged is there, once and in order."""
    with Stage(monkeypatch) as stage:
        mutant.scenario(stage)
        assert found_by(stage, mutant.acks) == []
        assert stage.inside() == []
        assert stage.read() == mutant.log.split()


@pytest.mark.parametrize("mutant", TWELVE, ids=lambda mutant: mutant.name)
def test_each_mutant_is_refuted(mutant: Mutant, monkeypatch: pytest.MonkeyPatch) -> None:
    mutant.make(monkeypatch)
    with Stage(monkeypatch) as stage:
        mutant.scenario(stage)
        assert sorted(found_by(stage, mutant.acks)) == sorted(mutant.found)
        assert found_inside(stage) == list(mutant.inside)


def test_there_are_twelve() -> None:
    assert len({mutant.name for mutant in TWELVE}) == 12
    assert all(mutant.found or mutant.inside for mutant in TWELVE)
