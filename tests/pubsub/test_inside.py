"""What must hold inside a cluster: for each check snapshots that fail it, and near misses."""

import random
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from concur.pubsub.history.inside import (
    LeaderState,
    ReplicaLog,
    committed_lost,
    replicas_disagree,
    stale_commits,
    two_leaders,
    two_owners,
    watermark_errors,
)

ABC = [(0, 1, "a"), (1, 1, "b"), (2, 2, "c")]


def log(broker: str, watermark: int, entries: list[tuple[int, int, str]], start: int = 0) -> ReplicaLog:
    return ReplicaLog(broker, watermark, entries, start)


@pytest.mark.parametrize(
    ("two", "said"),
    [
        (
            log("b2", 3, [(0, 1, "a"), (1, 1, "x"), (2, 2, "c")]),
            "b1 has 'b' of epoch 1 and b2 has 'x' of epoch 1",
        ),
        (
            log("b2", 3, [(0, 1, "a"), (1, 2, "b"), (2, 2, "c")]),
            "b1 has 'b' of epoch 1 and b2 has 'b' of epoch 2",
        ),
        (
            log("b2", 2, [(0, 1, "a")]),
            "at t-0:1, b1 has 'b' of epoch 1 and b2 has nothing, below its high watermark 2",
        ),
        (log("b2", 3, [(0, 1, "a"), (2, 2, "c")]), "b2 has nothing"),
        (log("b2", 2, ABC[1:]), "b2 has nothing"),
        (log("b2", 2, ABC[:2]), None),  # behind
        (log("b2", 2, [*ABC[:2], (2, 2, "x")]), None),  # above its watermark
        (log("b2", 2, ABC[1:], start=1), None),  # deleted
        (log("b2", 1, [(0, 1, "a"), (1, 9, "x")]), None),
        (log("b2", 0, []), None),
    ],
)
def test_replicas(two: ReplicaLog, said: str | None) -> None:
    one = log("b1", 3, ABC)
    for logs in ([one, two], [two, one]):
        found = replicas_disagree("t-0", logs)
        assert len(found) == (said is not None)
    if said is not None:
        found = replicas_disagree("t-0", [one, two])
        assert said in found[0].text
        assert found[0].kind == "replicas-disagree"
        assert found[0].breaks == {"clean"}


def test_gaps_are_legal() -> None:
    gap = [(0, 1, "a"), (2, 1, "c")]
    assert replicas_disagree("t-0", [log("b1", 3, gap), log("b2", 3, gap)]) == []


entries = st.lists(st.tuples(st.integers(1, 2), st.sampled_from("ab")), max_size=4)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(entries, st.integers(0, 4)), min_size=2, max_size=3))
def test_replicas_pair_by_pair(given_logs: list[tuple[list[tuple[int, str]], int]]) -> None:
    """The same as comparing each pair of replicas, offset by offset."""
    logs = [
        log(f"b{n}", min(watermark, len(made)), [(offset, *entry) for offset, entry in enumerate(made)])
        for n, (made, watermark) in enumerate(given_logs)
    ]
    differ = any(
        one.entries[offset] != other.entries[offset]
        for one, other in combinations(logs, 2)
        for offset in range(min(one.watermark, other.watermark))
    )
    assert bool(replicas_disagree("t-0", logs)) == differ


def state(watermark: int, *ends: int, epoch: int = 1, leader: str = "b1") -> LeaderState:
    return LeaderState(leader, epoch, watermark, {f"b{n + 1}": end for n, end in enumerate(ends)})


@pytest.mark.parametrize(
    ("states", "said"),
    [
        ([state(2, 3, 2), state(1, 3, 2)], "the high watermark of t-0 went from 2 to 1 under b1, leader of epoch 1"),
        ([state(3, 4, 2, 3)], "the high watermark of t-0 is 3, but b2, which is in sync, ends at 2"),
        ([state(2, 3, 2), state(2, 3, 2), state(3, 3, 3)], None),
        ([state(2, 3, 2), state(1, 3, 2, epoch=2, leader="b2")], None),
        ([state(2, 3, 2), state(1, 3, 2, epoch=2), state(2, 3, 2)], None),
        ([state(2)], None),
    ],
)  # fmt: skip
def test_watermarks(states: list[LeaderState], said: str | None) -> None:
    found = watermark_errors("t-0", states)
    assert len(found) == (said is not None)
    assert all(str(said) in anomaly.text for anomaly in found)


