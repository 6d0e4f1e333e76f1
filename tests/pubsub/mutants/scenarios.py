"""A scenario for each mutant: what must happen, and when, for the mistake to show.

Each is played twice, on the engine as it is and on the mutant, and does the same in both. At the end all brokers are
up, a last record is sent, and everything is read from the beginning.
"""

import threading
from typing import Any

from concur.pubsub.batch import RecordBatch
from concur.pubsub.connection import ACKS_ALL, connect
from concur.pubsub.embedded.replica import Replica
from concur.pubsub.embedded.role import Role
from concur.pubsub.embedded.segment import Segment
from concur.pubsub.errors import OutOfOrderSequenceNumber, RequestTimedOut
from tests.pubsub.mutants.stage import FUSE, ORDERS, Stage
from tests.sync.conftest import spin_until


def two_append_at_a_time(stage: Stage) -> None:
    """p2 comes when p1 has looked where the log ends, and has not yet written there."""
    met = threading.Event()  # p2 is where p1 is, or waits until p1 is done
    acked = threading.Event()
    real = Segment.add

    class Lock:
        """A replica's, which tells when p2 waits for it."""

        def __init__(self) -> None:
            self._lock = threading.Lock()

        def __enter__(self) -> None:
            if not self._lock.acquire(blocking=False):
                if runs_for("p2"):
                    met.set()
                self._lock.acquire()

        def __exit__(self, *error: object) -> None:
            self._lock.release()

    def add(segment: Segment, stored: Any) -> None:
        if runs_for("p1"):
            stage.send("p2", "two")
            assert met.wait(FUSE)
        elif runs_for("p2") and not met.is_set():
            met.set()
            assert acked.wait(FUSE)  # so that it is always p1 who is first
        real(segment, stored)

    stage.after(Role, "__init__", lambda _, role, *__: setattr(role, "_lock", Lock()))
    stage.patch.setattr(Segment, "add", add)
    stage.sent("p1", "one")
    acked.set()
    stage.producer("p2").flush(FUSE)
    stage.finish()


def runs_for(producer: str) -> bool:
    """Whether this is a thread of that producer."""
    return threading.current_thread().name.startswith(producer)


def the_leader_dies_before_anybody_has_copied(stage: Stage) -> None:
    """b is on the leader alone, which dies; unless it was acknowledged, its producer sends it to the next leader."""
    stage.sent("p", "a")
    stage.everywhere(1)
    stage.cluster.cut([1], [2, 3])
    delivery = stage.send("p", "b")
    leader = stage.replica(1)
    spin_until(lambda: delivery.done() or len(leader._committing) > 0)
    stage.die(1)
    delivery.result(FUSE)
    stage.finish()


def somebody_reads_what_nobody_has_copied(stage: Stage) -> None:
    """b is on the leader alone, which dies; a consumer has read all that it could before."""
    stage.sent("p", "a")
    stage.everywhere(1)
    stage.cluster.cut([1], [2, 3])
    stage.sent("hasty", "b", acks=1, enable_idempotence=False)
    stage.look()
    early = stage.consumer("early")
    early.assign([ORDERS])
    while early.position(ORDERS) < early.end_offsets([ORDERS])[ORDERS]:
        early.poll(FUSE)
    stage.die(1)
    stage.finish()


def two_leaders_die_in_a_row(stage: Stage) -> None:
    """2 and 3 have a, and do not know yet that it is committed. 1 dies; 3 cuts its log after 2's; then 2 dies."""

    def copied(_: object, replica: Replica, *__: object) -> None:
        if replica.broker == 1 and replica.high_watermark == 1:
            stage.cluster.cut([1], [2, 3])  # before they are told

    stage.after(Replica, "read_for_follower", copied)
    stage.sent("p", "a")
    stage.look()
    assert [stage.replica(broker).high_watermark for broker in (1, 2, 3)] == [1, 0, 0]
    cut = threading.Event()

    def truncated(done: bool, replica: Replica, *_: object) -> None:
        if replica.broker == 3 and replica.epoch == 1 and done:
            stage.cluster.cut([2], [3])  # before it can fetch anything
            cut.set()

    stage.after(Replica, "truncate_after", truncated)
    stage.die(1)
    assert cut.wait(FUSE)
    stage.die(2)
    stage.until(lambda partition: partition.leader == 3)
    stage.cluster.heal()
    stage.cluster.start(2)
    stage.until(lambda partition: partition.in_sync == (2, 3))
    stage.finish()


