"""Replicas under every interleaving: nothing committed is lost, they agree; and what refutes them, one line changed.

A leader and its followers are three objects, wired by direct calls. Each thread stands for a client or for a
broker's fetcher; where all interleavings are too many, schedules are sampled.
"""

import math
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from concur.check import Status, Verdict, explore
from concur.check.exploration import sample
from tests.pubsub.embedded.mutants import in_one_file
from tests.sync.verifying import together

PARTS = [
    *("errors.py", "records.py", "batch.py", "connection.py"),
    *("embedded/segment.py", "embedded/log.py", "embedded/epochs.py", "embedded/producer_state.py"),
    *("embedded/leadership.py", "embedded/refusals.py", "embedded/waiting.py", "embedded/role.py"),
    "embedded/replica.py",
]
BIG, ALL = 10**9, -1

Scenario = Callable[[ModuleType], None]


def new(m: ModuleType, broker: int, like: Any = None, **options: Any) -> Any:
    """A replica; after a restart if *like* is given, whose log and epochs are on the disk."""
    log, epochs = (like.log, like._epochs) if like else (m.PartitionLog(), m.LeaderEpochs())
    watermark = like.high_watermark if like else 0
    return m.Replica(m.TopicPartition("t", 0), broker, log, epochs, high_watermark=watermark, **options)


def several(m: ModuleType, *brokers: int, **options: Any) -> list[Any]:
    """Replicas, the first of which leads in epoch 0, all in sync."""
    replicas = [new(m, broker, **options) for broker in brokers]
    lead(replicas[0], 0, brokers, brokers)
    for follower in replicas[1:]:
        follow(replicas[0], follower)
    return replicas


def lead(replica: Any, epoch: int, in_sync: Any, replicas: Any) -> None:
    replica.become_leader(epoch, replicas=replicas, in_sync=in_sync, partition_epoch=10 * epoch)


def follow(leader: Any, follower: Any) -> None:
    """What a broker does when it hears of a new leader: it truncates after KIP-101."""
    epoch = leader.epoch
    follower.become_follower(leader.broker, epoch)
    complete = False
    while not complete:
        complete = follower.truncate_after(leader.end_for_epoch(follower.last_epoch(epoch), epoch), epoch)


def fetch(leader: Any, follower: Any, epoch: int, times: int = 1) -> None:
    """So many fetches; the first one that is refused ends them."""
    for _ in range(times):
        try:
            offset = follower.fetch_offset(epoch)
            follower.append_as_follower(leader.read_for_follower(follower.broker, offset, epoch, BIG), epoch)
        except Exception as error:
            if is_over(error):
                return
            raise


def replicate(m: ModuleType, leader: Any, follower: Any, epoch: int, until: int) -> None:
    """What a fetcher does: fetch until *until* is committed, or the term is over; sleep while there is nothing."""
    try:
        while True:
            offset = follower.fetch_offset(epoch)
            fetched = leader.read_for_follower(follower.broker, offset, epoch, BIG)
            follower.append_as_follower(fetched, epoch)
            if fetched.high_watermark >= until:
                return
            waiter = m.Waiter()
            if not fetched.batches and leader.wait_for_more(waiter, offset, follower=True):
                waiter.sleep(math.inf)
                leader.forget(waiter)
    except Exception as error:
        if not is_over(error):
            raise


def is_over(error: Exception) -> bool:
    """Whether it says that the term is over."""
    return type(error).__name__ in ("NotLeaderOrFollower", "FencedLeaderEpoch")


def batch(m: ModuleType, value: bytes, sequence: int = -1) -> Any:
    producer = -1 if sequence < 0 else 7
    return m.RecordBatch([None], [value], [()], [0], producer, min(producer, 0), sequence, 10)


def values(replica: Any, below: int = BIG) -> list[bytes]:
    return [stored.batch.values[0] for stored in replica.log.batches() if stored.next_offset <= below]


def outcome(call: Any, *args: Any) -> Any:
    try:
        return call(*args)
    except Exception as error:
        return type(error).__name__


def agree(*replicas: Any) -> None:
    for one in replicas:
        for other in replicas:
            below = min(one.high_watermark, other.high_watermark)
            assert values(one, below) == values(other, below), "they disagree below the watermark"


