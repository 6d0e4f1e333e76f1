"""The partitioned queue beside one queue.Queue per partition, and beside confluent-kafka with its own mock cluster.

Values of 100 bytes, 8 partitions; the figure is for one record, from the first send until everybody has everything.
NxM: N producers, each a thread and a client of its own, and M consumers, which share out the partitions. A producer
goes round the partitions and sends one record a call (send), or 500 of a partition (send_many); a consumer polls, and
looks at each record. Both have found the topic before the clock begins to tick. With three replicas the brokers that
follow fetch from those that lead; otherwise a broker is alone, acks is 1, and the producer not idempotent.

The peer is a queue.Queue without bound per partition, with nothing under it: a producer goes round the queues,
makes a whole record for each (the same ConsumerRecord, with its time, and a number for an offset), and puts it, one
by one; a consumer goes round its own queues, and gets one by one. Where it says "lists", a producer gathers the
records of a partition in a list and puts 500 at a time, and a consumer gets such lists.

The latency is that from the call of send, or put, to the return of poll, or get, in another thread that waits already.

The limit is what no such queue can pass: the same records, made already, appended to a list one by one by one thread,
and taken out by slices of 500. A share of 0.05x means a twentieth of its speed.
"""

import importlib
import itertools
import queue
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from pairs import Bench, Rounds, main, together

from concur.pubsub import (
    Admin,
    Consumer,
    ConsumerRecord,
    EmbeddedCluster,
    NewTopic,
    Producer,
    TopicPartition,
)

PARTITIONS = 8
BATCH = 500
OVERHEAD = 21  # bytes that count for a record besides its value
VALUES = [b"%100d" % n for n in range(1_000)]
TOPIC = "orders"

IN_BATCHES = {"batch.size": BATCH * (100 + OVERHEAD)}
ONE_BY_ONE = {"linger.ms": 0}
ONE_REPLICA = {"acks": 1, "enable.idempotence": False}


class Topics:
    """A cluster, and a new topic of it for each round."""

    def __init__(self, brokers: int) -> None:
        self.cluster = EmbeddedCluster(brokers=brokers)
        self.config = {"bootstrap.servers": self.cluster.bootstrap_servers}
        self._admin = Admin(self.config)
        self._replicas = brokers
        self._numbers = itertools.count()

    @contextmanager
    def new(self) -> Iterator[str]:
        name = f"{TOPIC}-{next(self._numbers)}"
        least = {"min.insync.replicas": min(2, self._replicas)}
        self._admin.create_topics([NewTopic(name, PARTITIONS, self._replicas, least)])
        yield name
        self._admin.delete_topics([name])

    def close(self) -> None:
        self._admin.close()
        self.cluster.close()


def shares(consumers: int) -> list[list[int]]:
    """Which partitions each consumer reads."""
    return [list(range(n, PARTITIONS, consumers)) for n in range(consumers)]


