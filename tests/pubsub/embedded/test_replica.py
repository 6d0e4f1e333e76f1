"""Kafka's rules for a replica, row by row: watermark, in-sync set, acks, epochs, truncation, idempotence, retention."""

from types import SimpleNamespace
from typing import Any

import pytest

from concur.pubsub.batch import RecordBatch
from concur.pubsub.connection import ACKS_ALL, EARLIEST, LATEST
from concur.pubsub.embedded import replica as replica_module
from concur.pubsub.embedded import role as role_module
from concur.pubsub.embedded.epochs import LeaderEpochs
from concur.pubsub.embedded.leadership import InSyncChange, Leadership
from concur.pubsub.embedded.log import PartitionLog
from concur.pubsub.embedded.replica import Appended, Replica
from concur.pubsub.embedded.waiting import Waiter
from concur.pubsub.errors import (
    FencedLeaderEpoch,
    NotEnoughReplicas,
    NotEnoughReplicasAfterAppend,
    NotLeaderOrFollower,
    OffsetNotAvailable,
    OffsetOutOfRange,
    OutOfOrderSequenceNumber,
    RequestTimedOut,
    UnknownLeaderEpoch,
)
from concur.pubsub.records import TopicPartition

ORDERS, BIG, PAST = TopicPartition("orders", 0), 10**9, -1.0


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """The seconds that the replicas see; a test moves it."""
    clock = SimpleNamespace(now=100.0)
    fake = SimpleNamespace(monotonic=lambda: clock.now)
    for module in (replica_module, role_module):
        monkeypatch.setattr(module, "time", fake)
    return clock


def new(broker: int, like: Replica | None = None, **options: Any) -> Replica:
    """A replica; after a restart if *like* is given, whose log and epochs are on the disk."""
    if like is None:
        log = PartitionLog(segment_bytes=options.pop("segment_bytes", BIG), retention_ms=1000)
        return Replica(ORDERS, broker, log, LeaderEpochs(), **options)
    return Replica(ORDERS, broker, like.log, like._epochs, high_watermark=like.high_watermark, **options)


def lead(
    replica: Replica, epoch: int, in_sync: Any = (1, 2, 3), replicas: Any = (1, 2, 3), **options: Any
) -> None:
    assert replica.become_leader(
        epoch, replicas=replicas, in_sync=in_sync, partition_epoch=epoch * 10, **options
    )


def follow(leader: Replica, *followers: Replica) -> None:
    """What a broker does when it hears of a new leader: it truncates after KIP-101."""
    for follower in followers:
        follower.become_follower(leader.broker, leader.epoch)
        complete = False
        while not complete:
            answer = leader.end_for_epoch(follower.last_epoch(leader.epoch), leader.epoch)
            complete = follower.truncate_after(answer, leader.epoch)


def fetch(leader: Replica, *followers: Replica) -> None:
    for follower in followers:
        offset = follower.fetch_offset(leader.epoch)
        fetched = leader.read_for_follower(follower.broker, offset, leader.epoch, BIG)
        follower.append_as_follower(fetched, leader.epoch)


def trio(**options: Any) -> tuple[Replica, Replica, Replica]:
    one, two, three = (new(broker, **options) for broker in (1, 2, 3))
    lead(one, 0)
    follow(one, two, three)
    return one, two, three


def batch(*values: int, sequence: int = -1, producer: int = -1, timestamp: int = 0) -> RecordBatch:
    n = len(values)
    return RecordBatch(
        *([None] * n, [b"%d" % value for value in values], [()] * n, [timestamp] * n),
        *(producer, 0 if producer >= 0 else -1, sequence),
    )


def send(replica: Replica, *values: int, acks: int = 1) -> Appended:
    return replica.append(batch(*values), acks)


def values(replica: Replica) -> list[int]:
    return [int(record.value) for stored in replica.log.batches() for record in stored.records("t", 0)]


# The watermark


def test_the_watermark_is_the_least_end_of_those_in_sync():
    one, two, three = trio()
    send(one, 1, 2)
    fetch(one, two, three)
    assert one.high_watermark == 0, "nobody has said yet that he has it"
    fetch(one, two)
    assert one.high_watermark == 0
    fetch(one, three)
    assert one.high_watermark == 2
    assert (two.high_watermark, three.high_watermark) == (0, 2), "a follower learns it when it fetches"


