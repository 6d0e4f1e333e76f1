"""A consumer that assigns partitions by hand: what poll returns, where it stands, what it commits."""

import os
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from concur.pubsub import OffsetAndMetadata, OffsetAndTimestamp, TopicPartition
from concur.pubsub.consumer import Consumer
from concur.pubsub.errors import (
    CommitFailed,
    ConcurrentModification,
    Disconnected,
    IllegalState,
    InvalidGroupId,
    NoOffsetForPartition,
    NotCoordinator,
    OffsetOutOfRange,
    PubSubError,
    RequestTimedOut,
    SerializationError,
    UnknownTopicOrPartition,
    Wakeup,
)
from tests.pubsub.fake_cluster import FakeCluster

ZERO, ONE = TopicPartition("orders", 0), TopicPartition("orders", 1)
FAST = {"retry.backoff.ms": 1, "retry.backoff.max.ms": 5}


@pytest.fixture
def cluster() -> FakeCluster:
    return FakeCluster({"orders": 2}, brokers=2)


def consumer_of(cluster: FakeCluster, **settings: Any) -> Consumer:
    """A consumer of *cluster*; in the names of *settings* dots are underscores."""
    given = {"auto.offset.reset": "earliest", **FAST}
    given |= {key.replace("_", "."): value for key, value in settings.items()}
    return Consumer({"bootstrap.servers": cluster.bootstrap_servers, **given})


@pytest.fixture(autouse=True)
def no_thread_stays() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    left = set(threading.enumerate()) - before
    assert not left


def values(polled: Any) -> list[Any]:
    return [record.value for record in polled]


def take(consumer: Consumer, count: int) -> list[bytes]:
    """Poll until there are *count* records."""
    found: list[bytes] = []
    while len(found) < count:
        found += values(consumer.poll(30))
    return found


def test_poll_returns_what_is_there_in_the_order_of_the_log(cluster: FakeCluster) -> None:
    cluster.append(ZERO, b"a", b"b")
    cluster.append(ZERO, b"c")
    with consumer_of(cluster) as consumer:
        consumer.assign([ZERO])
        polled = consumer.poll(30)
        assert [(r.topic, r.partition, r.offset, r.value) for r in polled] == [
            ("orders", 0, 0, b"a"),
            ("orders", 0, 1, b"b"),
            ("orders", 0, 2, b"c"),
        ]
        assert polled.partitions() == [ZERO]
        assert not consumer.poll(0)


def test_poll_returns_at_most_so_many_records_and_skips_none(cluster: FakeCluster) -> None:
    for n in range(4):
        cluster.append(ZERO, *(b"%d" % (5 * n + i) for i in range(5)))
    with consumer_of(cluster, max_poll_records=7) as consumer:
        consumer.assign([ZERO])
        sizes: list[int] = []
        found: list[bytes] = []
        while len(found) < 20:
            polled = consumer.poll(30)
            sizes.append(len(polled))
            found += values(polled)
        assert found == [b"%d" % n for n in range(20)]
        assert sizes == [7, 7, 6]
        assert len(cluster.called("fetch")) == 1  # one brought it all


def test_all_partitions_get_their_turn(cluster: FakeCluster) -> None:
    for tp in (ZERO, ONE):
        cluster.append(tp, *[b"x"] * 50)
    cluster.elect(ONE, 0)
    with consumer_of(cluster, max_poll_records=10) as consumer:
        consumer.assign([ZERO, ONE])
        turns = [consumer.poll(30).partitions() for _ in range(4)]
        assert turns == [[ZERO], [ONE], [ZERO], [ONE]]


def test_a_poll_that_waits_gets_what_is_appended(cluster: FakeCluster) -> None:
    with consumer_of(cluster) as consumer:
        consumer.assign([ZERO, ONE])
        cluster.hook("fetch", lambda *_: cluster.append(ONE, b"late") if len(cluster.calls) > 3 else None)
        assert b"late" in values(consumer.poll(30))


