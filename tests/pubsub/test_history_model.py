"""Histories of a model that is right have no error; each bug of the model is found. Fast answers equal plain ones."""

from itertools import pairwise, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from concur.pubsub.history import History, promised
from tests.pubsub.model import BUGS, Model, Plan, plan_of, plans, smallest

ALL = promised(prompt=True)


@settings(max_examples=200, deadline=None)
@given(plans)
def test_a_right_history_has_no_error(plan: Plan) -> None:
    """Random clients, crashes, sends that may have happened, rebalances: whatever is odd is allowed."""
    Model().run(plan).check(ALL)


def test_right_histories_that_are_long() -> None:
    """The same with a thousand steps."""
    for seed in range(20):
        Model().run(plan_of(seed, 1000)).check(ALL)


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.__name__)
def test_bugs_are_found(bug: type[Model]) -> None:
    """A bug shows soon, in a plan of a few steps; the right model has no error in that plan."""
    kinds = BUGS[bug]

    def shows(plan: Plan) -> bool:
        return any(error.kind in kinds for error in bug().run(plan).errors(ALL))

    plan = next(plan for seed in range(100) if shows(plan := plan_of(seed, 150)))
    plan = smallest(plan, shows)
    assert len(plan) <= 10, plan
    Model().run(plan).check(ALL)


# Compared with definitions that are as plain as they can be, on histories of one partition that nobody made sense of.

rows = st.lists(
    st.tuples(
        st.sampled_from(["ack", "info", "poll", "poll", "poll", "bad_poll"]),
        st.sampled_from(["x", "y"]),
        st.lists(st.tuples(st.integers(0, 3), st.sampled_from("abcd")), min_size=1, max_size=3),
    ),
    max_size=8,
)
Rows = list[tuple[str, str, list[tuple[int, str]]]]


def made(plan: Rows) -> tuple[History, Rows]:
    """The history, and the rows as they are in it: each value is sent at most once."""
    history, kept, sent = History(), [], set()
    for what, who, places in plan:
        if what in ("ack", "info"):
            offset, value = places[0]
            if value in sent:
                continue
            sent.add(value)
            row = history.invoke(who, "send", [("t", 0, None, value)])
            if what == "ack":
                history.ok(row, [("t", 0, offset, value)])
            else:
                history.info(row)
            kept.append((what, who, places[:1]))
        else:
            row = history.invoke(who, "poll")
            end = history.ok if what == "poll" else history.info
            end(row, value=[("t", 0, offset, value) for offset, value in places])
            kept.append((what, who, places))
    return history, kept


def observed(plan: Rows) -> list[tuple[int, str]]:
    return [place for what, _, places in plan if what != "info" for place in places]


def reads(plan: Rows) -> list[tuple[int, str]]:
    return [place for what, _, places in plan if "poll" in what for place in places]


def plainly(plan: Rows) -> set[str]:
    """The kinds of anomalies by their definitions, every pair looked at."""
    kinds = set()
    seen, read = observed(plan), reads(plan)
    known = {offset for offset, _ in seen}
    if any(o == p and v != w for o, v in seen for p, w in seen):
        kinds.add("inconsistent-offsets")
    if any(o != p and v == w for o, v in seen for p, w in seen):
        kinds.add("duplicate")
    for what, _, places in plan:
        if what == "ack" and places[0][1] not in {value for _, value in read}:
            kinds.add("lost-write" if any(offset >= places[0][0] for offset, _ in read) else "unseen")
    sent = {places[0][1] for what, _, places in plan if "poll" not in what}
    if any(value not in sent for _, value in read):
        kinds.add("unsent-read")
    for process in ("x", "y"):
        acks = [places[0][0] for what, who, places in plan if what == "ack" and who == process]
        if any(second <= first for first, second in pairwise(acks)):
            kinds.add("nonmonotonic-send")
        last: int | None = None
        furthest = 0
        for what, who, places in plan:
            if "poll" not in what or who != process:
                continue
            offsets = [offset for offset, _ in places]
            if last is not None:
                if offsets[0] <= last:
                    kinds.add("nonmonotonic-poll")
                elif any(furthest < offset < offsets[0] for offset in known):
                    kinds.add("poll-skip")
            for first, second in pairwise(offsets):
                if second <= first:
                    kinds.add("int-nonmonotonic-poll")
                elif any(first < offset < second for offset in known):
                    kinds.add("int-poll-skip")
            if what == "poll":
                last = furthest = offsets[-1]
            elif last is not None:
                furthest = max(furthest, offsets[-1])
    return kinds


@settings(max_examples=400, deadline=None)
@given(rows)
def test_the_same_as_by_definition(plan: Rows) -> None:
    history, kept = made(plan)
    assert {anomaly.kind for anomaly in history.anomalies()} == plainly(kept), history.report()


LOGS = [
    {offset: value for offset, value in enumerate(log) if value}
    for log in product(["", "a", "b", "c"], repeat=3)
    if len({value for value in log if value}) == len([value for value in log if value])
]


def explained(plan: Rows) -> bool:
    """Whether there is one log without doubles that every client can have seen: all are tried."""
    read = {value for _, value in reads(plan)}
    sent = {places[0][1] for what, _, places in plan if "poll" not in what}
    for log in LOGS:
        if any(log.get(offset) != value for offset, value in observed(plan)) or not read <= sent:
            continue
        if any(value not in sent for value in log.values()):
            continue
        seen_by_polls = {offset for offset, _ in reads(plan)}
        if any(
            offset < max(seen_by_polls, default=-1) and offset not in seen_by_polls
            for offset, _ in observed(plan)
        ):
            continue
        if all(follows(plan, process, sorted(log)) for process in ("x", "y")):
            return True
    return False


def follows(plan: Rows, process: str, log: list[int]) -> bool:
    """Whether a process was given one piece of the log, in order, and its sends are in order in it."""
    given = [
        offset for what, who, places in plan if who == process and what == "poll" for offset, _ in places
    ]
    acks = [places[0][0] for what, who, places in plan if what == "ack" and who == process]
    start = log.index(given[0]) if given else 0
    return log[start : start + len(given)] == given and acks == sorted(set(acks))


@settings(max_examples=400, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["ack", "info", "poll", "poll"]),
            st.sampled_from(["x", "y"]),
            st.lists(st.tuples(st.integers(0, 2), st.sampled_from("abc")), min_size=1, max_size=3),
        ),
        max_size=6,
    )
)
def test_no_error_if_and_only_if_there_is_a_log(plan: Rows) -> None:
    """Nothing but unseen records: then one log explains everything, and the other way round."""
    history, kept = made(plan)
    assert ({anomaly.kind for anomaly in history.anomalies()} <= {"unseen"}) == explained(kept), (
        history.report()
    )