def test_a_leader_alone_commits_at_once():
    one = new(1)
    lead(one, 0, in_sync=[1], replicas=[1])
    send(one, 1)
    assert one.high_watermark == 1


def test_the_watermark_does_not_move_while_too_few_are_in_sync():
    one, two, _ = trio(min_in_sync=2)
    send(one, 1)
    fetch(one, two)
    lead(one, 0, in_sync=[1], live=[1])  # old news: the partition epoch is not higher
    assert one.in_sync == {1, 2, 3}
    one.become_leader(0, replicas=[1, 2, 3], in_sync=[1], partition_epoch=5, live=[1])
    assert one.in_sync == {1}
    send(one, 2)
    assert one.high_watermark == 0
    one.become_leader(0, replicas=[1, 2, 3], in_sync=[1, 2], partition_epoch=6, live=[1, 2])
    fetch(one, two, two)
    assert one.high_watermark == 2


def test_the_watermark_never_falls_on_a_leader():
    one, two, three = trio()
    send(one, 1, 2)
    fetch(one, *(two, three) * 2)
    assert one.high_watermark == 2
    one.read_for_follower(2, 0, 0, BIG)  # as after a restart
    assert one.high_watermark == 2


def test_a_follower_that_leads_begins_with_its_own_watermark():
    one, two, three = trio()
    send(one, 1)
    fetch(one, *(two, three) * 2)
    send(one, 2)
    fetch(one, two, three)
    assert (two.log.end, two.high_watermark) == (2, 1)
    lead(two, 1, in_sync=[2, 3])
    assert two.high_watermark == 1
    follow(two, three)
    fetch(two, three)
    assert two.high_watermark == 2


# Who reads what


def test_consumers_read_below_the_watermark_and_followers_to_the_end():
    one, two, three = trio()
    send(one, 1)
    fetch(one, *(two, three) * 2)
    send(one, 2)
    committed = one.read_for_consumer(0, BIG)
    assert [stored.base_offset for stored in committed.batches] == [0]
    assert (committed.high_watermark, committed.log_start) == (1, 0)
    assert one.read_for_consumer(1, BIG).batches == []
    assert one.read_for_consumer(2, BIG).batches == [], "above the watermark, but in the log"
    assert len(one.read_for_follower(2, 0, 0, BIG).batches) == 2


def test_offsets_outside_of_the_log_are_refused():
    one, _, _ = trio()
    send(one, 1)
    for read in (lambda at: one.read_for_consumer(at, BIG), lambda at: one.read_for_follower(2, at, 0, BIG)):
        with pytest.raises(OffsetOutOfRange):
            read(2)


def test_times_and_ends_are_told_below_the_watermark():
    one, two, three = trio()
    one.append(batch(1, timestamp=5), 1)
    fetch(one, *(two, three) * 2)
    one.append(batch(2, timestamp=9), 1)
    assert one.offset_for(EARLIEST) == (0, -1)
    assert one.offset_for(LATEST) == (1, -1)
    assert one.offset_for(5) == (0, 5)
    assert one.offset_for(6) == (-1, -1)


def test_a_new_leader_does_not_tell_an_end_below_what_was_committed():
    """Its watermark may be behind that of the leader before; the end of a partition does not go back (KIP-207)."""
    one, two, three = trio()
    one.append(batch(1, timestamp=5), 1)
    fetch(one, *(two, three) * 2)
    one.append(batch(2, timestamp=9), 1)
    fetch(one, two, three)
    one.read_for_follower(2, 2, 0, BIG), one.read_for_follower(3, 2, 0, BIG)
    assert (one.offset_for(LATEST), two.high_watermark) == ((2, -1), 1), "two has not heard of it"
    two.become_leader(1, replicas=[1, 2, 3], in_sync=[1, 2, 3], partition_epoch=1, live=[1, 2, 3])
    assert two.offset_for(EARLIEST) == (0, -1)
    assert two.offset_for(5) == (0, 5), "committed, whatever comes after"
    for asked in (LATEST, 9, 10):
        with pytest.raises(OffsetNotAvailable, match="Try again"):
            two.offset_for(asked)
    two.read_for_follower(1, 2, 1, BIG), two.read_for_follower(3, 2, 1, BIG)
    assert two.offset_for(LATEST) == (2, -1)
    assert two.offset_for(9) == (1, 9)
    assert two.offset_for(10) == (-1, -1)


