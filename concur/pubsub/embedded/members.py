"""What a group knows of each of its members, and what they agree on."""

from collections import Counter
from collections.abc import Collection, Mapping

from concur.pubsub.assignors import Subscription
from concur.pubsub.connection import Joined
from concur.pubsub.records import TopicPartition


class Member:
    """One member; all of it is guarded by the group's lock. Times are seconds."""

    __slots__ = (
        *("answer", "deadline", "id", "joined", "protocols"),
        *("rebalance", "session", "share", "synced", "waits"),
    )

    def __init__(self, member_id: str) -> None:
        self.id = member_id
        self.protocols: Mapping[str, Subscription] = {}
        self.session = 0.0  # how long it may be silent
        self.rebalance = 0.0  # how long the others wait for it to join
        self.deadline = 0.0  # when it is taken for dead, unless one of its calls is waiting here
        self.waits = 0  # how many of its calls are
        self.joined = False  # in the round that is being prepared
        self.answer: Joined | None = None  # to its last join, None until there is one
        self.synced = False  # asked for its share of this generation
        self.share: tuple[TopicPartition, ...] = ()


def common_protocols(members: Collection[Member]) -> set[str]:
    """The assignors that all can use."""
    return set.intersection(*(set(member.protocols) for member in members)) if members else set()


def vote(members: Collection[Member]) -> str:
    """Of the assignors that all can use the one that most like best; "" if there are no members."""
    common = common_protocols(members)
    votes = Counter(next(name for name in member.protocols if name in common) for member in members)
    return max(sorted(votes), key=votes.__getitem__, default="")
