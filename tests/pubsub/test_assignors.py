"""The rules by which partitions are shared out, for any members, topics and owners."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from concur.pubsub import TopicPartition
from concur.pubsub.assignors import ASSIGNORS, Assignment, Members, Partitions, Subscription, balanced

TOPICS = ("a", "b")


SUBSCRIBED = [("a", "b"), ("a",), ("b", "a"), ("b",), ("b", "gone", "b"), ()]


def group_of(dice: bytes, alike: bool) -> tuple[Partitions, Members]:
    """Topics and members, most partitions with an owner; some are claimed twice, or by who does not subscribe."""
    rolls = iter(dice)
    partitions = {topic: next(rolls) % 5 for topic in TOPICS}
    names = "vwxy"[: next(rolls) % 4 + 1]
    owned: dict[str, list[TopicPartition]] = {name: [] for name in names}
    for tp in (TopicPartition(topic, n) for topic in TOPICS for n in range(5)):
        owners = next(rolls)
        for name in {owners % 5, owners // 5 % 16} & set(range(len(names))):
            owned[names[name]].append(tp)
    all_alike = SUBSCRIBED[next(rolls) % len(SUBSCRIBED)]
    return partitions, {
        name: Subscription(
            all_alike if alike else SUBSCRIBED[next(rolls) % len(SUBSCRIBED)],
            tuple(owned[name]),
            next(rolls) % 3,
        )
        for name in names
    }


# All decisions in one draw: it is an order of magnitude faster than one for each.
any_group = st.binary(min_size=22, max_size=22).map(lambda dice: group_of(dice, alike=False))
group_alike = st.binary(min_size=22, max_size=22).map(lambda dice: group_of(dice, alike=True))


def everything(partitions: Partitions, members: Members) -> set[TopicPartition]:
    """All partitions of topics that somebody subscribes to."""
    wanted = {topic for subscription in members.values() for topic in subscription.topics}
    return {TopicPartition(t, n) for t, count in partitions.items() if t in wanted for n in range(count)}


def held(shares: Assignment) -> list[TopicPartition]:
    return sorted(tp for share in shares.values() for tp in share)


def owned_by(shares: Assignment, members: Members, generation: int = 7) -> Members:
    """The members when each has taken over its share."""
    return {
        member: members[member]._replace(owned=tuple(share), generation=generation)
        for member, share in shares.items()
    }


@pytest.mark.parametrize("name", ["range", "roundrobin"])
@given(any_group)
def test_every_partition_has_one_reader(name, group) -> None:
    """Each partition of a topic with a subscriber goes to just one, and each member has a share, if an empty one."""
    partitions, members = group
    shares = ASSIGNORS[name].assign(partitions, members)
    assert shares.keys() == members.keys()
    assert held(shares) == sorted(everything(partitions, members))
    for member, share in shares.items():
        assert {tp.topic for tp in share} <= set(members[member].topics)


@pytest.mark.parametrize("name", ASSIGNORS)
@given(any_group, st.randoms())
def test_the_same_question_has_the_same_answer(name, group, random) -> None:
    """The order in which members and topics are named makes no difference."""
    partitions, members = group
    other_partitions, other_members = list(partitions.items()), list(members.items())
    random.shuffle(other_partitions)
    random.shuffle(other_members)
    assert ASSIGNORS[name].assign(dict(other_partitions), dict(other_members)) == ASSIGNORS[name].assign(
        partitions, members
    )


@given(any_group)
def test_range_cuts_each_topic_into_pieces(group) -> None:
    """Of each topic a member has a piece without gaps, in the order of ids, at most one more than another."""
    partitions, members = group
    shares = ASSIGNORS["range"].assign(partitions, members)
    for topic, count in partitions.items():
        pieces = [
            [tp.partition for tp in shares[member] if tp.topic == topic]
            for member in sorted(members)
            if topic in members[member].topics
        ]
        assert [n for piece in pieces for n in piece] == list(range(count if pieces else 0))
        sizes = [len(piece) for piece in pieces]
        assert sizes == sorted(sizes, reverse=True)
        assert not sizes or max(sizes) - min(sizes) <= 1


@given(group_alike)
def test_dealt_out_evenly(group) -> None:
    """Where all subscribe to the same, no hand is larger than another by two."""
    partitions, members = group
    sizes = [len(share) for share in ASSIGNORS["roundrobin"].assign(partitions, members).values()]
    assert max(sizes) - min(sizes) <= 1


def test_the_example_of_kafka() -> None:
    """Three members, of which two do not subscribe to all: RoundRobinAssignor's documentation has this result."""
    partitions = {"t0": 1, "t1": 2, "t2": 3}
    members = {"C0": Subscription(("t0",)), "C1": Subscription(("t0", "t1"))}
    members["C2"] = Subscription(("t0", "t1", "t2"))
    shares = ASSIGNORS["roundrobin"].assign(partitions, members)
    assert {member: " ".join(map(str, share)) for member, share in shares.items()} == {
        "C0": "t0-0",
        "C1": "t1-0",
        "C2": "t1-1 t2-0 t2-1 t2-2",
    }