# acks


def test_acks_all_is_answered_when_the_watermark_has_passed():
    one, two, three = trio()
    sent = send(one, 1, 2, acks=ACKS_ALL)
    assert sent == Appended(0, 2, 0)
    fetch(one, two, three, two)
    with pytest.raises(RequestTimedOut, match=r"not all replicas in sync \(1, 2, 3\) had them") as raised:
        one.wait_committed(sent, PAST)
    assert not raised.value.definite
    fetch(one, three)
    one.wait_committed(sent, PAST)


def test_too_few_in_sync_are_refused_before_the_append_and_only_with_acks_all():
    one, _, _ = trio(min_in_sync=2)
    one.become_leader(0, replicas=[1, 2, 3], in_sync=[1], partition_epoch=1)
    with pytest.raises(
        NotEnoughReplicas, match=r"orders-0 has 1 replicas in sync \(1\), and min.insync.replicas"
    ) as raised:
        send(one, 1, acks=ACKS_ALL)
    assert raised.value.definite
    assert one.log.end == 0
    assert send(one, 1, acks=1).base_offset == 0
    assert send(one, 2, acks=0).base_offset == 1


def test_too_few_in_sync_after_the_append_is_another_error():
    one, two, three = trio(min_in_sync=2)
    sent = send(one, 1, acks=ACKS_ALL)
    one.become_leader(0, replicas=[1, 2, 3], in_sync=[1], partition_epoch=1)
    with pytest.raises(NotEnoughReplicasAfterAppend) as raised:
        one.wait_committed(sent, PAST)
    assert not raised.value.definite
    assert one.log.end == 1, "it is in the log"
    one.become_leader(0, replicas=[1, 2, 3], in_sync=[1, 2], partition_epoch=2, live=[1, 2])
    fetch(one, two, two)
    assert one.high_watermark == 1
    one.become_leader(0, replicas=[1, 2, 3], in_sync=[1], partition_epoch=3, live=[1])
    with pytest.raises(NotEnoughReplicasAfterAppend):
        one.wait_committed(sent, PAST)
    fetch(one, three)


def test_no_more_are_asked_for_than_there_are_replicas():
    one = new(1, min_in_sync=3)
    lead(one, 0, in_sync=[1], replicas=[1])
    one.wait_committed(send(one, 1, acks=ACKS_ALL), PAST)


def test_who_leads_no_longer_cannot_say_what_becomes_of_a_record():
    one, two, _ = trio()
    sent = send(one, 1, acks=ACKS_ALL)
    one.become_follower(2, 1)
    with pytest.raises(NotLeaderOrFollower, match="no longer leads orders-0 in epoch 0") as raised:
        one.wait_committed(sent, PAST)
    assert not raised.value.definite
    with pytest.raises(NotLeaderOrFollower, match="broker 1 does not lead orders-0; broker 2 does") as raised:
        send(one, 2)
    assert raised.value.definite
    lead(one, 2)
    with pytest.raises(NotLeaderOrFollower):  # a later term of the same broker says nothing of it either
        one.wait_committed(sent, PAST)
    two.become_follower(1, 2)


def test_ctrl_c_leaves_nobody_in_line(monkeypatch):
    one, _, _ = trio()
    sent = send(one, 1, acks=ACKS_ALL)

    def strike(waiter: Waiter, seconds: float) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(Waiter, "sleep", strike)
    with pytest.raises(KeyboardInterrupt):
        one.wait_committed(sent, PAST)
    assert len(one._committing) == 0


# Who is in sync


def test_who_has_not_caught_up_for_long_is_not_in_sync(clock):
    one, two, three = trio(lag_ms=10_000)
    send(one, 1)
    clock.now += 10
    fetch(one, two, two)
    assert one.in_sync_to_shrink() is None
    clock.now += 1
    change = one.in_sync_to_shrink()
    assert change == InSyncChange(0, 0, frozenset({1, 2}))
    assert one.in_sync_to_shrink() == change, "until there is an answer, the same again"
    assert one.high_watermark == 0, "it may still be elected"
    one.in_sync_changed(change, 1)
    assert one.in_sync == {1, 2}
    assert one.high_watermark == 1
    fetch(one, three)


