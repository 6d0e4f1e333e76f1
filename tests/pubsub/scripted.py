"""Brokers that do to a producer what the test says: for what the producer does when something goes wrong."""

import itertools
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from concur.pubsub import connection
from concur.pubsub.batch import RecordBatch
from concur.pubsub.connection import ClusterMetadata, PartitionMetadata
from concur.pubsub.errors import PubSubError
from concur.pubsub.records import TopicPartition

_numbers = itertools.count(1)
_all: "dict[str, Brokers]" = {}
connection.register("scripted", lambda address, *_: _all[address])  # type: ignore[arg-type]

Answer = Callable[[TopicPartition, RecordBatch], "tuple[int, int] | PubSubError"]


class Brokers:
    """Two of them: broker 0 leads the even partitions of "orders", broker 1 the odd ones, until told otherwise."""

    def __init__(self, partitions: int = 2) -> None:
        name = f"brokers-{next(_numbers)}"
        _all[name] = self
        self.address = f"scripted://{name}"
        self.leaders: list[int | None] = [number % 2 for number in range(partitions)]
        self.epoch = 0
        self.ids = 0
        self.lock = threading.Lock()
        self.logs: dict[TopicPartition, list[bytes | None]] = {}
        self.requests: list[tuple[int, Mapping[TopicPartition, RecordBatch]]] = []
        self.script: list[
            Callable[[int, Mapping[TopicPartition, RecordBatch]], Any]
        ] = []  # for the next requests

    def next(self, *steps: Callable[[int, Mapping[TopicPartition, RecordBatch]], Any]) -> None:
        """The next requests go as these say: what they return, or raise, is the answer; None: as it should be."""
        self.script.extend(steps)

    def metadata(self, topics: Sequence[str] | None = None) -> ClusterMetadata:
        parts = [
            PartitionMetadata(number, leader, self.epoch, (0, 1), (0, 1))
            for number, leader in enumerate(self.leaders)
        ]
        return ClusterMetadata({"orders": parts} if "orders" in (topics or ()) else {}, (0, 1), None)

    def init_producer_id(self) -> tuple[int, int]:
        self.ids += 1
        return self.ids, 0

    def produce(
        self,
        broker: int,
        batches: Mapping[TopicPartition, RecordBatch],
        acks: int,
        timeout_ms: int,
        sent: Callable[[], None] = lambda: None,
    ) -> Any:
        with self.lock:
            self.requests.append((broker, dict(batches)))
            step = self.script.pop(0) if self.script else None
        sent()
        answer = None if step is None else step(broker, batches)
        return self.append(batches) if answer is None else answer

    def append(self, batches: Mapping[TopicPartition, RecordBatch]) -> dict[TopicPartition, tuple[int, int]]:
        answers = {}
        with self.lock:
            for tp, batch in batches.items():
                log = self.logs.setdefault(tp, [])
                answers[tp] = (len(log), -1)
                log.extend(batch.values)
        return answers

    def close(self) -> None:
        pass


def fails(error: PubSubError) -> Callable[..., Any]:
    """The request fails as a whole."""

    def step(broker: int, batches: Mapping[TopicPartition, RecordBatch]) -> Any:
        raise error

    return step


def refuses(error: PubSubError) -> Callable[..., Any]:
    """Each batch of the request is answered by *error*."""
    return lambda broker, batches: dict.fromkeys(batches, error)