def test_a_leader_that_hangs_does_not_hold_up_the_other(cluster: FakeCluster) -> None:
    cluster.append(ZERO, b"of broker 0")
    cluster.append(ONE, b"of broker 1")
    go_on = threading.Event()
    cluster.hook("fetch", lambda _, call: go_on.wait() if call[0] == 0 else None)
    with consumer_of(cluster) as consumer:
        consumer.assign([ZERO, ONE])
        assert values(consumer.poll(30)) == [b"of broker 1"]
        cluster.append(ONE, b"more")
        assert values(consumer.poll(30)) == [b"more"]
        assert not consumer.poll(0)
        go_on.set()
        assert values(consumer.poll(30)) == [b"of broker 0"]


def test_the_position_moves_by_what_was_returned_only(cluster: FakeCluster) -> None:
    cluster.append(ZERO, *[b"x"] * 10)
    with consumer_of(cluster, max_poll_records=3) as consumer:
        consumer.assign([ZERO])
        assert consumer.position(ZERO) == 0
        consumer.poll(30)
        assert consumer.position(ZERO) == 3  # though all ten were fetched
        consumer.pause([ZERO])
        assert not consumer.poll(0)
        assert consumer.position(ZERO) == 3
        consumer.resume([ZERO])
        assert consumer.poll(30).records(ZERO)[0].offset == 3


def test_a_seek_discards_what_was_fetched(cluster: FakeCluster) -> None:
    cluster.append(ZERO, *[b"%d" % n for n in range(10)])
    with consumer_of(cluster, max_poll_records=2) as consumer:
        consumer.assign([ZERO])
        assert values(consumer.poll(30)) == [b"0", b"1"]
        consumer.seek(ZERO, 7)
        assert consumer.position(ZERO) == 7
        assert values(consumer.poll(30)) == [b"7", b"8"]
        consumer.seek(ZERO, OffsetAndMetadata(1))
        assert values(consumer.poll(30)) == [b"1", b"2"]
        consumer.seek_to_beginning()
        assert values(consumer.poll(30)) == [b"0", b"1"]
        consumer.seek_to_end([ZERO])
        assert consumer.position(ZERO) == 10


def test_an_answer_to_where_the_consumer_was_is_not_taken_for_one_to_where_it_is(
    cluster: FakeCluster,
) -> None:
    """A fetch is under way while the program seeks: its records are of no use, wherever it seeks to."""
    cluster.append(ZERO, b"a", b"b", b"c")
    asked, answer = threading.Event(), threading.Event()

    def first(_: str, __: object) -> None:
        cluster.hook("fetch", None)
        asked.set()
        answer.wait()

    cluster.hook("fetch", first)
    with consumer_of(cluster) as consumer:
        consumer.assign([ZERO])
        while not asked.is_set():
            consumer.poll(0.01)
        consumer.seek(ZERO, 2)
        assert values(consumer.poll(30)) == [b"c"]  # a second fetch, as the first one hangs
        answer.set()
        assert not consumer.poll(0.1)
        assert consumer.position(ZERO) == 3


@pytest.mark.parametrize("request_name", ["fetch_offsets", "list_offsets", "fetch"])
def test_a_late_answer_does_not_move_who_has_gone_elsewhere(cluster: FakeCluster, request_name: str) -> None:
    """Where to begin is asked for, or an offset that is gone, when the program seeks."""
    cluster.append(ZERO, *[b"%d" % n for n in range(9)])
    cluster.delete_before(ZERO, 1)
    cluster.groups["billing"].offsets[ONE] = OffsetAndMetadata(3)
    tp = ONE if request_name == "fetch_offsets" else ZERO
    cluster.append(ONE, *[b"%d" % n for n in range(9)])
    asked, answer = threading.Event(), threading.Event()

    def hook(_: str, __: object) -> None:
        cluster.hook(request_name, None)
        asked.set()
        answer.wait()

    cluster.hook(request_name, hook)
    with consumer_of(cluster, group_id="billing", enable_auto_commit=False) as consumer:
        consumer.assign([tp])
        if request_name == "fetch":
            consumer.seek(tp, 0)  # which is gone
        while not asked.is_set():
            consumer.poll(0.01)
        consumer.seek(tp, 7)
        answer.set()
        consumer.committed([tp])
        consumer.end_offsets([tp])
        assert [int(value) for value in take(consumer, 2)] == [7, 8]