# Producers


def two_append(m: ModuleType) -> None:
    """Each batch has an offset of its own."""
    one = several(m, 1)[0]
    offsets: list[int] = []
    together(*[lambda: offsets.append(one.append(batch(m, b"v"), 1).base_offset)] * 2)
    assert sorted(offsets) == [0, 1]
    assert len(values(one)) == 2
    assert one.high_watermark == 2


def two_send_the_same(m: ModuleType) -> None:
    """A request that was delayed, and its retry: one record, one offset."""
    one = several(m, 1)[0]
    offsets: list[int] = []
    together(*[lambda: offsets.append(one.append(batch(m, b"v", 0), 1).base_offset)] * 2)
    assert offsets == [0, 0]
    assert values(one) == [b"v"]


def five_in_flight_come_again(m: ModuleType) -> None:
    """All the answers were lost."""
    one = several(m, 1)[0]
    for _ in range(2):
        for sequence in range(5):
            assert one.append(batch(m, b"%d" % sequence, sequence), 1).base_offset == sequence
    assert len(values(one)) == 5


def acks_all(m: ModuleType) -> None:
    """What is acknowledged is on all in sync."""
    one, two = several(m, 1, 2)

    def produce() -> None:
        one.wait_committed(one.append(batch(m, b"v"), ALL), math.inf)
        assert values(two) == [b"v"], "it is acknowledged, and not on all in sync"

    begin = time.monotonic()
    together(produce, lambda: replicate(m, one, two, 0, until=1))
    assert time.monotonic() - begin < 1, "somebody was not woken, and slept until his time was up"


def acks_all_in_time_or_not(m: ModuleType) -> None:
    """A wait that times out leaves nothing behind."""
    one = several(m, 1, 2)[0]

    def produce() -> None:
        assert outcome(one.wait_committed, one.append(batch(m, b"v"), ALL), math.inf) in (
            None,
            "RequestTimedOut",
        )

    together(produce, lambda: one.read_for_follower(2, 1, 0, BIG) if one.log.end else None)
    assert len(one._committing) == 0


def acks_all_beside_a_shrink(m: ModuleType) -> None:
    """With fewer in sync than are asked for, nothing is acknowledged, even if all that are left have it."""
    one, two = several(m, 1, 2, min_in_sync=2)
    sent: list[Any] = []

    def produce() -> None:
        sent.append(outcome(one.append, batch(m, b"v"), ALL))
        if sent != ["NotEnoughReplicas"]:
            sent.append(outcome(one.wait_committed, sent[0], 0.0))

    def shrink() -> None:
        one.become_leader(0, replicas=[1, 2], in_sync=[1], partition_epoch=1, live=[1])

    together(produce, shrink)
    assert sent[-1] in ("NotEnoughReplicas", "NotEnoughReplicasAfterAppend", "RequestTimedOut")
    assert one.high_watermark == 0
    assert values(two) == []


# Readers


def read_on(replica: Any, waiter_class: Any) -> list[bytes]:
    """Wait until there is something at offset 0, as a long poll does."""
    while True:
        fetched = replica.read_for_consumer(0, BIG)
        if fetched.batches:
            return [stored.batch.values[0] for stored in fetched.batches]
        waiter = waiter_class()
        if replica.wait_for_more(waiter, fetched.high_watermark):
            assert waiter.sleep(math.inf), "nobody woke it"
            replica.forget(waiter)


def a_consumer_waits(m: ModuleType) -> None:
    one = several(m, 1)[0]
    got: list[Any] = []
    together(lambda: one.append(batch(m, b"v"), 1), lambda: got.append(read_on(one, m.Waiter)))
    assert got == [[b"v"]]


def a_consumer_waits_until_it_is_committed(m: ModuleType) -> None:
    one, two = several(m, 1, 2)
    got: list[Any] = []

    def replicate() -> None:
        one.append(batch(m, b"v"), 1)
        fetch(one, two, 0, times=2)

    def read() -> None:
        got.append(read_on(one, m.Waiter))
        assert values(two) == [b"v"], "a consumer has read what is not committed"

    together(replicate, read)
    assert got == [[b"v"]]