def test_who_is_slow_but_steady_is_in_sync(clock):
    """It always lacks what came since its last fetch, and never more."""
    one, two, three = trio(lag_ms=10_000)
    for value in range(5):
        send(one, value)
        clock.now += 6
        fetch(one, two, three)
        assert one.in_sync_to_shrink() is None


def test_who_begins_far_behind_has_as_long_as_any(clock):
    """A first fetch shows that it lives, not that it has caught up."""
    one, _, _ = trio(lag_ms=10_000)
    send(one, 1)
    clock.now += 6
    one.read_for_follower(2, 0, 0, BIG)
    one.read_for_follower(3, 1, 0, BIG)
    clock.now += 5
    assert one.in_sync_to_shrink() == InSyncChange(0, 0, frozenset({1, 3}))


def test_who_is_slow_and_falls_behind_is_not(clock):
    one, two, three = trio(lag_ms=10_000)
    for value in range(5):
        send(one, value)
    for offset in range(3):
        clock.now += 6
        fetch(one, two)
        one.read_for_follower(3, offset, 0, BIG)
    assert one.in_sync_to_shrink() == InSyncChange(0, 0, frozenset({1, 2}))
    assert three.log.end == 0


def test_who_has_all_that_is_committed_and_all_of_older_terms_joins():
    one, two, three = trio()
    send(one, 1)
    fetch(one, *(two, three) * 2)
    send(one, 2)
    fetch(one, two)
    lead(two, 1, in_sync=[2])  # 1 is gone, and 3 was not in sync, as far as the controller knows
    follow(two, three)
    assert two.high_watermark == 2
    fetch(two, three)
    assert two.in_sync_to_expand() is None, "of what was there before the term it has only what is committed"
    fetch(two, three)
    change = two.in_sync_to_expand()
    assert change == InSyncChange(1, 10, frozenset({2, 3}))
    assert two.in_sync_to_expand() is None
    two.in_sync_changed(change, 11)
    assert two.in_sync == {2, 3}


def test_who_lacks_what_was_there_before_the_term_does_not_join():
    """It has all that is known to be committed; but more may be."""
    one, two, three = trio()
    send(one, 1)
    fetch(one, *(two, three) * 2)
    send(one, 2)
    fetch(one, two)
    lead(two, 1, in_sync=[1, 2], live=[2, 3])
    follow(two, three)
    fetch(two, three)
    assert two.high_watermark == 1
    assert two.in_sync_to_expand() is None
    fetch(two, three)
    assert two.in_sync_to_expand() == InSyncChange(1, 10, frozenset({1, 2, 3}))


def test_who_lacks_what_is_committed_does_not_join():
    one = new(1)
    lead(one, 0, in_sync=[1])
    send(one, 1)
    send(one, 2)
    assert one.high_watermark == 2
    one.read_for_follower(2, 1, 0, BIG)
    assert one.in_sync_to_expand() is None
    one.read_for_follower(2, 2, 0, BIG)
    assert one.in_sync_to_expand() is not None


def test_one_change_at_a_time():
    leads = Leadership(1, epoch=0, start_offset=0, replicas=[1, 2, 3], in_sync=[1, 2], partition_epoch=0)
    leads.followers[3].fetched(5, 5, now=100.0)
    assert leads.to_expand(5) is not None
    assert leads.to_shrink(5, now=100.0) is None
    assert repr(leads) == "<Leadership epoch=0 in_sync=[1, 2]>"


def test_who_is_fenced_does_not_join():
    one, two, three = trio()
    lead(two, 1, in_sync=[2], live=[1, 2])
    follow(two, three)
    fetch(two, three, three)
    assert two.in_sync_to_expand() is None
    two.become_leader(1, replicas=[1, 2, 3], in_sync=[2], partition_epoch=10, live=[1, 2, 3])
    assert two.in_sync_to_expand() is not None
    assert one.log.end == 0


def test_who_may_have_joined_holds_the_watermark():
    """The controller may have it in the set, and elect it, before the leader hears of that."""
    one, two, _ = trio()
    lead(one, 1, in_sync=[1], replicas=[1, 2], live=[1, 2])
    follow(one, two)
    fetch(one, two)
    change = one.in_sync_to_expand()
    assert change is not None
    one.become_leader(1, replicas=[1, 2], in_sync=[1], partition_epoch=10, live=[1])  # fenced, but perhaps in
    send(one, 1)
    assert one.high_watermark == 0
    one.in_sync_refused(change)
    assert one.high_watermark == 1


