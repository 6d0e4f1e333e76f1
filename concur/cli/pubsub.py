"""``concur demo pubsub``: a cluster in this process, and what becomes of it when a broker is killed."""

import threading
import time
from functools import partial

from rich.table import Table

from concur.cli.screen import terminal
from concur.pubsub import Admin, Consumer, EmbeddedCluster, NewTopic, Producer, TopicPartition
from concur.pubsub.embedded.cluster import ClusterView
from concur.pubsub.records import RecordMetadata

TOPIC = "orders"
PARTITIONS = 3
PATIENCE = 30.0  # seconds until a cluster that does not recover is given up


class Sender:
    """Sends numbered records until told to stop, and counts what is acknowledged."""

    def __init__(self, config: dict[str, str]) -> None:
        self.acknowledged: set[bytes] = set()
        self.failed = 0
        self._stop = threading.Event()
        self._config = config
        self._thread = threading.Thread(target=self._send, name="sender", daemon=True)
        self._thread.start()

    def _send(self) -> None:
        settings = {"client.id": "till", "retry.backoff.ms": 20, "retry.backoff.max.ms": 100}
        with Producer({**self._config, **settings}) as producer:
            number = 0
            while not self._stop.wait(0.002):
                order = b"order %d" % number
                producer.send(
                    TOPIC, order, key=b"table %d" % (number % 12), on_delivery=partial(self._note, order)
                )
                number += 1

    def _note(self, order: bytes, metadata: RecordMetadata | None, error: Exception | None) -> None:
        if error is None:
            self.acknowledged.add(order)
        else:
            self.failed += 1

    def stop(self) -> None:
        """Send no more, and wait for the answers."""
        self._stop.set()
        self._thread.join()


def show_pubsub() -> int:
    """Run the demonstration; 0 if nothing was lost and nothing doubled, 1 otherwise."""
    console = terminal()
    with EmbeddedCluster(brokers=3) as cluster:
        config = {"bootstrap.servers": cluster.bootstrap_servers}
        with Admin(config) as admin:
            admin.create_topics([NewTopic(TOPIC, PARTITIONS, 3, {"min.insync.replicas": 2})])
        sender = Sender(config)
        try:
            time.sleep(0.3)
            console.print(
                f"Three brokers, topic '{TOPIC}', acks=all, min.insync.replicas=2.\nA producer sends:"
            )
            console.print(table(cluster.describe()))
            victim = cluster.describe().partitions[TopicPartition(TOPIC, 0)].leader or 1
            killed = time.monotonic()
            cluster.kill(victim)
            console.print(f"\nbroker-{victim} is killed. The controller misses its heartbeats ...")
            cluster.controller.wait_until(
                lambda state: all(each.leader not in {None, victim} for each in state.partitions.values()),
                PATIENCE,
            )
            console.print(f"... and has others lead after {time.monotonic() - killed:.1f} s, in a new epoch:")
            time.sleep(0.3)
            console.print(table(cluster.describe()))
            cluster.start(victim)
            cluster.controller.wait_until(
                lambda state: all(len(each.in_sync) == 3 for each in state.partitions.values()), PATIENCE
            )
            console.print(
                f"\nbroker-{victim} is back, has cut what the others lack, and caught up as a follower:"
            )
            time.sleep(0.3)
            console.print(table(cluster.describe()))
        finally:
            sender.stop()
        read = read_all(config)
    lost, doubled = len(sender.acknowledged - set(read)), len(read) - len(set(read))
    console.print(
        f"\n{len(sender.acknowledged)} records acknowledged, {sender.failed} not; {len(read)} read: "
        f"{lost} lost, {doubled} doubled."
    )
    console.print("next: read docs/pubsub.md, run docs/examples/pubsub/first.py")
    return 1 if lost or doubled else 0


def table(view: ClusterView) -> Table:
    """Who leads, who is in sync, and how far everybody is."""
    shown = Table(box=None, pad_edge=False)
    for heading in ("partition", "leader", "epoch", "in sync", "watermark", "ends of the logs"):
        shown.add_column(heading, justify="left")
    for tp, each in view.partitions.items():
        leader = "nobody" if each.leader is None else f"broker-{each.leader}"
        ends = "  ".join(
            f"{number}: {each.ends[number]}" if number in each.ends else f"{number}: {view.brokers[number]}"
            for number in sorted(each.replicas)
        )
        in_sync = ", ".join(map(str, sorted(each.in_sync)))
        shown.add_row(str(tp), leader, str(each.leader_epoch), in_sync, str(each.high_watermark), ends)
    return shown


def read_all(config: dict[str, str]) -> list[bytes]:
    """Every record of the topic."""
    partitions = [TopicPartition(TOPIC, number) for number in range(PARTITIONS)]
    with Consumer({**config, "auto.offset.reset": "earliest"}) as consumer:
        consumer.assign(partitions)
        ends = consumer.end_offsets(partitions)
        read: list[bytes] = []
        while any(consumer.position(tp) < ends[tp] for tp in partitions):
            read += [record.value for record in consumer.poll(1.0)]
    return read