def test_a_paused_partition_is_neither_fetched_nor_returned(cluster: FakeCluster) -> None:
    cluster.append(ZERO, b"zero")
    cluster.append(ONE, b"one")
    with consumer_of(cluster) as consumer:
        consumer.assign([ZERO, ONE])
        consumer.pause([ZERO])
        assert consumer.paused() == {ZERO}
        assert values(consumer.poll(30)) == [b"one"]
        assert all(ZERO not in positions for _, positions in cluster.called("fetch"))
        consumer.resume([ZERO])
        assert values(consumer.poll(30)) == [b"zero"]


def test_assigning_again_keeps_the_position_of_what_stays(cluster: FakeCluster) -> None:
    cluster.append(ZERO, b"a", b"b")
    cluster.append(ONE, b"c")
    with consumer_of(cluster) as consumer:
        consumer.assign([ZERO])
        take(consumer, 2)
        consumer.assign([ZERO, ONE])
        assert values(consumer.poll(30)) == [b"c"]
        consumer.assign([ONE])
        assert consumer.assignment() == {ONE}
        with pytest.raises(IllegalState, match="orders-0 is not assigned"):
            consumer.position(ZERO)


@pytest.mark.parametrize(("policy", "position"), [("earliest", 2), ("latest", 5)])
def test_without_a_committed_offset_the_policy_decides(
    cluster: FakeCluster, policy: str, position: int
) -> None:
    cluster.append(ZERO, *[b"x"] * 5)
    cluster.delete_before(ZERO, 2)
    with consumer_of(cluster, auto_offset_reset=policy) as consumer:
        consumer.assign([ZERO])
        assert consumer.position(ZERO) == position
        consumer.seek(ZERO, 1)  # gone
        consumer.poll(0.2)
        assert consumer.position(ZERO) in {position, 5}


def test_with_the_policy_none_there_is_an_error(cluster: FakeCluster) -> None:
    cluster.append(ZERO, b"x")
    with consumer_of(cluster, auto_offset_reset="none", group_id="billing") as consumer:
        consumer.assign([ZERO])
        for _ in range(2):
            with pytest.raises(NoOffsetForPartition, match="billing"):
                consumer.poll(30)
        with pytest.raises(NoOffsetForPartition):
            consumer.position(ZERO)
        consumer.seek(ZERO, 7)
        for _ in range(2):
            with pytest.raises(OffsetOutOfRange, match="offset 7"):
                consumer.poll(30)
        consumer.seek(ZERO, 0)
        assert values(consumer.poll(30)) == [b"x"]


def test_a_leader_that_moved_is_found(cluster: FakeCluster) -> None:
    cluster.append(ZERO, b"a")
    with consumer_of(cluster) as consumer:
        consumer.assign([ZERO])
        take(consumer, 1)
        cluster.elect(ZERO, 1)
        cluster.append(ZERO, b"b")
        assert values(consumer.poll(30)) == [b"b"]
        cluster.elect(ZERO, None)
        assert not consumer.poll(0.02)
        cluster.elect(ZERO, 0)
        cluster.append(ZERO, b"c")
        assert values(consumer.poll(30)) == [b"c"]
        assert consumer.end_offsets([ZERO]) == {ZERO: 3}


def failing(times: int, error: PubSubError) -> Any:
    left = [error] * times

    def hook(*_: object) -> None:
        if left:
            raise left.pop()

    return hook


@pytest.mark.parametrize(
    "request_name", ["metadata", "fetch", "list_offsets", "find_coordinator", "fetch_offsets"]
)
def test_what_is_lost_is_asked_for_again(cluster: FakeCluster, request_name: str) -> None:
    cluster.append(ZERO, b"a")
    cluster.hook(request_name, failing(3, Disconnected("lost")))
    with consumer_of(cluster, group_id="billing") as consumer:
        consumer.assign([ZERO])
        assert values(consumer.poll(30)) == [b"a"]
        cluster.hook(request_name, failing(3, RequestTimedOut("lost")))
        assert consumer.beginning_offsets([ZERO, ONE]) == {ZERO: 0, ONE: 0}
        assert consumer.committed([ZERO]) == {ZERO: None}