def test_who_is_about_to_join_holds_the_watermark_too(clock):
    one, two, _ = trio(lag_ms=10_000)
    lead(one, 1, in_sync=[1], replicas=[1, 2])
    follow(one, two)
    send(one, 1)
    fetch(one, two, two)
    send(one, 2)
    assert one.high_watermark == 1
    clock.now += 11
    send(one, 3)
    assert one.high_watermark == 3, "not for ever"


def test_news_of_another_term_changes_nothing():
    one, _, _ = trio()
    one.in_sync_changed(InSyncChange(7, 0, frozenset({1})), 99)
    assert one.in_sync == {1, 2, 3}
    one.become_follower(2, 1)
    one.in_sync_changed(InSyncChange(0, 0, frozenset({1})), 99)
    one.in_sync_refused(InSyncChange(0, 0, frozenset({1})))
    assert one.in_sync == frozenset()
    assert one.in_sync_to_shrink() is None
    assert one.in_sync_to_expand() is None


# Epochs


def test_requests_of_another_epoch_are_refused():
    one, _, _ = trio()
    lead(one, 3)
    send(one, 1)
    for request in (
        lambda epoch: one.read_for_consumer(0, BIG, epoch),
        lambda epoch: one.read_for_follower(2, 0, epoch, BIG),
        lambda epoch: one.end_for_epoch(0, epoch),
        lambda epoch: one.offset_for(0, epoch),
    ):
        with pytest.raises(FencedLeaderEpoch):
            request(2)
        with pytest.raises(UnknownLeaderEpoch):
            request(4)
        request(3)
    with pytest.raises(NotLeaderOrFollower, match="broker 9 has no replica of orders-0"):
        one.read_for_follower(9, 0, 3, BIG)


def test_old_news_of_a_leader_changes_nothing():
    one, two, _ = trio()
    assert one.become_follower(2, 4)
    assert not one.become_follower(2, 4)
    assert not one.become_follower(3, 3)
    assert not one.become_leader(4, replicas=[1], in_sync=[1], partition_epoch=0)
    assert not one.become_leader(3, replicas=[1], in_sync=[1], partition_epoch=0)
    assert (one.leader, one.epoch, one.leads) == (2, 4, False)
    lead(one, 5)
    assert not one.become_follower(2, 5)
    assert not one.become_follower(2, 4)
    assert (one.leader, one.epoch, one.leads) == (1, 5, True)
    one.resign()
    assert (one.leader, one.leads) == (None, False)
    with pytest.raises(NotLeaderOrFollower, match="nobody does"):
        send(one, 1)
    assert "follows 1 epoch=0" in repr(two)


def test_a_follower_of_another_term_does_nothing():
    one, two, _ = trio()
    send(one, 1)
    fetched = one.read_for_follower(2, 0, 0, BIG)
    two.become_follower(3, 1)
    for stale in (
        lambda: two.append_as_follower(fetched, 0),
        lambda: two.truncate_after(None, 0),
        lambda: two.start_anew(5, 0),
        lambda: two.last_epoch(0),
        lambda: two.fetch_offset(0),
    ):
        with pytest.raises(FencedLeaderEpoch):
            stale()
    assert two.log.end == 0
    lead(two, 2)
    with pytest.raises(FencedLeaderEpoch):
        two.append_as_follower(fetched, 2)


# Truncation (KIP-101): both of its examples


def test_what_was_acknowledged_is_not_lost_by_a_follower_that_restarts():
    """Its watermark was behind; cut down to that, and then elected, it would have lost a committed record."""
    one, two = new(1), new(2)
    lead(one, 0, in_sync=[1, 2], replicas=[1, 2])
    follow(one, two)
    sent = send(one, 1, acks=ACKS_ALL)
    fetch(one, two)
    one.read_for_follower(2, 1, 0, BIG)  # the answer is lost
    one.wait_committed(sent, PAST)
    assert (two.log.end, two.high_watermark) == (1, 0)
    two = new(2, like=two)
    follow(one, two)
    assert two.log.end == 1
    lead(two, 1, in_sync=[2], replicas=[1, 2])
    assert values(two) == [1]