def only_one_who_was_out_of_sync_is_left(stage: Stage) -> None:
    """3 dies, a is sent, 2 and 1 die; 3 comes back first."""
    stage.die(3)
    stage.sent("p", "a")
    stage.look()
    stage.die(2)
    stage.die(1)
    stage.cluster.start(3)
    assert stage.cluster.controller.wait_until(lambda state: state.live == {3}, FUSE)
    stage.finish()


def an_answer_is_lost(stage: Stage) -> None:
    """b is appended, its producer does not hear of it, and sends it again."""
    stage.sent("p", "a")
    stage.cluster.network.lose(1, 1, source="p")
    stage.sent("p", "b")
    stage.finish()


def the_first_answer_of_five_is_lost(stage: Stage) -> None:
    """A client has five batches in flight, and does not hear of the first; it sends that again.

    When the broker cannot make sense of a number, the client goes on under a new id, as Kafka's does (KIP-360).
    """
    history, network = stage.history, stage.cluster.network
    client = connect(stage.cluster.bootstrap_servers, "p")
    first_id, second_id = (client.init_producer_id()[0] for _ in range(2))

    def produce(value: str, producer_id: int, number: int) -> int:
        batch = RecordBatch([None], [value.encode()], [()], [0], producer_id, 0, number)
        answer = client.produce(1, {ORDERS: batch}, ACKS_ALL, 60_000)[ORDERS]
        if isinstance(answer, Exception):
            raise answer
        return answer[0]

    rows = {
        value: history.invoke("p", "send", [("orders", 0, None, value.encode())])
        for value in ("a", "b", "c", "d", "e")
    }

    def acked(value: str, offset: int) -> None:
        history.ok(rows[value], [("orders", 0, offset, value.encode())])

    network.lose(1, 1, source="p")
    try:
        acked("a", produce("a", first_id, 0))
    except RequestTimedOut:
        pass
    for number, value in enumerate("bcde", 1):
        acked(value, produce(value, first_id, number))
    try:
        acked("a", produce("a", first_id, 0))
    except OutOfOrderSequenceNumber:
        acked("a", produce("a", second_id, 0))
    stage.finish()


def too_few_are_in_sync(stage: Stage) -> None:
    """2 and 3 die; b is sent to the leader, which is to make it safe on two, and read as far as can be."""
    stage.sent("p", "a")
    stage.die(3)
    stage.die(2)
    stage.all_in_sync(1)
    stage.look()
    stage.sent("hasty", "b", acks=1, enable_idempotence=False)
    stage.look()
    early = stage.consumer("early")
    early.assign([ORDERS])
    while early.position(ORDERS) < early.end_offsets([ORDERS])[ORDERS]:
        early.poll(FUSE)
    stage.finish()


def a_broker_that_was_started_again_leads(stage: Stage) -> None:
    """b is on all brokers, and its producer is cut off before it hears so; then 2 leads, which was started again."""
    stage.sent("p", "a")
    done = threading.Event()

    def appended(_: object, replica: Replica, batch: RecordBatch, acks: int) -> None:
        if b"b" in batch.values and not done.is_set():
            stage.cluster.cut(["p"], [1, 2, 3])
            done.set()

    stage.after(Replica, "append", appended)
    delivery = stage.send("p", "b")
    assert done.wait(FUSE)
    spin_until(lambda: stage.replica(1).high_watermark == 2)
    stage.die(2)
    stage.cluster.start(2)
    stage.until(lambda partition: partition.in_sync == (1, 2, 3))
    stage.die(1)
    stage.until(lambda partition: partition.leader == 2)
    stage.cluster.heal()
    delivery.result(FUSE)
    stage.finish()