def ours(
    topics: Topics,
    producers: int,
    consumers: int,
    records: int,
    config: dict[str, Any],
    *,
    many: bool = False,
) -> Rounds:
    """Rounds in which each producer sends so many *records*, by send or, if *many*, by send_many of BATCH."""
    values = [VALUES[:BATCH], VALUES[BATCH:]]
    each = producers * records // consumers

    def run() -> float:
        with topics.new() as topic:
            senders = [Producer({**topics.config, **config}) for _ in range(producers)]
            readers = [reader(topics, topic, share) for share in shares(consumers)]
            for sender in senders:
                sender.partitions_for(topic)

            def produce(sender: Producer) -> None:
                send = sender.send
                for n in range(records):
                    send(topic, VALUES[n % 1_000], None, n % PARTITIONS)
                sender.flush()

            def produce_many(sender: Producer) -> None:
                for n in range(records // BATCH):
                    sender.send_many(topic, values[n % 2], None, n % PARTITIONS)
                sender.flush()

            took = together(
                *[lambda sender=sender: (produce_many if many else produce)(sender) for sender in senders],
                *[lambda consumer=consumer: consume(consumer, each) for consumer in readers],
            )
            for client in (*senders, *readers):
                client.close()
            return took

    return Rounds(run, calls=producers * records)


def reader(topics: Topics, topic: str, share: list[int]) -> Consumer:
    consumer = Consumer({**topics.config, "auto.offset.reset": "earliest"})
    mine = [TopicPartition(topic, partition) for partition in share]
    consumer.assign(mine)
    for tp in mine:
        consumer.position(tp)
    return consumer


def consume(consumer: Consumer, records: int) -> None:
    poll = consumer.poll
    while records > 0:
        for _ in poll():
            records -= 1


def queues(producers: int, consumers: int, records: int, *, batch: int = 1) -> Rounds:
    """The same with a queue.Queue per partition."""
    each = producers * records // consumers

    def record(partition: int, offset: int) -> ConsumerRecord:
        return ConsumerRecord(TOPIC, partition, offset, int(time.time() * 1000), None, VALUES[offset % 1_000])

    def run() -> float:
        lanes: list[queue.Queue[Any]] = [queue.Queue() for _ in range(PARTITIONS)]
        puts = [lane.put for lane in lanes]

        def produce() -> None:
            for n in range(records):
                partition = n % PARTITIONS
                puts[partition](record(partition, n))

        def produce_lists() -> None:
            gathered: list[list[ConsumerRecord]] = [[] for _ in lanes]
            for n in range(records):
                partition = n % PARTITIONS
                some = gathered[partition]
                some.append(record(partition, n))
                if len(some) == batch:
                    puts[partition](some)
                    gathered[partition] = []
            for put, some in zip(puts, gathered, strict=True):
                put(some)

        def take(share: list[int]) -> None:
            gets = [lanes[partition].get for partition in share]
            left = each
            while left:
                for get in gets:
                    get()
                    left -= 1

        def take_lists(share: list[int]) -> None:
            gets = [lanes[partition].get for partition in share]
            left = each
            while left:
                for get in gets:
                    for _ in get():
                        left -= 1

        return together(
            *[produce if batch == 1 else produce_lists] * producers,
            *[lambda share=share: (take if batch == 1 else take_lists)(share) for share in shares(consumers)],
        )

    return Rounds(run, calls=producers * records)


def limit(records: int) -> Rounds:
    """Append the same records to a list, one by one, and take them out by slices."""
    made = [
        ConsumerRecord(TOPIC, n % PARTITIONS, n, 1_700_000_000_000, None, VALUES[n % 1_000])
        for n in range(records)
    ]

    def run() -> float:
        began = time.perf_counter_ns()
        rows: list[ConsumerRecord] = []
        append = rows.append
        for record in made:
            append(record)
        for start in range(0, records, BATCH):
            rows[start : start + BATCH]
        return (time.perf_counter_ns() - began) / 1e9

    return Rounds(run, calls=records)


# Latency


class Quantile:
    """A side that is a quantile of latencies: nanoseconds from *give* in one thread to *take*'s return in another.

    Half a millisecond passes in between, so that the taker waits already.
    """

    def __init__(self, at: float, give: Callable[[], object], take: Callable[[], object], times: int) -> None:
        self._at, self._give, self._take, self._times = at, give, take, times

    def prepare(self, seconds: float) -> None:
        self.measure()

    def measure(self) -> float:
        sent, came = 0, threading.Semaphore(0)
        latencies: list[int] = []

        def taking() -> None:
            for _ in range(self._times):
                self._take()
                latencies.append(time.perf_counter_ns() - sent)
                came.release()

        def giving() -> None:
            nonlocal sent
            for _ in range(self._times):
                time.sleep(0.0005)
                sent = time.perf_counter_ns()
                self._give()
                came.acquire()

        together(taking, giving)
        return statistics.quantiles(latencies, n=100)[round(self._at * 100) - 1]


def latencies(bench: Bench, times: int) -> None:
    topics = Topics(1)
    with (
        topics.new() as topic,
        Producer({**topics.config, **ONE_BY_ONE, **ONE_REPLICA}) as producer,
        reader(topics, topic, [0]) as consumer,
    ):
        lane: queue.Queue[Any] = queue.Queue()
        for name, at in (("p50", 0.5), ("p99", 0.99)):
            bench.pair(
                f"latency of one record, {name}",
                against="queue.Queue, put to get",
                ours=Quantile(
                    at, lambda: producer.send(topic, VALUES[0], None, 0), lambda: consumer.poll(10), times
                ),
                theirs=Quantile(at, lambda: lane.put(VALUES[0]), lane.get, times),
                at_least=False,
            )
    topics.close()


# confluent-kafka


def confluent(producers: int, consumers: int, records: int) -> Rounds | None:
    """The same by confluent-kafka and the mock cluster in it; None if it is not installed.

    The mock makes topics of 4 partitions, when they are first asked for.
    """
    try:
        kafka = importlib.import_module("confluent_kafka")
    except ImportError:
        print("confluent-kafka is not installed, and left out")
        return None
    partitions, numbers = 4, itertools.count()
    host = kafka.Producer({"test.mock.num.brokers": 1, "log_level": 0})
    brokers = host.list_topics(timeout=10).brokers.values()
    config = {
        "bootstrap.servers": ",".join(f"{each.host}:{each.port}" for each in brokers),
        "log_level": 0,
    }
    tuned = {"acks": 1, "linger.ms": 5, "batch.num.messages": BATCH, "queue.buffering.max.messages": 10**6}
    each = producers * records // consumers

    def run() -> float:
        topic = f"{TOPIC}-{next(numbers)}"
        host.list_topics(topic, timeout=10)
        senders = [kafka.Producer({**config, **tuned}) for _ in range(producers)]
        readers = [kafka.Consumer({**config, "group.id": "bench"}) for _ in range(consumers)]
        for sender in senders:
            sender.list_topics(topic, timeout=10)
        for n, consumer in enumerate(readers):
            mine = [kafka.TopicPartition(topic, p, 0) for p in range(n, partitions, consumers)]
            consumer.assign(mine)
            consumer.consume(1, 0.1)

        def produce(sender: Any) -> None:
            send = sender.produce
            for n in range(records):
                send(topic, VALUES[n % 1_000], None, n % partitions)
            sender.flush()

        def take(consumer: Any) -> None:
            left = each
            while left > 0:
                for _ in consumer.consume(BATCH, 1.0):
                    left -= 1

        took = together(
            *[lambda sender=sender: produce(sender) for sender in senders],
            *[lambda consumer=consumer: take(consumer) for consumer in readers],
        )
        for consumer in readers:
            consumer.close()
        return took

    return Rounds(run, calls=producers * records)


CALLS = (
    "A call of send for each record, which returns a future of its own, takes 1 us of the 1.4 us from there to the "
    "consumer's loop. One that did nothing but take a lock, read the clock, append a row and make the future takes "
    "0.6 us; with it, all would be twice as fast as queue.Queue, and not more. Tried: the process id, the lock around "
    "keys and the checks of what is rare are out of its way; to write append out in send gives another 0.1 us. "
    "send_many does these things once for many records."
)


def measure(bench: Bench) -> None:
    scale = 4 if bench.quick else 1
    records = 64_000 // scale  # so that each producer sends as many batches to every partition
    one = Topics(1)
    for n, target in ((1, 3.0), (4, 2.0)):
        each = records // n
        mine = {
            "send": ours(one, n, n, each, {**IN_BATCHES, **ONE_REPLICA}),
            f"send_many of {BATCH}": ours(one, n, n, each, {**IN_BATCHES, **ONE_REPLICA}, many=True),
        }
        peers = {
            "queue.Queue per partition": queues(n, n, each),
            "queue.Queue per partition, lists of 500": queues(n, n, each, batch=BATCH),
            "the limit": limit(records),
        }
        for how, side in mine.items():
            for against, theirs in peers.items():
                bench.pair(
                    f"batches of {BATCH}, {how}, {n}x{n}",
                    against=against,
                    ours=side,
                    theirs=theirs,
                    target=target if against == "queue.Queue per partition" else None,
                    note=CALLS,
                )
    each = records // 8
    mine = ours(one, 4, 4, each, {**ONE_BY_ONE, **ONE_REPLICA})
    bench.pair(
        "linger 0, 4x4",
        against="queue.Queue per partition",
        ours=mine,
        theirs=queues(4, 4, each),
        target=1.0,
    )
    bench.pair("linger 0, 4x4", against="the limit", ours=mine, theirs=limit(records))
    one.close()
    three = Topics(3)
    for n in (1, 4):
        each = records // n
        mine = ours(three, n, n, each, IN_BATCHES)
        bench.pair(
            f"three replicas, acks=all, idempotent, batches of {BATCH}, {n}x{n}",
            against="queue.Queue per partition",
            ours=mine,
            theirs=queues(n, n, each),
            target=1.0,
        )
        bench.pair(
            f"three replicas, acks=all, idempotent, batches of {BATCH}, {n}x{n}",
            against="the limit",
            ours=mine,
            theirs=limit(records),
        )
    three.close()
    latencies(bench, 400 // scale)
    one = Topics(1)
    for n in (1, 4):
        theirs = confluent(n, n, records // n)
        if theirs is not None:
            bench.pair(
                f"batches of {BATCH}, send, {n}x{n}",
                against="confluent-kafka, its mock cluster, 4 partitions",
                ours=ours(one, n, n, records // n, {**IN_BATCHES, **ONE_REPLICA}),
                theirs=theirs,
            )
    one.close()


if __name__ == "__main__":
    main(measure)
