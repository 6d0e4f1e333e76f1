"""A million records pass by a consumer that has fallen behind: what is kept is what retention says, nowhere more.

What is kept is counted in two ways: by the logs themselves, and by all batches that are alive anywhere in the
process, be they in a log, in a buffer of a client, or held by mistake. Sizes are those of ``size_of``: 121 bytes a
record.
"""

import gc
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from concur.pubsub import Admin, Consumer, EmbeddedCluster, NewTopic, Producer, TopicPartition
from concur.pubsub.batch import RecordBatch
from concur.pubsub.delivery import OpenBatch
from concur.pubsub.embedded.log import PartitionLog
from concur.pubsub.errors import OffsetOutOfRange

FUSE = 30.0
MILLION = 1_000_000
RECORD = 121
BATCH = 500 * RECORD
SEGMENT = 10 * BATCH
RETAINED = 5 * SEGMENT  # retention.bytes
MEMORY = 4 * SEGMENT  # buffer.memory
ORDERS = TopicPartition("orders", 0)
EARLY = 5_000  # records that are there when the consumer begins
POLLED = 250  # max.poll.records
PIECES = 20  # after each there is a look


class Alive:
    """The bytes in the batches of a kind that are alive, but for those that are left of other tests.

    Those of a log count once, though the replicas have it.
    """

    def __init__(self) -> None:
        gc.collect()
        self._others = {id(batch) for batch in gc.get_objects() if type(batch) in (RecordBatch, OpenBatch)}

    def __call__(self, kind: type[RecordBatch] | type[OpenBatch]) -> int:
        found = [batch for batch in gc.get_objects() if type(batch) is kind]
        return sum(batch.size for batch in found if id(batch) not in self._others)


@pytest.fixture
def alive() -> Alive:
    return Alive()


def made(cluster: EmbeddedCluster, brokers: int, config: dict[str, int]) -> list[PartitionLog]:
    """The logs of a new topic "orders", of all replicas."""
    with Admin({"bootstrap.servers": cluster.bootstrap_servers}) as admin:
        topic = NewTopic("orders", 1, brokers, {"segment.bytes": SEGMENT} | config)
        admin.create_topics([topic])
    return [cluster.lives[broker].replicas[ORDERS].log for broker in range(1, brokers + 1)]


def producer_of(cluster: EmbeddedCluster) -> Producer:
    return Producer(
        {
            "bootstrap.servers": cluster.bootstrap_servers,
            "batch.size": BATCH,
            "buffer.memory": MEMORY,
        }
    )


def consumer_of(cluster: EmbeddedCluster, reset: str) -> Consumer:
    """One that has read 500 records, and has no more than a batch of 500 fetched at a time."""
    consumer = Consumer(
        {
            "bootstrap.servers": cluster.bootstrap_servers,
            "auto.offset.reset": reset,
            "max.partition.fetch.bytes": BATCH,
            "max.poll.records": POLLED,
        }
    )
    consumer.assign([ORDERS])
    consumer.seek(ORDERS, 0)
    for first in range(0, 500, POLLED):
        assert [record.offset for record in consumer.poll(FUSE)] == list(range(first, first + POLLED))
    return consumer


def pieces() -> Iterator[list[bytes]]:
    """A million values of 100 bytes."""
    size = MILLION // PIECES
    for piece in range(PIECES):
        yield [b"%0100d" % n for n in range(piece * size, (piece + 1) * size)]


def wait_until(is_so: Callable[[], bool], what: Callable[[], object]) -> None:
    """Wait for house-keeping, which goes on by itself."""
    until, pause = time.monotonic() + FUSE, threading.Event()
    while not is_so():
        assert time.monotonic() < until, what()
        pause.wait(0.005)


@pytest.mark.parametrize("brokers", [1, 3])
def test_the_log_stays_as_large_as_retention_bytes_says(brokers: int, alive: Alive) -> None:
    """Never more than retention.bytes, one segment, and what is not committed yet, which buffer.memory bounds."""
    with EmbeddedCluster(brokers) as cluster:
        logs = made(cluster, brokers, {"retention.bytes": RETAINED})
        with producer_of(cluster) as producer:
            values = [b"%0100d" % n for n in range(EARLY)]
            producer.send_many("orders", values).result(FUSE)
            behind = {reset: consumer_of(cluster, reset) for reset in ("earliest", "latest", "none")}
            for values in pieces():
                producer.send_many("orders", values)
                assert max(log.size for log in logs) <= RETAINED + SEGMENT + MEMORY
                producer.flush(FUSE)
            del values
            wait_until(
                lambda: max(log.size for log in logs) <= RETAINED + SEGMENT,
                lambda: [log.size for log in logs],
            )
            # Who has told the last answers lets go of them a moment later; each thread may know the last one it sent.
            wait_until(lambda: alive(OpenBatch) <= 5 * BATCH, lambda: alive(OpenBatch))
            # Replicas share their batches. Each consumer may have one fetched, and one may be on its way.
            most = max(log.size for log in logs) + (len(behind) + 1) * BATCH
            wait_until(lambda: alive(RecordBatch) <= most, lambda: (alive(RecordBatch), most))
            end = MILLION + EARLY
            assert [log.end for log in logs] == [end] * brokers

            earliest = behind["earliest"]
            offsets: list[int] = []
            while not offsets or offsets[-1] < end - 1:
                some = [record.offset for record in earliest.poll(FUSE)]
                assert 0 < len(some) <= POLLED
                offsets += some
            assert offsets == list(range(max(log.start for log in logs), end))

            latest = behind["latest"]
            assert not latest.poll(0.05)
            assert latest.position(ORDERS) == end
            producer.send("orders", b"new").result(FUSE)
            assert [record.value for record in latest.poll(FUSE)] == [b"new"]

            none = behind["none"]
            for _ in range(2):  # and again, until something is done about it
                with pytest.raises(OffsetOutOfRange, match="has no offset 500 any more"):
                    none.poll(FUSE)
            none.seek_to_beginning([ORDERS])
            assert next(iter(none.poll(FUSE))).offset == logs[0].start
            for consumer in behind.values():
                consumer.close()


def test_what_is_older_than_retention_ms_goes(alive: Alive) -> None:
    """But for the segment that is written to; and what is young enough stays, all of it."""
    hour = 3_600_000
    now = int(time.time() * 1000)
    house = {"log.retention.check.interval.ms": 5}
    with EmbeddedCluster(1, config=house) as cluster:
        [log] = made(cluster, 1, {"retention.ms": hour})
        with producer_of(cluster) as producer:
            values = [b"%0100d" % n for n in range(500)]
            producer.send_many("orders", values, timestamp=now - 2 * hour).result(FUSE)
            with consumer_of(cluster, "earliest") as consumer:
                *old, young = pieces()
                for values in old:
                    producer.send_many("orders", values, timestamp=now - 2 * hour)
                    producer.flush(FUSE)
                    wait_until(lambda: log.size <= SEGMENT, lambda: log)
                most = SEGMENT + 2 * BATCH
                wait_until(lambda: alive(RecordBatch) <= most, lambda: (alive(RecordBatch), most))
                producer.send_many("orders", young, timestamp=now)
                producer.flush(FUSE)
                first = MILLION + 500 - len(young)
                assert log.size <= len(young) * RECORD + SEGMENT
                assert first - 5000 <= log.start <= first
                found = next(iter(consumer.poll(FUSE)))
                assert found.offset == log.start
