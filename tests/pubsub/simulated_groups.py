"""A group on a whole cluster, as a program for the checker: everything in it is virtual, its threads and its time."""

from collections.abc import Iterable
from threading import Event, Thread

from concur.pubsub import (
    Admin,
    Consumer,
    EmbeddedCluster,
    NewTopic,
    Producer,
    RebalanceListener,
    TopicPartition,
)

COUNT = 6


class Register(RebalanceListener):
    """Who has what; two at a time may not have the same."""

    def __init__(self, name: str, owners: dict[TopicPartition, str]) -> None:
        super().__init__()
        self.name, self.owners = name, owners
        self.reads = Event()

    def on_assigned(self, partitions: Iterable[TopicPartition]) -> None:
        for tp in partitions:
            owner = self.owners.setdefault(tp, self.name)
            assert owner == self.name, f"{tp} is {owner}'s, and {self.name} got it"
            self.reads.set()

    def on_revoked(self, partitions: Iterable[TopicPartition]) -> None:
        for tp in partitions:
            assert self.owners.pop(tp) == self.name

    def on_lost(self, partitions: Iterable[TopicPartition]) -> None:
        raise AssertionError(f"{self.name} lost {partitions}, and nobody was thrown out")


def one_comes_and_goes(strategy: str) -> None:
    """The second member comes when the first has everything, and goes after a record; each record is read just once."""
    with EmbeddedCluster(brokers=1) as cluster:
        address = {"bootstrap.servers": cluster.bootstrap_servers}
        with Admin(address) as admin:
            admin.create_topics([NewTopic("orders", num_partitions=2, replication_factor=1)])
        settings = address | {"group.id": "kitchen", "auto.offset.reset": "earliest", "max.poll.records": 1}
        settings["partition.assignment.strategy"] = strategy
        owners: dict[TopicPartition, str] = {}
        found: list[int] = []
        one, two = Register("one", owners), Register("two", owners)

        def read(register: Register, most: int, after: Event | None = None) -> None:
            if after is not None:
                after.wait()
            mine = 0
            with Consumer(settings | {"client.id": register.name}) as consumer:
                consumer.subscribe(["orders"], register)
                while mine < most and len(found) < COUNT:
                    for record in consumer.poll(1):
                        found.append(int(record.value))
                        mine += 1

        def send() -> None:
            with Producer(address) as producer:
                for n in range(COUNT):
                    if n == COUNT // 2:
                        two.reads.wait()  # records before, during and after the rebalance
                    producer.send("orders", b"%d" % n, partition=n % 2)

        threads = [
            Thread(target=read, args=(one, COUNT)),
            Thread(target=read, args=(two, 1, one.reads)),
            Thread(target=send),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(found) == list(range(COUNT)), found
        assert not owners


def eager() -> None:
    one_comes_and_goes("range")


def cooperative() -> None:
    one_comes_and_goes("cooperative-sticky")
