"""Which member of a group reads which partitions: the rules, as functions of what the members subscribe to and own.

A group has one leader. It is told what every member subscribes to, calls one of these, and hands in the result; all
members must be able to use the same. None of them has a state or a choice: the same input gives the same result.

``range``
    Topic by topic: the partitions in order are cut into as many pieces as there are subscribers, in the order
    of their ids; the first ones get one more if it does not come out even. Partitions of the same number in
    several topics meet at one member; members late in the order have less to do when there are many topics.
``roundrobin``
    All partitions of all topics in order are dealt out like cards.
``cooperative-sticky``
    As even as can be, and of the partitions that members own only those move that must. It takes two rounds: a
    partition that changes hands is given to nobody in the first, in which its owner lets go of it, and to its
    new owner in the second. So nobody stops reading what stays, and no partition ever has two owners (KIP-429).

    >>> from concur.pubsub.assignors import ASSIGNORS, Subscription
    >>> one, two = Subscription(("orders",)), Subscription(("orders",))
    >>> shares = ASSIGNORS["range"].assign({"orders": 5}, {"c1": one, "c2": two})
    >>> {member: [tp.partition for tp in share] for member, share in shares.items()}
    {'c1': [0, 1, 2], 'c2': [3, 4]}

A third member comes to two that own three each. In the first round it gets nothing, and the others keep two:

    >>> from concur.pubsub import TopicPartition
    >>> def owner_of(*numbers):
    ...     return Subscription(("orders",), tuple(TopicPartition("orders", n) for n in numbers), generation=4)
    >>> sticky = ASSIGNORS["cooperative-sticky"]
    >>> first = sticky.assign({"orders": 6}, {"c1": owner_of(0, 1, 2), "c2": owner_of(3, 4, 5), "c3": owner_of()})
    >>> {member: [tp.partition for tp in share] for member, share in first.items()}
    {'c1': [0, 1], 'c2': [3, 4], 'c3': []}
    >>> second = sticky.assign({"orders": 6}, {"c1": owner_of(0, 1), "c2": owner_of(3, 4), "c3": owner_of()})
    >>> {member: [tp.partition for tp in share] for member, share in second.items()}
    {'c1': [0, 1], 'c2': [3, 4], 'c3': [2, 5]}

``RangeAssignor.java``, ``RoundRobinAssignor.java``, ``AbstractStickyAssignor.java`` and
``CooperativeStickyAssignor.java`` have the rules. The sticky one is reached by another way here: see
:func:`balanced`.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from concur.pubsub.records import TopicPartition


class Subscription(NamedTuple):
    """What a member says when it joins: the ``topics`` that it subscribes to, the partitions that it has
    ``owned`` since ``generation``, of which it lets go only when told to. A member that lets go of everything
    before it joins owns none.
    """

    topics: tuple[str, ...]
    owned: tuple[TopicPartition, ...] = ()
    generation: int = -1


Partitions = Mapping[str, int]  # topic -> how many partitions it has
Members = Mapping[str, Subscription]  # id of a member -> what it said
Assignment = dict[str, list[TopicPartition]]  # id of a member -> its share; every member has one


class Assignor(NamedTuple):
    """A rule by its ``name``: ``assign(partitions, members)``; whether it is ``cooperative``, which means that
    members keep what they own while they join again.
    """

    name: str
    assign: Callable[[Partitions, Members], Assignment]
    cooperative: bool = False


def range_assign(partitions: Partitions, members: Members) -> Assignment:
    """Cut each topic into pieces of its subscribers, in the order of their ids."""
    shares: Assignment = {member: [] for member in members}
    for topic, subscribers in _subscribers(partitions, members).items():
        size, more = divmod(partitions[topic], len(subscribers))
        start = 0
        for i, member in enumerate(subscribers):
            end = start + size + (i < more)
            shares[member] += (TopicPartition(topic, n) for n in range(start, end))
            start = end
    return shares


def round_robin_assign(partitions: Partitions, members: Members) -> Assignment:
    """Deal the partitions of all topics out like cards; a member is passed over where it does not subscribe."""
    shares: Assignment = {member: [] for member in members}
    ids = sorted(members)
    at = 0
    for topic in sorted(_subscribers(partitions, members)):
        for n in range(partitions[topic]):
            while topic not in members[ids[at % len(ids)]].topics:
                at += 1
            shares[ids[at % len(ids)]].append(TopicPartition(topic, n))
            at += 1
    return shares


def cooperative_sticky_assign(partitions: Partitions, members: Members) -> Assignment:
    """The balanced shares, but for partitions that another member has to let go of first."""
    claims: defaultdict[TopicPartition, set[str]] = defaultdict(set)
    for member, subscription in members.items():
        for tp in subscription.owned:
            claims[tp].add(member)
    return {
        member: [tp for tp in share if not claims[tp] or member in claims[tp]]
        for member, share in balanced(partitions, members).items()
    }


def balanced(partitions: Partitions, members: Members) -> Assignment:
    """Shares as even as the subscriptions allow, in which owners keep what they can.

    Even means: whoever has two more than another has nothing that the other could take. First all keep what
    they own. What nobody owns goes to whoever has least. Then one partition after the other goes from one who
    has too many to the one who has least. This ends, as every step makes the shares more even; and where all
    subscribe to the same, nobody gives away one more than he must, as only the largest shares ever give.
    """
    subscribers = _subscribers(partitions, members)
    before = _owners(partitions, members)
    shares: Assignment = {member: [] for member in sorted(members)}
    for tp, owner in before.items():
        shares[owner].append(tp)
    free = [
        tp for topic in subscribers for tp in _partitions_of(topic, partitions[topic]) if tp not in before
    ]
    # Those that few can take first: the others can even out what these have made uneven.
    for tp in sorted(free, key=lambda tp: (len(subscribers[tp.topic]), tp)):
        shares[min(subscribers[tp.topic], key=lambda member: (len(shares[member]), member))].append(tp)
    while _even_out(shares, members, before):
        pass
    return {member: sorted(shares[member]) for member in members}


def _even_out(shares: Assignment, members: Members, before: Mapping[TopicPartition, str]) -> bool:
    """Move one partition from a large share to a smaller one; False if there is none to move."""
    by_size = sorted(shares, key=lambda member: (len(shares[member]), member))
    for giver in reversed(by_size):
        for taker in by_size:
            if len(shares[giver]) < len(shares[taker]) + 2:
                break
            topics = members[taker].topics
            movable = [tp for tp in shares[giver] if tp.topic in topics]
            if movable:
                # Rather one that was the taker's, or at least not the giver's, before.
                chosen = max(movable, key=lambda tp: (before.get(tp) == taker, before.get(tp) != giver, tp))
                shares[giver].remove(chosen)
                shares[taker].append(chosen)
                return True
    return False


def _owners(partitions: Partitions, members: Members) -> dict[TopicPartition, str]:
    """Who may keep which partition: who owns it in the newest generation that claims it, and alone."""
    claims: defaultdict[TopicPartition, list[tuple[int, str]]] = defaultdict(list)
    for member, (topics, owned, generation) in members.items():
        for tp in owned:
            if tp.topic in topics and 0 <= tp.partition < partitions.get(tp.topic, 0):
                claims[tp].append((generation, member))
    owners = {}
    for tp in sorted(claims):
        newest, member = max(claims[tp])
        if Counter(generation for generation, _ in claims[tp])[newest] == 1:
            owners[tp] = member
    return owners


def _subscribers(partitions: Partitions, members: Members) -> dict[str, list[str]]:
    """Topic -> the members that subscribe to it, by id; only topics that exist and have some."""
    found: dict[str, list[str]] = {}
    for member in sorted(members):
        for topic in members[member].topics:
            if partitions.get(topic, 0) > 0 and member not in found.setdefault(topic, []):
                found[topic].append(member)
    return {topic: found[topic] for topic in sorted(found)}


def _partitions_of(topic: str, count: int) -> Iterable[TopicPartition]:
    return (TopicPartition(topic, n) for n in range(count))


ASSIGNORS: Mapping[str, Assignor] = {
    assignor.name: assignor
    for assignor in (
        Assignor("range", range_assign),
        Assignor("roundrobin", round_robin_assign),
        Assignor("cooperative-sticky", cooperative_sticky_assign, cooperative=True),
    )
}