def a_consumer_beside_a_change(m: ModuleType) -> None:
    """What is read from a leader that is deposed is what it had committed, not what its successor has written."""
    one, two = several(m, 1)[0], new(m, 2)
    one.append(batch(m, b"old"), 1)
    lead(two, 1, [2], [1, 2])  # an unclean election: it has nothing
    two.append(batch(m, b"new"), 1)
    got: list[Any] = []

    def depose() -> None:
        follow(two, one)
        fetch(two, one, 1)

    together(depose, lambda: got.append(outcome(one.read_for_consumer, 0, BIG)))
    if got != ["NotLeaderOrFollower"]:
        assert [stored.batch.values[0] for stored in got[0].batches] == [b"old"]


def a_consumer_at_the_end_beside_a_change(m: ModuleType) -> None:
    """Nobody is told that there is no such offset by a leader that is one no longer."""
    one, two = several(m, 1)[0], new(m, 2)
    one.append(batch(m, b"old"), 1)
    lead(two, 1, [2], [1, 2])
    got: list[Any] = []
    together(lambda: follow(two, one), lambda: got.append(outcome(one.read_for_consumer, 1, BIG)))
    assert got == ["NotLeaderOrFollower"] or got[0].batches == []


def a_producer_waits_beside_a_change(m: ModuleType) -> None:
    one = several(m, 1, 2)[0]
    got: list[Any] = []

    def produce() -> None:
        sent = outcome(one.append, batch(m, b"v"), ALL)
        got.append(sent if isinstance(sent, str) else outcome(one.wait_committed, sent, math.inf))

    begin = time.monotonic()
    together(produce, lambda: one.become_follower(2, 1))
    assert got == ["NotLeaderOrFollower"]
    assert time.monotonic() - begin < 1, "it was not woken, and slept until its time was up"


# Changes of leader


def change_of_leader(m: ModuleType) -> None:
    """The leader is replaced while it is written to; what it had acknowledged is in the log of the next."""
    one, two = several(m, 1, 2)
    acked: list[bytes] = []

    def produce() -> None:
        for value in (b"a", b"b"):
            sent = outcome(one.append, batch(m, value), ALL)
            if isinstance(sent, str) or outcome(one.wait_committed, sent, math.inf) is not None:
                return
            acked.append(value)

    def elect() -> None:
        lead(two, 1, [2], [1, 2])
        two.append(batch(m, b"c"), 1)
        follow(two, one)
        fetch(two, one, 1, times=2)

    together(produce, lambda: replicate(m, one, two, 0, until=2), elect)
    assert values(two)[: len(acked)] == acked, f"{acked} were acknowledged, {values(two)} are left"
    fetch(two, one, 1, times=2)
    assert values(one) == values(two)
    agree(one, two)


def a_fetcher_beside_a_change(m: ModuleType) -> None:
    """It fetches in one term, and its replica leads in the next."""
    one, two = several(m, 1, 2)
    one.append(batch(m, b"a"), 1)

    def elect() -> None:
        lead(two, 1, [2], [1, 2])
        two.append(batch(m, b"c"), 1)

    together(lambda: fetch(one, two, 0, times=2), elect)
    assert values(two) in ([b"c"], [b"a", b"c"])
    assert one.high_watermark == 0 or values(two) == [b"a", b"c"], "it has committed what is nowhere else"


def change_of_leader_after_restarts(m: ModuleType) -> None:
    """The two stories of KIP-101: a follower that restarts and is elected; and then the other one comes back."""
    one, two = several(m, 1, 2)
    acked: list[bytes] = []

    def produce() -> None:
        if outcome(one.wait_committed, one.append(batch(m, b"a"), ALL), math.inf) is None:
            acked.append(b"a")

    def replicate_and_die() -> None:
        fetch(one, two, 0)
        one.read_for_follower(2, two.fetch_offset(0), 0, BIG)  # it does not live to see the answer

    together(produce, replicate_and_die)
    two = new(m, 2, like=two)
    follow(one, two)
    lead(two, 1, [2], [1, 2])
    assert values(two)[: len(acked)] == acked, f"{acked} were acknowledged, {values(two)} are left"
    two.append(batch(m, b"b"), 1)
    one = new(m, 1, like=one)
    follow(two, one)
    fetch(two, one, 1, times=2)
    agree(one, two)
    assert values(one) == values(two)