def test_a_topic_that_is_not_there_is_an_error_until_it_is(cluster: FakeCluster) -> None:
    late = TopicPartition("late", 0)
    with consumer_of(cluster) as consumer:
        consumer.assign([late])
        with pytest.raises(UnknownTopicOrPartition, match="no topic 'late'"):
            consumer.poll(30)
        with pytest.raises(UnknownTopicOrPartition, match="no topic 'late'"):
            consumer.end_offsets([late])
        cluster.add_topic("late", 1)
        cluster.append(late, b"x")
        found: list[bytes] = []
        while not found:
            try:
                found = values(consumer.poll(0.01))
            except UnknownTopicOrPartition:
                continue
        assert found == [b"x"]
        consumer.assign([TopicPartition("orders", 2)])
        with pytest.raises(UnknownTopicOrPartition, match="no partition 2"):
            consumer.poll(30)


def test_offsets_of_times(cluster: FakeCluster) -> None:
    cluster.append(ZERO, b"a", timestamp=100)
    cluster.append(ZERO, b"b", timestamp=200)
    with consumer_of(cluster) as consumer:
        found = consumer.offsets_for_times({ZERO: 150, ONE: 150})
        assert found == {ZERO: OffsetAndTimestamp(1, 200, 0), ONE: None}
        assert consumer.partitions_for("orders") == [0, 1]
        assert set(consumer.list_topics()) == {"orders"}
        with pytest.raises(UnknownTopicOrPartition):
            consumer.partitions_for("none")


# Deserializers


def only_digits(value: bytes) -> int:
    return int(value)


def test_a_record_that_cannot_be_deserialized_holds_its_partition_until_it_is_passed(
    cluster: FakeCluster,
) -> None:
    cluster.append(ZERO, b"1", b"2", b"x", b"4")
    cluster.append(ONE, b"5")
    with consumer_of(cluster, value_deserializer=only_digits, key_deserializer=bytes.decode) as consumer:
        consumer.assign([ZERO])
        first = consumer.poll(30)
        assert values(first) == [1, 2]
        assert [record.key for record in first] == ["k", "k"]
        for _ in range(2):
            with pytest.raises(SerializationError, match="orders-0 offset 2") as caught:
                consumer.poll(30)
            assert isinstance(caught.value.__cause__, ValueError)
            assert consumer.position(ZERO) == 2
        consumer.seek(ZERO, 3)
        assert values(consumer.poll(30)) == [4]


# Committing


def test_an_automatic_commit_is_of_what_was_returned_before(cluster: FakeCluster) -> None:
    cluster.append(ZERO, *[b"x"] * 10)
    with consumer_of(cluster, group_id="billing", max_poll_records=4, auto_commit_interval_ms=0) as consumer:
        consumer.assign([ZERO])
        consumer.poll(30)
        assert (
            cluster.called("commit_offsets")[-1:] == [] or cluster.groups["billing"].offsets[ZERO].offset == 0
        )
        consumer.poll(30)
        consumer.commit({})  # waits for nothing; and the lane is in order
        consumer.committed([ZERO])
        assert cluster.groups["billing"].offsets[ZERO].offset == 4
    assert cluster.groups["billing"].offsets[ZERO].offset == 8


def test_commit_is_of_the_positions_and_the_next_consumer_goes_on_there(cluster: FakeCluster) -> None:
    cluster.append(ZERO, b"a", b"b", b"c")
    with consumer_of(cluster, group_id="billing", enable_auto_commit=False, max_poll_records=2) as consumer:
        consumer.assign([ZERO])
        consumer.poll(30)
        assert consumer.committed([ZERO, ONE]) == {ZERO: None, ONE: None}
        consumer.commit()
        assert consumer.committed([ZERO]) == {ZERO: OffsetAndMetadata(2, "", 0)}
        consumer.poll(30)  # returned, and not committed
    with consumer_of(cluster, group_id="billing", enable_auto_commit=False) as consumer:
        consumer.assign([ZERO])
        assert values(consumer.poll(30)) == [b"c"]
        consumer.commit({ZERO: 1, ONE: OffsetAndMetadata(0, "note")})
        assert consumer.committed([ONE]) == {ONE: OffsetAndMetadata(0, "note")}
        assert consumer.position(ZERO) == 3
        with pytest.raises(ValueError, match="offset -1"):
            consumer.commit({ZERO: -1})


