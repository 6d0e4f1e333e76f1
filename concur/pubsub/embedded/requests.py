"""What clients and followers ask of a broker; each request is carried out in the thread of who asks.

Every partition has its own answer: one that fails does not keep the others from theirs.
"""

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from concur.pubsub.batch import RecordBatch
from concur.pubsub.connection import ACKS_ALL, FetchedPartition
from concur.pubsub.embedded.epochs import EpochEnd
from concur.pubsub.embedded.replica import Appended, Replica
from concur.pubsub.embedded.waiting import Caller, Waiter
from concur.pubsub.errors import NotLeaderOrFollower, PubSubError, RecordTooLarge, UnknownTopicOrPartition
from concur.pubsub.records import TopicPartition

if TYPE_CHECKING:
    from concur.pubsub.embedded.broker import Life


def replica_of(broker: "Life", tp: TopicPartition) -> Replica:
    """The replica of a partition that *broker* is asked for.

    Raises:
        UnknownTopicOrPartition: there is no such partition, as far as the broker knows.
        NotLeaderOrFollower: others have it.
    """
    replica = broker.replicas.get(tp)
    if replica is not None:
        return replica
    if tp in broker.known.partitions:
        raise NotLeaderOrFollower(f"broker-{broker.number} has no replica of {tp}", definite=True)
    raise UnknownTopicOrPartition(f"there is no partition {tp}, as far as broker-{broker.number} knows")


# Producers


def produce(
    broker: "Life",
    batches: Mapping[TopicPartition, RecordBatch],
    acks: int,
    timeout_ms: int,
    sent: Callable[[], None] = lambda: None,
    caller: Caller | None = None,
) -> dict[TopicPartition, tuple[int, int] | PubSubError]:
    """Append each batch, which is when it was *sent*, and with ``acks=all`` wait until all of them are committed."""
    deadline = time.monotonic() + timeout_ms / 1000
    answers: dict[TopicPartition, tuple[int, int] | PubSubError] = {}
    appended: list[tuple[Replica, Appended]] = []
    for tp, batch in batches.items():
        try:
            replica = replica_of(broker, tp)
            largest = broker.known.topics[tp.topic].config["max.message.bytes"]
            if batch.size > largest:
                raise RecordTooLarge(
                    f"a batch of {batch.size} bytes for {tp}: its topic takes {largest} (max.message.bytes)"
                )
            done = replica.append(batch, acks)
        except PubSubError as error:
            answers[tp] = error
        else:
            answers[tp] = (done.base_offset if acks else -1, -1)
            appended.append((replica, done))
    if acks == ACKS_ALL and appended:
        sent()
        for replica, done in appended:
            try:
                replica.wait_committed(done, deadline, caller)
            except PubSubError as error:
                answers[replica.partition] = error
    return answers


# Readers


def fetch(
    broker: "Life",
    positions: Mapping[TopicPartition, tuple[int, int]],
    max_wait: float,
    min_bytes: int,
    max_bytes: int,
    max_partition_bytes: int,
    caller: Caller | None = None,
) -> dict[TopicPartition, FetchedPartition | PubSubError]:
    """What consumers read: from each offset what is committed; waits *max_wait* seconds at most for *min_bytes*, and
    no longer than the *caller* is there.
    """

    def read(replica: Replica, offset: int, epoch: int, most: int) -> FetchedPartition:
        return replica.read_for_consumer(offset, most, epoch)

    return _read_all(
        broker, positions, max_wait, min_bytes, max_bytes, max_partition_bytes, read, caller, follows=False
    )


def fetch_as_follower(
    broker: "Life", follower: int, positions: Mapping[TopicPartition, tuple[int, int]]
) -> dict[TopicPartition, FetchedPartition | PubSubError]:
    """What the broker *follower* reads: all there is, for partitions in which it has all below the offset."""
    config = broker.config

    def read(replica: Replica, offset: int, epoch: int, most: int) -> FetchedPartition:
        found = replica.read_for_follower(follower, offset, epoch, most)
        broker.alter_in_sync(replica, replica.in_sync_to_expand())
        return found

    return _read_all(
        broker,
        positions,
        config["replica.fetch.wait.max.ms"] / 1000,
        config["replica.fetch.min.bytes"],
        config["replica.fetch.response.max.bytes"],
        config["replica.fetch.max.bytes"],
        read,
        None,
        follows=True,
    )


def _read_all(
    broker: "Life",
    positions: Mapping[TopicPartition, tuple[int, int]],
    max_wait: float,
    min_bytes: int,
    max_bytes: int,
    max_partition_bytes: int,
    read: Callable[[Replica, int, int, int], FetchedPartition],
    caller: Caller | None,
    *,
    follows: bool,
) -> dict[TopicPartition, FetchedPartition | PubSubError]:
    deadline = time.monotonic() + max_wait
    while True:
        answers: dict[TopicPartition, FetchedPartition | PubSubError] = {}
        found = 0
        is_bad = False
        for tp, (offset, epoch) in positions.items():
            try:
                most = max(0, min(max_partition_bytes, max_bytes - found)) if found else max_partition_bytes
                answer = read(replica_of(broker, tp), offset, epoch, most)
                found += sum(stored.batch.size for stored in answer.batches)
                answers[tp] = answer
            except PubSubError as error:
                answers[tp] = error
                is_bad = True
        if found >= min_bytes or is_bad or time.monotonic() >= deadline:
            return answers
        if not _wait_for_more(broker, answers, positions, deadline, caller, follows=follows):
            return answers


def _wait_for_more(
    broker: "Life",
    answers: Mapping[TopicPartition, FetchedPartition | PubSubError],
    positions: Mapping[TopicPartition, tuple[int, int]],
    deadline: float,
    caller: Caller | None,
    *,
    follows: bool,
) -> bool:
    """Sleep until one of the partitions has more than the *answers* have; False if none had in time."""
    waiter = Waiter()
    asleep: list[Replica] = []
    try:
        for tp, answer in answers.items():
            if isinstance(answer, FetchedPartition):
                beyond = answer.batches[-1].last_offset + 1 if answer.batches else positions[tp][0]
                replica = broker.replicas.get(tp)
                if replica is None:
                    return True
                asleep.append(replica)
                if not replica.wait_for_more(waiter, beyond, follower=follows):
                    return True
        left = deadline - time.monotonic()
        return waiter.sleep(left) if caller is None else caller.sleep(waiter, left)
    finally:
        for replica in asleep:
            replica.forget(waiter)


def end_for_epoch(broker: "Life", tp: TopicPartition, epoch: int, leader_epoch: int) -> EpochEnd | None:
    """Where *epoch* ends in the leader's log."""
    return replica_of(broker, tp).end_for_epoch(epoch, leader_epoch)


def list_offset(
    broker: "Life", tp: TopicPartition, timestamp: int, leader_epoch: int = -1
) -> tuple[int, int]:
    """The first committed record that is not older than *timestamp*; see ``Connection.list_offsets``."""
    return replica_of(broker, tp).offset_for(timestamp, leader_epoch)


def list_offsets(
    broker: "Life", timestamps: Mapping[TopicPartition, int]
) -> dict[TopicPartition, tuple[int, int] | PubSubError]:
    """The same for several partitions."""
    answers: dict[TopicPartition, tuple[int, int] | PubSubError] = {}
    for tp, timestamp in timestamps.items():
        try:
            answers[tp] = list_offset(broker, tp, timestamp)
        except PubSubError as error:
            answers[tp] = error
    return answers
