"""What a replica answers when it does not do what was asked: what happened, in which partition, and what to do next."""

from collections.abc import Iterable

from concur.pubsub.embedded.leadership import Leadership
from concur.pubsub.errors import (
    FencedLeaderEpoch,
    NotEnoughReplicas,
    NotEnoughReplicasAfterAppend,
    NotLeaderOrFollower,
    OffsetNotAvailable,
    RequestTimedOut,
    UnknownLeaderEpoch,
)
from concur.pubsub.records import TopicPartition

_AGAIN = "Send them again: an idempotent producer writes nothing twice."


def other_epoch(partition: TopicPartition, broker: int, named: int, known: int) -> Exception:
    """The request names a leader epoch that is not the one which the broker knows."""
    what = f"the request names leader epoch {named} of {partition}; broker {broker} knows of {known}"
    if named < known:
        return FencedLeaderEpoch(f"{what}. Ask for the metadata again.")
    return UnknownLeaderEpoch(f"{what}, and will hear of it. Try again.")


def not_leader(partition: TopicPartition, broker: int, leader: int | None, epoch: int) -> NotLeaderOrFollower:
    """The request is one for the leader, and this is not it; nothing was done."""
    who = "nobody does" if leader is None else f"broker {leader} does"
    return NotLeaderOrFollower(
        f"broker {broker} does not lead {partition}; {who}, as far as it knows (epoch {epoch}). "
        "Ask for the metadata again.",
        definite=True,
    )


def not_known_yet(partition: TopicPartition, broker: int, start: int, watermark: int) -> OffsetNotAvailable:
    """The end of what is committed is above what this leader knows to be committed."""
    return OffsetNotAvailable(
        f"broker {broker} leads {partition} from offset {start} on and knows only of {watermark} that all below is "
        "committed: where the partition ends will be known when its followers have fetched. Try again."
    )


def not_follower(partition: TopicPartition, broker: int, named: int, known: int) -> FencedLeaderEpoch:
    """What a follower was to do is of a term that is over for it."""
    return FencedLeaderEpoch(
        f"broker {broker} does not follow in epoch {named} of {partition}; it knows of epoch {known}. Nothing was done."
    )


def no_replica(partition: TopicPartition, follower: int, replicas: Iterable[int]) -> NotLeaderOrFollower:
    """Somebody fetches as a follower who is none."""
    return NotLeaderOrFollower(
        f"broker {follower} has no replica of {partition}; those that have one are {_names(replicas)}.",
        definite=True,
    )


def too_few(partition: TopicPartition, leads: Leadership) -> NotEnoughReplicas:
    """Too few in sync; nothing was appended."""
    return NotEnoughReplicas(f"{_too_few(partition, leads)} Nothing was appended.")


def too_few_now(partition: TopicPartition, leads: Leadership, offset: int) -> NotEnoughReplicasAfterAppend:
    """Too few in sync, noticed after the append."""
    return NotEnoughReplicasAfterAppend(
        f"{_too_few(partition, leads)} The records from {offset} on were appended before, and may stay or be lost. "
        f"{_AGAIN}"
    )


def term_ended(partition: TopicPartition, broker: int, epoch: int, offset: int) -> NotLeaderOrFollower:
    """The leadership ended after the append, and before it was committed."""
    return NotLeaderOrFollower(
        f"broker {broker} no longer leads {partition} in epoch {epoch}, so nobody can tell whether the records from "
        f"{offset} on will stay. {_AGAIN}"
    )


def not_in_time(partition: TopicPartition, broker: int, leads: Leadership, offset: int) -> RequestTimedOut:
    """Appended, and not committed in time."""
    return RequestTimedOut(
        f"the records of {partition} from {offset} on are in the log of broker {broker}, but not all replicas in sync "
        f"({_names(leads.maximal)}) had them in time. They may be committed yet. {_AGAIN}"
    )


def _too_few(partition: TopicPartition, leads: Leadership) -> str:
    return (
        f"{partition} has {len(leads.in_sync)} replicas in sync ({_names(leads.in_sync)}), and min.insync.replicas "
        f"asks for {leads.min_in_sync}."
    )


def _names(brokers: Iterable[int]) -> str:
    return ", ".join(map(str, sorted(brokers)))