def test_logs_do_not_diverge_when_both_have_failed():
    """The one that was behind is elected, and writes; the other one, back again, has another record at that offset."""
    one, two = new(1), new(2)
    lead(one, 0, in_sync=[1, 2], replicas=[1, 2])
    follow(one, two)
    send(one, 1)
    fetch(one, two)
    send(one, 2)
    one, two = new(1, like=one), new(2, like=two)
    lead(two, 1, in_sync=[2], replicas=[1, 2])
    send(two, 3)
    assert two.high_watermark == 2
    follow(two, one)
    fetch(two, one)
    assert values(one) == values(two) == [1, 3]


def test_a_follower_asks_again_about_an_epoch_that_it_does_not_know():
    """KIP-279: of two that led after each other and wrote, neither knows the other's epoch."""
    one, two, three = new(1), new(2), new(3)
    lead(one, 0)
    follow(one, two, three)
    send(one, 1)
    fetch(one, two, three)
    lead(two, 2, in_sync=[2])
    send(two, 2)
    lead(one, 1, in_sync=[1])
    send(one, 3)
    lead(one, 3, in_sync=[1])
    two.become_follower(1, 3)
    assert two.last_epoch(3) == 2
    assert not two.truncate_after(one.end_for_epoch(2, 3), 3), "1 is the last epoch that the leader knows"
    assert two.last_epoch(3) == 0
    assert two.truncate_after(one.end_for_epoch(0, 3), 3)
    fetch(one, two)
    assert values(two) == values(one) == [1, 3]


def test_a_follower_that_is_behind_has_a_watermark_within_its_log():
    one, two, _ = new(1), new(2), new(3)
    lead(one, 0, in_sync=[1])
    two.become_follower(1, 0)
    send(one, 1)
    send(one, 2)
    two.append_as_follower(one.read_for_follower(2, 0, 0, max_bytes=1), 0)
    assert (two.log.end, two.high_watermark) == (1, 1)


def test_a_cut_below_the_watermark_takes_that_along():
    """Only an unclean election makes it necessary."""
    one, two = new(1), new(2)
    lead(one, 0, in_sync=[1], replicas=[1, 2])
    send(one, 1, 2)
    send(one, 3)
    assert one.high_watermark == 3
    lead(two, 1, in_sync=[2], replicas=[1, 2])
    follow(two, one)
    assert (one.log.end, one.high_watermark) == (0, 0)


def test_a_follower_far_behind_goes_on_where_its_leader_begins():
    one, two, three = trio()
    send(one, 1)
    send(one, 2)
    fetch(one, *(two, three) * 2)
    one.delete_before(2)
    fetch(one, three)
    assert three.log.start == 2
    late = new(2)
    follow(one, late)
    with pytest.raises(OffsetOutOfRange):
        fetch(one, late)
    late.start_anew(one.log.start, 0)
    send(one, 3)
    fetch(one, late)
    assert (late.log.start, late.log.end, late.high_watermark) == (2, 3, 2)
    assert values(late) == [3]


# Idempotence


def sequence_of(replica: Replica, *numbers: int) -> list[int]:
    return [replica.append(batch(number, sequence=number, producer=7), 1).base_offset for number in numbers]


def test_a_batch_sent_twice_is_in_the_log_once_and_waits_like_the_first():
    one, two, three = trio()
    first = one.append(batch(0, sequence=0, producer=7), ACKS_ALL)
    again = one.append(batch(0, sequence=0, producer=7), ACKS_ALL)
    assert first == again
    with pytest.raises(RequestTimedOut):
        one.wait_committed(again, PAST)
    fetch(one, *(two, three) * 2)
    one.wait_committed(again, PAST)
    assert one.log.end == 1


def test_five_in_flight_may_come_again():
    one, _, _ = trio()
    assert sequence_of(one, 0, 1, 2, 3, 4, 0, 1, 2, 3, 4) == [0, 1, 2, 3, 4] * 2


@pytest.mark.parametrize("restarted", [False, True])
def test_a_new_leader_knows_the_producers(restarted):
    one, two, three = trio()
    sequence_of(one, 0, 1)
    fetch(one, *(two, three) * 2)
    if restarted:
        two = new(2, like=two)
    lead(two, 1, in_sync=[2, 3])
    assert sequence_of(two, 1, 2) == [1, 2]
    with pytest.raises(OutOfOrderSequenceNumber):
        sequence_of(two, 9)