def change_of_three(m: ModuleType) -> None:
    """Three replicas, two of which must be in sync; the one that is left behind comes to agree with the others."""
    one, two, three = several(m, 1, 2, 3, min_in_sync=2)
    acked: list[bytes] = []

    def produce() -> None:
        for value in (b"a", b"b"):
            sent = outcome(one.append, batch(m, value), ALL)
            if isinstance(sent, str) or outcome(one.wait_committed, sent, math.inf) is not None:
                return
            acked.append(value)

    def elect() -> None:
        lead(two, 1, [2, 3], [1, 2, 3])
        follow(two, three)
        fetch(two, three, 1, times=2)
        two.append(batch(m, b"c"), 1)
        fetch(two, three, 1, times=2)
        follow(two, one)
        fetch(two, one, 1, times=2)

    fetchers = [lambda: replicate(m, one, two, 0, until=2), lambda: replicate(m, one, three, 0, until=2)]
    together(produce, *fetchers, elect)
    assert values(two)[: len(acked)] == acked, f"{acked} were acknowledged, {values(two)} are left"
    agree(one, two, three)
    assert values(one) == values(two) == values(three)


def a_retry_after_a_change(m: ModuleType) -> None:
    """The answer was lost with the leader; the producer sends it again, to the next one, which may have restarted."""
    one, two = several(m, 1, 2)
    together(lambda: one.append(batch(m, b"a", 0), 1), lambda: fetch(one, two, 0, times=2))
    two = new(m, 2, like=two)
    lead(two, 1, [2], [1, 2])
    sent = outcome(two.append, batch(m, b"a", 0), ALL)
    assert sent.base_offset == 0
    assert values(two) == [b"a"]


def a_change_and_back(m: ModuleType) -> None:
    """News overtake each other; the highest epoch wins, on all."""
    one, two = several(m, 1, 2)

    def elect(epoch: int) -> None:
        leader, follower = (one, two) if epoch == 2 else (two, one)
        leader.become_leader(epoch, replicas=[1, 2], in_sync=[1, 2], partition_epoch=10 * epoch)
        follower.become_follower(leader.broker, epoch)

    together(lambda: elect(1), lambda: elect(2))
    assert (one.leads, two.leads, one.epoch, two.epoch, two.leader) == (True, False, 2, 2, 1)


EVERY: list[Scenario] = [
    two_append,
    two_send_the_same,
    five_in_flight_come_again,
    acks_all,
    acks_all_beside_a_shrink,
    a_consumer_waits,
    a_consumer_waits_until_it_is_committed,
    a_consumer_beside_a_change,
    a_consumer_at_the_end_beside_a_change,
    a_producer_waits_beside_a_change,
    a_fetcher_beside_a_change,
    change_of_leader_after_restarts,
    a_retry_after_a_change,
    a_change_and_back,
]
SAMPLED: list[Scenario] = [change_of_leader, change_of_three]