def few(watermark: int, ends: int, least: int, version: int, epoch: int = 1) -> LeaderState:
    return LeaderState("b1", epoch, watermark, {f"b{n}": 9 for n in range(ends)}, least, version)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (few(1, 1, 2, 0), few(2, 1, 2, 0), "rose from 1 to 2 with 1 in sync, of 2 that there must be"),
        (few(1, 2, 3, 4), few(4, 2, 3, 4), "rose from 1 to 4 with 2 in sync, of 3 that there must be"),
        (few(1, 2, 2, 0), few(2, 2, 2, 0), None),  # they are enough
        (few(1, 1, 2, 0), few(1, 1, 2, 0), None),  # it stays
        (few(1, 2, 2, 0), few(2, 1, 2, 1), None),  # they were enough when it rose, perhaps
        (few(1, 1, 2, 0), few(2, 1, 2, 2), None),  # they were in between, perhaps
        (few(1, 1, 2, -1), few(2, 1, 2, -1), None),  # nobody knows
        (few(1, 1, 2, 0), few(2, 1, 2, 0, epoch=2), None),  # the new leader had heard of more
        (few(1, 1, 1, 0), few(2, 1, 1, 0), None),
    ],
)
def test_a_watermark_waits_until_enough_are_in_sync(
    before: LeaderState, after: LeaderState, said: str | None
) -> None:
    found = watermark_errors("t-0", [before, after])
    assert [anomaly.kind for anomaly in found] == ["watermark-under-min"] * (said is not None)
    assert all(str(said) in anomaly.text for anomaly in found)


def test_a_watermark_that_is_back_and_ahead() -> None:
    found = watermark_errors("t-0", [state(4, 4), state(3, 2)])
    assert [anomaly.kind for anomaly in found] == ["watermark-back", "watermark-ahead"]


def test_leaders() -> None:
    assert two_leaders("t-0", [(1, "b1"), (2, "b2"), (1, "b1"), (3, "b1")]) == []
    (found,) = two_leaders("t-0", [(1, "b1"), (2, "b2"), (2, "b3"), (2, "b3")])
    assert found.text == "b2 and b3 both led t-0 in epoch 2"
    assert found.kind == "two-leaders"


def test_owners() -> None:
    right = {1: {"c1": ["t-0", "t-1"]}, 2: {"c1": ["t-0"], "c2": ["t-1"]}}
    assert two_owners("g", right) == []
    (found,) = two_owners("g", {**right, 3: {"c1": ["t-0"], "c2": ["t-1", "t-0"]}})
    assert found.text == "c1 and c2 both had t-0 in generation 3 of group g"
    assert found.kind == "two-owners"


def test_commits_of_generations() -> None:
    (found,) = stale_commits("g", [("c1", 1, 1), ("c1", 1, 2), ("c2", 2, 2)])
    assert found.text == "c1 committed in generation 1 of group g, which was in generation 2"
    assert found.kind == "stale-commit"


@pytest.mark.parametrize(
    ("after", "said"),
    [
        (log("b2", 0, ABC[:1]), "'b' of epoch 1 was committed at t-0:1 on b1; b2, which leads later, has nothing"),
        (log("b2", 0, [(0, 1, "a"), (1, 3, "x")]), "b2, which leads later, has 'x' of epoch 3"),
        (log("b2", 0, [(0, 1, "a"), (1, 3, "b")]), "has 'b' of epoch 3"),
        (log("b2", 0, ABC[:2]), None),
        (log("b2", 0, [*ABC[:2], (2, 3, "x")]), None),
        (log("b2", 0, ABC[1:], start=1), None),
        (log("b2", 0, ABC[1:]), "'a' of epoch 1"),
    ],
)  # fmt: skip
def test_what_was_committed(after: ReplicaLog, said: str | None) -> None:
    found = committed_lost("t-0", log("b1", 2, ABC), after)
    assert [said is not None and said in anomaly.text for anomaly in found] == [True] * (said is not None)


def test_log_end() -> None:
    assert log("b1", 0, [], start=4).end == 4
    assert log("b1", 0, ABC).end == 3


def test_long_logs() -> None:
    """A lost record among many is found; nothing is quadratic."""
    entries = [(offset, 1, offset) for offset in range(50_000)]
    lost = random.Random(0).randrange(50_000)
    logs = [ReplicaLog("b1", 50_000, entries), ReplicaLog("b2", 50_000, entries[:lost] + entries[lost + 1 :])]
    (found,) = replicas_disagree("t-0", logs)
    assert f"at t-0:{lost}," in found.text