def test_what_was_cut_is_not_remembered():
    one, two, three = trio()
    sequence_of(one, 0)
    fetch(one, two, three)
    sequence_of(one, 1)
    lead(two, 1, in_sync=[2, 3])
    follow(two, one, three)
    lead(one, 2, in_sync=[1, 2, 3])
    assert sequence_of(one, 0, 1) == [0, 1], "the second was cut off, and is appended again"
    assert one.log.end == 2


def test_a_table_that_is_behind_its_log_is_read_anew():
    """Ctrl-C struck after the batch was in the log, and before it was in the table."""
    one, _, _ = trio()
    sequence_of(one, 0)
    one.log.append(batch(1, sequence=1, producer=7), 0)
    assert sequence_of(one, 1) == [1]


def test_a_log_that_begins_anew_knows_no_producer():
    one, two, _ = trio()
    sequence_of(one, 0)
    fetch(one, two)
    two.start_anew(1, 0)
    lead(two, 1, in_sync=[2])
    assert sequence_of(two, 9) == [1]


def test_a_silent_producer_is_forgotten():
    one, _, _ = trio(producer_expiration_ms=50)
    sequence_of(one, 0)
    one.clean(now_ms=50)
    assert sequence_of(one, 9) == [1]


# Retention


def test_only_what_is_committed_is_deleted():
    one, two, three = trio(segment_bytes=1)
    for value in range(3):
        one.append(batch(value, timestamp=0), 1)
    assert one.clean(now_ms=10_000) == 0
    fetch(one, *(two, three) * 2)
    assert one.clean(now_ms=10_000) == 2
    assert one.log.start == 2
    with pytest.raises(OffsetOutOfRange):
        one.read_for_consumer(1, BIG)
    assert two.clean(now_ms=10_000) == 0, "it does not know yet that it is committed"


def test_who_has_resigned_deletes_nothing():
    """The log may be another's by now: that of the replica after a restart."""
    one = new(1, segment_bytes=1)
    lead(one, 0, in_sync=[1], replicas=[1])
    send(one, 1)
    send(one, 2)
    one.resign()
    assert one.clean(now_ms=10_000) == 0
    assert new(1, like=one).clean(now_ms=10_000) == 0
    lead(one, 1, in_sync=[1], replicas=[1])
    assert one.clean(now_ms=10_000) == 1


def test_deleting_what_is_not_committed_is_refused():
    one, _, _ = trio()
    send(one, 1)
    with pytest.raises(OffsetOutOfRange, match="only those below the high watermark, 0, are committed"):
        one.delete_before(1)


# Waiting readers


def woken(waiter: Waiter) -> bool:
    return waiter.sleep(0)


def test_a_reader_is_woken_only_if_there_is_something_for_it():
    one, two, three = trio()
    consumer, ahead, follower = Waiter(), Waiter(), Waiter()
    assert one.wait_for_more(consumer, 0)
    assert one.wait_for_more(ahead, 1)
    assert one.wait_for_more(follower, 0, follower=True)
    send(one, 1)
    assert woken(follower)
    assert not woken(consumer), "it is not committed"
    fetch(one, *(two, three) * 2)
    assert woken(consumer)
    assert not woken(ahead)
    assert not one.wait_for_more(Waiter(), 0), "there is something already"
    assert not one.wait_for_more(Waiter(), 0, follower=True)


def test_a_reader_is_woken_when_the_term_ends():
    one, _, _ = trio()
    consumer, follower = Waiter(), Waiter()
    one.wait_for_more(consumer, 0)
    one.wait_for_more(follower, 0, follower=True)
    one.become_follower(2, 1)
    assert woken(consumer)
    assert woken(follower)
    assert not one.wait_for_more(Waiter(), 0)


def test_who_was_forgotten_is_not_woken():
    one, _, _ = trio()
    waiter = Waiter()
    one.wait_for_more(waiter, 0, follower=True)
    one.forget(waiter)
    send(one, 1)
    assert not woken(waiter)
    assert len(one._copying) == len(one._reading) == len(one._committing) == 0