@pytest.fixture(scope="module")
def replica_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a replica as one, rewritten by the checker only once."""
    return written(tmp_path_factory.mktemp("replica"))


def written(folder: Path, *change: str) -> Path:
    path = folder / "replica_in_one_file.py"
    # connection.py names the type, and no replica has to do with it.
    path.write_text("class Subscription: ...\n" + in_one_file(PARTS, *change), encoding="utf-8")
    return path


def verdict_of(scenario: Scenario, path: Path, runs: int = 60) -> Verdict:
    options: Any = {"attempt": str(path), "races": "off", "timeouts": "idle", "max_seconds": None}
    if scenario in SAMPLED:
        return sample(scenario, runs=runs, seed=1, **options)
    return explore(scenario, max_schedules=20_000, **options)


@pytest.mark.parametrize("scenario", EVERY)
def test_verified(scenario, replica_file):
    verdict = verdict_of(scenario, replica_file)
    assert verdict.status is Status.VERIFIED, verdict


def test_verified_when_any_wait_may_time_out(replica_file):
    verdict = explore(acks_all_in_time_or_not, attempt=str(replica_file), races="off", max_seconds=None)
    assert verdict.status is Status.VERIFIED, verdict


@pytest.mark.parametrize("scenario", SAMPLED)
def test_sampled(scenario, replica_file):
    verdict = verdict_of(scenario, replica_file)
    assert verdict.failure is None, verdict
    assert verdict.schedules == 60, verdict


@pytest.mark.slow
@pytest.mark.parametrize("scenario", SAMPLED)
def test_sampled_for_long(scenario, replica_file):
    verdict = verdict_of(scenario, replica_file, runs=5_000)
    assert verdict.failure is None, verdict
    assert verdict.schedules == 5_000, verdict


REPLICA, ROLE = "embedded/replica.py", "embedded/role.py"
MUTANTS: dict[str, tuple[Scenario, str, str, str]] = {
    "no lock on append": (
        two_append,
        REPLICA,
        "        with self._lock:\n            leads = self._as_leader(ANY_EPOCH)\n            if acks",
        "        if True:\n            leads = self._as_leader(ANY_EPOCH)\n            if acks",
    ),
    "watermark = log end": (
        acks_all,
        "embedded/leadership.py",
        "        return end\n",
        "        return own_end\n",
    ),
    "watermark = log end, for consumers": (
        a_consumer_waits_until_it_is_committed,
        REPLICA,
        "            watermark = self._high_watermark\n            try:\n",
        "            watermark = self.log.end\n            try:\n",
    ),
    "acks=1 sold as all": (
        acks_all,
        REPLICA,
        "committed = self._high_watermark >= appended.required",
        "committed = True",
    ),
    "truncate to the watermark": (
        change_of_leader_after_restarts,
        "embedded/epochs.py",
        "        if answer is None:\n            return Truncation(min(high",
        "        if True:\n            return Truncation(min(high",
    ),
    "nothing is cut": (
        change_of_leader_after_restarts,
        ROLE,
        "        if offset < self.log.end:\n",
        "        if False:\n",
    ),
    "the watermark moves below min ISR": (
        acks_all_beside_a_shrink,
        ROLE,
        "        if leads.is_under_min:\n",
        "        if False:\n",
    ),
    "no duplicate is known": (
        two_send_the_same,
        REPLICA,
        "base = self._producers.check(batch)",
        "base = None",
    ),
    "a window of one with five in flight": (
        five_in_flight_come_again,
        "embedded/producer_state.py",
        "WINDOW = 5",
        "WINDOW = 1",
    ),
    "the producer table is not rebuilt": (
        a_retry_after_a_change,
        ROLE,
        "if self._known_to != self.log.end:",
        "if False:",
    ),
    "who waits does not look again": (
        a_consumer_waits,
        REPLICA,
        "if self._leads is None or there > beyond:",
        "if self._leads is None:",
    ),
    "a reader does not look again who leads": (
        a_consumer_beside_a_change,
        REPLICA,
        "                if self._leads is leads:\n                    return",
        "                if True:\n                    return",
    ),
    "a deposed leader says that there is no such offset": (
        a_consumer_at_the_end_beside_a_change,
        REPLICA,
        "                if self._leads is leads:\n                    raise",
        "                if True:\n                    raise",
    ),
    "nobody is woken by the watermark": (
        acks_all,
        ROLE,
        "            self._committing.passed(watermark)\n",
        "",
    ),
    "nobody is woken by the end of a term": (
        a_producer_waits_beside_a_change,
        ROLE,
        "            line.wake_all()\n",
        "            pass\n",
    ),
    "old news is taken for new": (
        a_change_and_back,
        ROLE,
        "if epoch < self._epoch or (epoch == self._epoch and (self._leads or",
        "if (epoch == self._epoch and (self._leads or",
    ),
    "a fetcher reads the end of the log of another term": (
        a_fetcher_beside_a_change,
        REPLICA,
        "            self._as_follower(leader_epoch)\n            return self.log.end\n",
        "            return self.log.end\n",
    ),
    "what an old leader said is appended": (
        a_fetcher_beside_a_change,
        REPLICA,
        "            self._as_follower(leader_epoch)\n            self._know_producers()\n",
        "            self._know_producers()\n",
    ),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_wrong_line_is_refuted(mutant, tmp_path, any_schedule_will_do):
    scenario, *change = MUTANTS[mutant]
    verdict = verdict_of(scenario, written(tmp_path, *change))
    assert verdict.status is Status.REFUTED, verdict