@given(any_group)
def test_balanced_is_as_even_as_subscriptions_allow(group) -> None:
    """Whoever has two more than another has nothing that the other could take."""
    partitions, members = group
    shares = balanced(partitions, members)
    assert held(shares) == sorted(everything(partitions, members))
    for giver, share in shares.items():
        for taker, other in shares.items():
            if len(share) >= len(other) + 2:
                assert not {tp.topic for tp in share} & set(members[taker].topics), (giver, taker)


@given(group_alike)
def test_only_what_must_move_moves(group) -> None:
    """Where all subscribe to the same, owners keep as much as even shares allow."""
    partitions, members = group
    everything_there = everything(partitions, members)
    newest = {
        tp: max(s.generation for s in members.values() if tp in s.owned)
        for s in members.values()
        for tp in s.owned
    }
    claims = {
        m: {tp for tp in s.owned if tp in everything_there and s.generation == newest[tp]}
        for m, s in members.items()
    }
    claimants = Counter(tp for some in claims.values() for tp in some)
    keeps = {m: {tp for tp in some if claimants[tp] == 1} for m, some in claims.items()}
    few, more = divmod(len(everything_there), len(members))
    possible = sum(min(len(some), few) for some in keeps.values())
    possible += min(more, sum(len(some) > few for some in keeps.values()))

    shares = balanced(partitions, members)
    assert sum(len(keeps[m] & set(shares[m])) for m in members) == possible


@given(any_group)
def test_nothing_moves_when_nothing_changes(group) -> None:
    """Shares that have been taken over are those of the next time."""
    partitions, members = group
    shares = balanced(partitions, members)
    assert balanced(partitions, owned_by(shares, members)) == shares
    assert ASSIGNORS["cooperative-sticky"].assign(partitions, owned_by(shares, members)) == shares


@given(any_group)
def test_nobody_gets_what_another_has(group) -> None:
    """In the first round no partition is given to a member while another one claims it."""
    partitions, members = group
    shares = ASSIGNORS["cooperative-sticky"].assign(partitions, members)
    assert len(held(shares)) == len(set(held(shares)))
    for member, share in shares.items():
        for tp in set(share) - set(members[member].owned):
            assert not any(tp in other.owned for other in members.values())


@given(group_alike)
def test_two_rounds_are_enough(group) -> None:
    """What was withheld in the first round is given out in the second, and nothing else happens."""
    partitions, members = group
    assign = ASSIGNORS["cooperative-sticky"].assign
    first = assign(partitions, members)
    second = assign(partitions, owned_by(first, members))
    assert held(second) == sorted(everything(partitions, members))
    for member in members:
        assert set(first[member]) <= set(second[member])
    assert assign(partitions, owned_by(second, members, 8)) == second


@given(any_group)
def test_rounds_come_to_an_end(group) -> None:
    """With any subscriptions the rounds end, with everything given out."""
    partitions, members = group
    assign = ASSIGNORS["cooperative-sticky"].assign
    shares = assign(partitions, members)
    for generation in range(3, 9):
        again = owned_by(shares, members, generation)
        if again == members:
            break
        members = again
        shares = assign(partitions, members)
    assert held(shares) == sorted(everything(partitions, members))
    assert assign(partitions, members) == shares


def test_the_newer_claim_counts() -> None:
    """Who missed a generation has no claim on what another owns by now."""
    a0 = (TopicPartition("a", 0),)
    members = {"old": Subscription(("a",), a0, 3), "new": Subscription(("a",), a0, 4)}
    assert balanced({"a": 1}, members) == {"old": [], "new": list(a0)}


def test_of_two_equal_claims_neither_counts() -> None:
    """Two members that both claim a partition in one generation have no more right to it than others."""
    a0 = (TopicPartition("a", 0),)
    members = {name: Subscription(("a",), owned, 3) for name, owned in {"u": (), "v": a0, "w": a0}.items()}
    assert balanced({"a": 1}, members) == {"u": list(a0), "v": [], "w": []}
    assert ASSIGNORS["cooperative-sticky"].assign({"a": 1}, members) == {"u": [], "v": [], "w": []}


def test_what_came_last_goes_first() -> None:
    """Who has to give something away keeps what it owned before, if it can."""
    a = [TopicPartition("a", n) for n in range(4)]
    b0 = TopicPartition("b", 0)
    members = {
        "x": Subscription(("b",)),
        "y": Subscription(("a", "b"), (a[1], a[3])),
        "z": Subscription(("a", "b"), (b0,)),
    }
    assert balanced({"a": 4, "b": 1}, members) == {"x": [b0], "y": [a[1], a[3]], "z": [a[0], a[2]]}