def test_commits_stay_in_order_and_their_callbacks_too(cluster: FakeCluster) -> None:
    seen: list[Any] = []
    cluster.append(ZERO, b"a")
    with consumer_of(cluster, group_id="billing", enable_auto_commit=False) as consumer:
        consumer.assign([ZERO])
        take(consumer, 1)
        for offset in range(1, 4):
            consumer.commit_async(
                {ZERO: offset}, lambda offsets, error: seen.append((offsets[ZERO].offset, error))
            )
        consumer.commit({ZERO: 9})
        assert seen == [(1, None), (2, None), (3, None)]
        assert cluster.groups["billing"].offsets[ZERO].offset == 9
        cluster.hook("commit_offsets", failing(1, Disconnected("lost")))
        consumer.commit_async({ZERO: 10}, lambda _, error: seen.append(type(error)))
    assert seen[-1] is Disconnected  # close waits for it
    assert cluster.groups["billing"].offsets[ZERO].offset == 9


def test_a_coordinator_that_moved_is_found(cluster: FakeCluster) -> None:
    with consumer_of(cluster, group_id="billing") as consumer:
        cluster.hook("commit_offsets", failing(2, NotCoordinator("not me")))
        consumer.commit({ZERO: 3})
        assert consumer.committed([ZERO]) == {ZERO: OffsetAndMetadata(3)}
        assert len(cluster.called("find_coordinator")) == 3


def test_a_commit_that_cannot_be_made_says_so(cluster: FakeCluster) -> None:
    with consumer_of(cluster) as consumer:
        with pytest.raises(InvalidGroupId, match=r"group\.id"):
            consumer.commit()
        with pytest.raises(InvalidGroupId, match=r"group\.id"):
            consumer.subscribe(["orders"])
    with cluster.changed:
        cluster.groups["billing"].members["m"] = {}
    with (
        consumer_of(cluster, group_id="billing") as consumer,
        pytest.raises(CommitFailed, match="has members"),
    ):
        consumer.commit({ZERO: 1})
    cluster.hook("commit_offsets", failing(1000, Disconnected("lost")))
    never = {"retry_backoff_ms": 1_000_000, "retry_backoff_max_ms": 1_000_000}
    with consumer_of(cluster, group_id="other", **never) as consumer, pytest.raises(Disconnected):
        consumer.commit({ZERO: 1}, timeout=60.0)


# Iteration


def test_iteration_moves_the_position_record_by_record(cluster: FakeCluster) -> None:
    """Leaving the loop commits what was handed out, not what was polled."""
    cluster.append(ZERO, *[b"%d" % n for n in range(6)])
    with consumer_of(cluster, group_id="billing") as consumer:
        consumer.assign([ZERO])
        for record in consumer:
            assert consumer.position(ZERO) == record.offset + 1
            if record.value == b"1":
                break
        assert [record.value for record, _ in zip(consumer, range(2), strict=False)] == [b"2", b"3"]
    assert cluster.groups["billing"].offsets[ZERO].offset == 5  # zip took one more from the consumer


def test_iteration_obeys_seek_and_pause_in_its_body(cluster: FakeCluster) -> None:
    cluster.append(ZERO, *[b"%d" % n for n in range(6)])
    cluster.append(ONE, b"last")
    cluster.elect(ONE, 0)
    with consumer_of(cluster) as consumer:
        consumer.assign([ZERO, ONE])
        seen = []
        for record in consumer:
            seen.append(record.value)
            if record.value == b"1":
                consumer.seek(ZERO, 4)
            elif record.value == b"4":
                consumer.pause([ZERO])
                cluster.append(ONE, b"really")
            elif record.value == b"really":
                consumer.wakeup()
        assert seen == [b"0", b"1", b"last", b"4", b"really"]
        assert consumer.position(ZERO) == 5


