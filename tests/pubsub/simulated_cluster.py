"""A whole cluster with its clients under faults, as a program for the checker: one seed is one world.

Three brokers, two producers, a group of two, a plan of faults, and members that crash or are slow; all of it in
virtual time, so that a world of a quarter of a minute takes about a second. Time is cheap here and steps are
not: what is done again and again is done seldom.

A world is judged twice: by what its clients have seen, and by what a watcher has found inside of it.
"""

import json
import random
import time
from collections import Counter
from collections.abc import Callable
from threading import Event, Thread

from concur.pubsub import Admin, Consumer, EmbeddedCluster, NewTopic, Producer, TopicPartition
from concur.pubsub.errors import PubSubError
from concur.pubsub.faults import plan, run
from concur.pubsub.history import History, promised
from tests.pubsub.inspection import Watcher

BROKERS = (1, 2, 3)
PARTITIONS = (TopicPartition("orders", 0), TopicPartition("orders", 1))
RECORDS = 4  # of each producer
FAULTS = 6
MILLISECONDS = 8_000  # that the faults take, about

_CLUSTER = {
    "broker.session.timeout.ms": 2_000,
    "broker.heartbeat.interval.ms": 1_000,
    "replica.fetch.wait.max.ms": 2_000,
    "replica.fetch.backoff.ms": 250,
    "replica.lag.time.max.ms": 3_000,
}
_PRODUCER = {"linger.ms": 0, "request.timeout.ms": 2_000, "delivery.timeout.ms": 60_000}
_CONSUMER = {
    "group.id": "kitchen",
    "auto.offset.reset": "earliest",
    "enable.auto.commit": False,
    "fetch.max.wait.ms": 2_000,
    "request.timeout.ms": 3_000,
    "session.timeout.ms": 6_000,
    "heartbeat.interval.ms": 2_000,
    "max.poll.interval.ms": 7_000,
}


def of(seed: int) -> Callable[[], None]:
    """The scenario of a seed; it prints what went on in it, as JSON."""

    def scenario() -> None:
        World(seed).run(told=True)

    return scenario


def failing(seed: int) -> Callable[[], None]:
    """A short one, found wrong at its end: to see that a failure of a whole world can be replayed."""

    def scenario() -> None:
        World(seed, faults=2, milliseconds=1_000).run(told=False)
        raise AssertionError("found wrong on purpose")

    return scenario


class World:
    """Everything that is there, made from one seed."""

    def __init__(self, seed: int, faults: int = FAULTS, milliseconds: int = MILLISECONDS) -> None:
        self.seed, self.faults, self.milliseconds = seed, faults, milliseconds
        self.history = History()
        self.over = Event()  # everything was sent, and everything is mended
        self.cluster = EmbeddedCluster(len(BROKERS), name="world", config=_CLUSTER)
        self.at = {"bootstrap.servers": self.cluster.bootstrap_servers}
        self.watcher = Watcher(self.cluster, PARTITIONS)
        self.done: Counter[str] = Counter()  # faults, by kind

    def run(self, *, told: bool) -> None:
        with self.cluster:
            with Admin(self.at) as admin:
                admin.create_topics([NewTopic("orders", len(PARTITIONS), 3, {"min.insync.replicas": 2})])
            sending = [Thread(target=self.send, args=(f"p{n}",)) for n in (1, 2)]
            reading = [Thread(target=self.read, args=(f"c{n}",)) for n in (1, 2)]
            others = [Thread(target=self.fail), Thread(target=self.watcher.watch)]
            for thread in (*reading, *sending, *others):
                thread.start()
            for thread in (*sending, others[0]):
                thread.join()
            self.over.set()
            for thread in reading:
                thread.join()
            self.watcher.stop()
            others[1].join()
            with Consumer({**self.at, "auto.offset.reset": "earliest", "fetch.max.wait.ms": 2_000}) as last:
                self.history.drain("drain", last, PARTITIONS)
            self.watcher.look()
        if told:
            print(json.dumps(self.told()))
        wrong = [*self.watcher.anomalies(), *self.history.errors(promised(drained=True))]
        assert not wrong, "\n".join(map(str, wrong))

    def told(self) -> dict[str, object]:
        """What has happened, so that it can be counted that something has."""
        rows = Counter(f"{row.f} {row.type}" for row in self.history.rows)
        return {
            "seed": self.seed,
            "faults": self.done,
            "rows": rows,
            "until": round(time.monotonic(), 6),
            **self.watcher.told(),
        }

    def fail(self) -> None:
        """The faults of brokers and links."""
        faults = plan(self.seed, BROKERS, steps=self.faults, milliseconds=self.milliseconds)
        for step in run(faults, self.cluster):
            self.done[step.what] += 1

    def send(self, name: str) -> None:
        """Send now and then, so that something is under way whenever something breaks."""
        chance = random.Random(f"{self.seed} {name}")
        history = self.history
        with history.producer(name, Producer({**self.at, **_PRODUCER, "client.id": name})) as producer:
            for number in range(RECORDS):
                for part in range(chance.randrange(1, 3)):
                    producer.send(
                        "orders", b"%s.%d.%d" % (name.encode(), number, part), key=b"%d" % chance.randrange(4)
                    )
                self.over.wait(chance.randrange(2 * self.milliseconds // RECORDS) / 1000)

    def read(self, name: str) -> None:
        """Be a member; it may crash, and another takes its place, or be slow, and the group go on without it."""
        chance = random.Random(f"{self.seed} {name}")
        fate, after = chance.choice(("", "crash", "slow")), chance.randrange(1, 4)
        settings = {**self.at, **_CONSUMER, "client.id": name}
        settings["partition.assignment.strategy"] = ("range", "cooperative-sticky")[self.seed % 2]
        inner = Consumer(settings)
        consumer = self.history.consumer(name, inner, group="kitchen")
        consumer.subscribe(["orders"])
        polls = 0
        while not self.over.is_set():
            try:
                records = consumer.poll(2.0)
                polls += 1
                if polls == after and fate == "crash":
                    self.crash(name, inner)
                    return
                if polls == after and fate == "slow":
                    self.done["slow"] += 1
                    self.over.wait(9.0)
                self.history.processed(name, records)
                if records:
                    consumer.commit()
            except PubSubError:
                pass  # committed by nobody: it is read again
        consumer.close()

    def crash(self, name: str, consumer: Consumer) -> None:
        """Nothing that the member says is heard any more; after a while another one comes."""
        self.done["crash"] += 1
        self.history.crashed(name)
        self.cluster.cut([name], BROKERS)
        consumer.close(0)
        if name[-1] != "'":
            self.read(f"{name}'")