# Wakeup, threads, the end


def test_a_wakeup_before_the_wait_is_not_lost(cluster: FakeCluster) -> None:
    cluster.append(ZERO, b"a")
    with consumer_of(cluster) as consumer:
        consumer.assign([ZERO])
        consumer.wakeup()
        with pytest.raises(Wakeup):
            consumer.poll(30)
        assert values(consumer.poll(30)) == [b"a"]  # once


WAITS: dict[str, tuple[str, Callable[[Consumer], object]]] = {
    "poll": ("fetch", lambda consumer: consumer.poll(30)),
    "commit": ("commit_offsets", lambda consumer: consumer.commit({ZERO: 1})),
    "end_offsets": ("list_offsets", lambda consumer: consumer.end_offsets([ZERO])),
    "position": ("list_offsets", lambda consumer: consumer.position(ONE)),
}


@pytest.mark.parametrize("wait", WAITS)
def test_a_wakeup_ends_whatever_waits(cluster: FakeCluster, wait: str) -> None:
    request, call = WAITS[wait]
    go_on = threading.Event()
    with consumer_of(cluster, group_id="billing") as consumer:

        def wake_and_hang(*_: object) -> None:
            consumer.wakeup()
            go_on.wait()

        cluster.hook(request, wake_and_hang)
        consumer.assign([ZERO, ONE])
        if request == "fetch":
            consumer.seek(ZERO, 0)
        with pytest.raises(Wakeup):
            call(consumer)
        cluster.hook(request, None)
        go_on.set()


def test_a_second_thread_is_told_that_it_is_one(cluster: FakeCluster) -> None:
    inside = threading.Event()
    cluster.hook("fetch", lambda *_: inside.set())
    caught: list[BaseException] = []

    def poll_for_ever() -> None:
        try:
            consumer.poll(60)
        except Wakeup as error:
            caught.append(error)

    with consumer_of(cluster) as consumer:
        consumer.assign([ZERO])
        thread = threading.Thread(target=poll_for_ever)
        thread.start()
        inside.wait()
        for call in (consumer.poll, consumer.close, lambda: consumer.position(ZERO), consumer.assignment):
            with pytest.raises(ConcurrentModification, match="wakeup"):
                call()
        consumer.wakeup()
        thread.join()
        assert len(caught) == 1
        assert consumer.assignment() == {ZERO}  # another thread may, when nobody is inside


def test_what_a_closed_consumer_says(cluster: FakeCluster) -> None:
    consumer = consumer_of(cluster)
    with pytest.raises(IllegalState, match="nothing to poll"):
        consumer.poll(0)
    consumer.close()
    consumer.close()
    assert repr(consumer).endswith("closed>")
    for call in (
        consumer.poll,
        consumer.assignment,
        lambda: consumer.seek(ZERO, 0),
        lambda: next(iter(consumer)),
    ):
        with pytest.raises(IllegalState, match="closed"):
            call()
    assert cluster.connections[-1].closed


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_is_refused(cluster: FakeCluster) -> None:
    with consumer_of(cluster) as consumer:
        consumer.assign([ZERO])
        child = os.fork()
        if child == 0:
            try:
                consumer.poll(0)
            except IllegalState as error:
                os._exit(7 if "forked" in str(error) else 8)
            os._exit(9)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


def test_closing_gives_up_on_a_broker_that_hangs(cluster: FakeCluster) -> None:
    go_on = threading.Event()
    consumer = consumer_of(cluster, group_id="billing")
    consumer.assign([ZERO])
    consumer.seek(ZERO, 4)
    cluster.hook("commit_offsets", lambda *_: go_on.wait())
    consumer.close(timeout=0.05)
    threads = [thread for thread in threading.enumerate() if "coordinator" in thread.name]
    cluster.connections[-1].closed = False  # the fake's own check
    go_on.set()
    for thread in threads:
        thread.join()
