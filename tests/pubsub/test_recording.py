"""Wrapped producers and consumers write down what they do, and are otherwise as they were."""

import threading
from collections.abc import Callable, Iterable
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest

from concur.check import Status, explore
from concur.errors import UsageError
from concur.pubsub.history import History, promised


class TP(NamedTuple):
    topic: str
    partition: int


class Record(NamedTuple):
    topic: str
    partition: int
    offset: int
    value: Any


class Definite(Exception):
    definite = True


class Perhaps(Exception):
    definite = False


class Broker:
    """One topic, one partition; a producer and a consumer of it have the methods of the real ones."""

    def __init__(self) -> None:
        self.log: list[Any] = []
        self.raises: BaseException | None = None
        self.calls: list[Any] = []

    def trip(self) -> None:
        if self.raises is not None:
            error, self.raises = self.raises, None
            raise error


class Producer:
    def __init__(self, broker: Broker) -> None:
        self.broker = broker
        self.waiting: list[tuple[Callable[..., object], Any]] = []
        self.acks = 1

    def __enter__(self) -> "Producer":
        self.broker.calls.append("enter")
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.broker.calls.append("exit")

    def send(
        self,
        topic: Any,
        value: Any = None,
        key: Any = None,
        partition: int | None = None,
        *,
        on_delivery: Any = None,
    ) -> str:
        self.broker.trip()
        self.waiting.append((on_delivery, value if isinstance(topic, str) else topic.value))
        return "delivery"

    def flush(self, error: BaseException | None = None) -> None:
        for on_delivery, value in self.waiting:
            if error is not None:
                on_delivery(None, error)
                continue
            self.broker.log.append(value)
            offset = len(self.broker.log) - 1 if self.acks else -1
            on_delivery(SimpleNamespace(topic="t", partition=0, offset=offset), None)
        self.waiting = []


class Consumer:
    def __init__(self, broker: Broker) -> None:
        self.broker = broker
        self.position_ = 0
        self.listener: Any = None
        self.most = 2

    def __enter__(self) -> "Consumer":
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.broker.calls.append("exit")

    def __iter__(self) -> Iterable[Record]:
        while self.position_ < len(self.broker.log):
            self.broker.trip()
            yield self.poll(0).pop()

    def poll(self, timeout: float) -> list[Record]:
        self.broker.trip()
        log = self.broker.log
        offsets = range(self.position_, min(len(log), self.position_ + self.most))
        self.position_ += len(offsets)
        return [Record("t", 0, offset, log[offset]) for offset in offsets]

    def assign(self, partitions: list[TP]) -> None:
        self.broker.trip()

    def subscribe(self, topics: list[str], listener: Any = None) -> None:
        self.listener = listener

    def unsubscribe(self) -> None:
        self.broker.calls.append("unsubscribe")

    def commit(self, offsets: Any = None) -> None:
        self.broker.trip()
        self.broker.calls.append(offsets)

    def commit_async(self, offsets: Any = None, callback: Any = None) -> None:
        self.broker.trip()
        self.callback = callback

    def seek(self, partition: TP, offset: int) -> None:
        self.position_ = offset

    def seek_to_beginning(self, partitions: list[TP]) -> None:
        self.position_ = 0

    def seek_to_end(self, partitions: list[TP]) -> None:
        self.position_ = len(self.broker.log)

    def end_offsets(self, partitions: list[TP]) -> dict[TP, int]:
        return dict.fromkeys(partitions, len(self.broker.log))

    def position(self, partition: TP) -> int:
        return self.position_

    def close(self) -> None:
        self.broker.trip()

    def pause(self) -> str:
        return "paused"


def written(history: History) -> list[str]:
    return [
        f"{row.process} {row.f} {row.type} {', '.join(map(str, row.value))} {row.error or ''}".strip()
        for row in history.rows
    ]


@pytest.fixture
def history() -> History:
    return History()


@pytest.fixture
def broker() -> Broker:
    return Broker()


T0 = TP("t", 0)


def test_send(history: History, broker: Broker) -> None:
    inner = Producer(broker)
    producer = history.producer("p1", inner)
    heard: list[Any] = []
    assert producer.send("t", b"a", on_delivery=lambda *answer: heard.append(answer)) == "delivery"
    producer.send("t", value=b"b", partition=0)
    producer.send("t", b"c", None, 0)
    producer.send(SimpleNamespace(topic="t", value=b"d", partition=None))
    assert written(history) == [
        "p1 send invoke 'a' @ t", "p1 send invoke 'b' @ t-0", "p1 send invoke 'c' @ t-0", "p1 send invoke 'd' @ t",
    ]  # fmt: skip
    producer.flush()
    assert written(history)[4:] == [f"p1 send ok '{name}' @ t-0:{n}" for n, name in enumerate("abcd")]
    assert [row.began for row in history.rows[4:]] == history.rows[:4]
    assert [row.index for row in history.evidence().rows] == list(range(8))
    ((metadata, error),) = heard
    assert (metadata.offset, error) == (0, None)


@pytest.mark.parametrize(
    ("error", "how"),
    [
        (Definite("no"), "fail"),
        (Perhaps("late"), "info"),
        (ValueError("?"), "info"),
        (KeyboardInterrupt(), "info"),
    ],
)
def test_send_that_fails(history: History, broker: Broker, error: BaseException, how: str) -> None:
    """Definite or not, whether the call raises or the delivery fails."""
    inner = Producer(broker)
    producer = history.producer("p1", inner)
    broker.raises = error
    with pytest.raises(type(error)):
        producer.send("t", b"a")
    producer.send("t", b"b")
    inner.flush(error)
    told = f"{type(error).__name__}: {error}".strip()
    assert written(history) == [
        "p1 send invoke 'a' @ t", f"p1 send {how} 'a' @ t {told}",
        "p1 send invoke 'b' @ t", f"p1 send {how} 'b' @ t {told}",
    ]  # fmt: skip


def test_send_without_acks(history: History, broker: Broker) -> None:
    """Offset -1 is no offset."""
    inner = Producer(broker)
    inner.acks = 0
    history.producer("p1", inner).send("t", b"a")
    inner.flush()
    assert history.rows[-1].value[0].offset is None
    assert [found.kind for found in history.errors(promised(acks=0, drained=True))] == []


def test_send_all(history: History, broker: Broker) -> None:
    """Several records in one call are one invoke row."""
    inner = Producer(broker)
    producer = history.producer("p1", inner)
    with producer as entered:
        assert entered is producer
        records = [("t", b"a"), SimpleNamespace(topic="t", value=b"b", partition=None)]
        assert producer.send_all(records) == ["delivery"] * 2
    assert broker.calls == ["enter", "exit"]
    producer.flush()
    assert written(history) == [
        "p1 send invoke 'a' @ t, 'b' @ t", "p1 send ok 'a' @ t-0:0", "p1 send ok 'b' @ t-0:1",
    ]  # fmt: skip


def test_send_many(history: History, broker: Broker) -> None:
    """None of them goes past the history: each is a send of its own."""
    inner = Producer(broker)
    producer = history.producer("p1", inner)
    assert producer.send_many("t", iter([b"a", b"b"]), partition=0) == ["delivery"] * 2
    producer.flush()
    assert written(history) == [
        "p1 send invoke 'a' @ t-0", "p1 send invoke 'b' @ t-0",
        "p1 send ok 'a' @ t-0:0", "p1 send ok 'b' @ t-0:1",
    ]  # fmt: skip


def test_two_threads_are_two_processes(history: History, broker: Broker) -> None:
    """The sends of two threads have no order."""
    producer = history.producer("p1", Producer(broker))
    producer.send("t", b"a")
    thread = threading.Thread(target=producer.send, args=("t", b"b"), name="helper")
    thread.start()
    thread.join()
    assert [row.process for row in history.rows] == ["p1", "p1/helper"]


def test_polls(history: History, broker: Broker) -> None:
    broker.log = [b"a", b"b", b"c"]
    consumer = history.consumer("c1", Consumer(broker), group="g")
    assert history.groups == {"c1": "g"}
    consumer.assign([T0])
    records = consumer.poll(0.5)
    assert [record.value for record in records] == [b"a", b"b"]
    consumer.commit()
    consumer.poll(timeout=1)
    consumer.commit()
    consumer.commit({T0: SimpleNamespace(offset=2)})
    consumer.commit({T0: 1})
    assert consumer.pause() == "paused"
    assert written(history) == [
        "c1 assign invoke t-0", "c1 assign ok t-0",
        "c1 poll invoke", "c1 poll ok 'a' @ t-0:0, 'b' @ t-0:1",
        "c1 commit invoke t-0:2", "c1 commit ok t-0:2",
        "c1 poll invoke", "c1 poll ok 'c' @ t-0:2",
        "c1 commit invoke t-0:3", "c1 commit ok t-0:3",
        "c1 commit invoke t-0:2", "c1 commit ok t-0:2",
        "c1 commit invoke t-0:1", "c1 commit ok t-0:1",
    ]  # fmt: skip
    assert broker.calls[:2] == [None, None]


def test_calls_that_fail(history: History, broker: Broker) -> None:
    consumer = history.consumer("c1", Consumer(broker))
    for call in (
        lambda: consumer.poll(0),
        lambda: consumer.commit({T0: 1}),
        lambda: consumer.commit_async({T0: 2}),
        lambda: consumer.assign([T0]),
    ):
        broker.raises = Definite("no")
        with pytest.raises(Definite):
            call()
    assert written(history)[1::2] == [
        "c1 poll fail  Definite: no", "c1 commit fail t-0:1 Definite: no", "c1 commit fail t-0:2 Definite: no",
        "c1 assign fail t-0 Definite: no",
    ]  # fmt: skip


def test_commit_async(history: History, broker: Broker) -> None:
    inner = Consumer(broker)
    consumer = history.consumer("c1", inner)
    heard: list[Any] = []
    consumer.commit_async({T0: 1}, callback=lambda *answer: heard.append(answer))
    inner.callback({T0: 1}, None)
    consumer.commit_async({T0: 2})
    inner.callback(None, Perhaps("late"))
    assert written(history) == [
        "c1 commit invoke t-0:1", "c1 commit ok t-0:1", "c1 commit invoke t-0:2", "c1 commit info t-0:2 Perhaps: late",
    ]  # fmt: skip
    assert heard == [({T0: 1}, None)]


def test_rebalances(history: History, broker: Broker) -> None:
    """What the listener hears is written down, and passed on: what it commits while revoked counts as before."""
    broker.log = [b"a"]
    inner = Consumer(broker)
    consumer = history.consumer("c1", inner)
    heard: list[Any] = []
    listener = SimpleNamespace(
        on_assigned=lambda partitions: heard.append(("assigned", partitions)),
        on_revoked=lambda partitions: consumer.commit(),
    )
    consumer.subscribe(["t"], listener)
    inner.listener.on_assigned([T0])
    consumer.poll(0)
    inner.listener.on_revoked([T0])
    consumer.commit()
    inner.listener.on_lost([T0])
    consumer.unsubscribe()
    assert written(history) == [
        "c1 subscribe invoke t", "c1 subscribe ok t", "c1 assigned ok t-0", "c1 poll invoke", "c1 poll ok 'a' @ t-0:0",
        "c1 commit invoke t-0:1", "c1 commit ok t-0:1", "c1 revoked ok t-0", "c1 commit invoke", "c1 commit ok",
        "c1 lost ok t-0", "c1 subscribe invoke", "c1 subscribe ok",
    ]  # fmt: skip
    assert heard == [("assigned", [T0])]


def test_a_listener_that_raises(history: History, broker: Broker) -> None:
    inner = Consumer(broker)

    def refuse(partitions: object) -> None:
        raise ValueError

    history.consumer("c1", inner).subscribe(["t"], SimpleNamespace(on_revoked=refuse))
    with pytest.raises(ValueError):  # noqa: PT011  it has no message
        inner.listener.on_revoked([T0])
    assert written(history)[-1] == "c1 revoked ok t-0"


def test_seeks(history: History, broker: Broker) -> None:
    broker.log = [b"a", b"b", b"c"]
    consumer = history.consumer("c1", Consumer(broker))
    consumer.poll(0)
    consumer.seek(T0, 0)
    consumer.commit()
    assert [record.offset for record in consumer.poll(0)] == [0, 1]
    consumer.seek_to_end([T0])
    assert consumer.poll(0) == []
    consumer.seek_to_beginning([T0])
    consumer.poll(0)
    assert [line for line in written(history) if "seek" in line] == ["c1 seek ok t-0"] * 3
    assert "c1 commit ok" in written(history)  # of no partition: the position was not read yet
    history.producer("p", None)
    assert {found.kind for found in history.anomalies()} == {"unsent-read"}


def test_assign_forgets_the_others(history: History, broker: Broker) -> None:
    broker.log = [b"a"]
    consumer = history.consumer("c1", Consumer(broker))
    consumer.assign([T0])
    consumer.poll(0)
    consumer.assign([T0, TP("t", 1)])
    consumer.commit()
    consumer.assign([TP("t", 1)])
    consumer.commit()
    assert [line for line in written(history) if "commit ok" in line] == [
        "c1 commit ok t-0:1",
        "c1 commit ok",
    ]


def test_iteration(history: History, broker: Broker) -> None:
    broker.log = [b"a", b"b"]
    inner = Consumer(broker)
    inner.most = 1
    consumer = history.consumer("c1", inner)
    assert [record.value for record in consumer] == [b"a", b"b"]
    assert written(history) == [
        "c1 poll invoke", "c1 poll ok 'a' @ t-0:0", "c1 poll invoke", "c1 poll ok 'b' @ t-0:1",
        "c1 poll invoke", "c1 poll ok",
    ]  # fmt: skip
    inner.position_, broker.raises = 0, Perhaps("woken")
    with pytest.raises(Perhaps):
        list(consumer)
    assert written(history)[-1] == "c1 poll info  Perhaps: woken"


def test_close(history: History, broker: Broker) -> None:
    consumer = history.consumer("c1", Consumer(broker))
    with consumer as entered:
        assert entered is consumer
    broker.raises = Perhaps("late")
    with pytest.raises(Perhaps):
        consumer.close()
    assert written(history) == ["c1 close ok", "c1 close ok"]


def test_drain(history: History, broker: Broker) -> None:
    """What a drain does not find is not there."""
    producer = history.producer("p1", Producer(broker))
    producer.send("t", b"a")
    producer.send("t", b"b")
    producer.flush()
    history.drain("end", Consumer(broker), [T0])
    assert history.errors() == []
    producer.send("t", b"c")
    producer.flush()
    del broker.log[2]
    assert history.errors() == []  # sent after the drain
    history.drain("end", Consumer(broker), [T0])
    assert [error.kind for error in history.errors()] == ["unseen"]


def test_a_drain_that_does_not_end(history: History, broker: Broker) -> None:
    broker.log = [b"a"]
    inner = Consumer(broker)
    inner.most = 0
    with pytest.raises(TimeoutError, match=r"end was to read t-0 up to offset 1 and is at 0 after 0\.0 s"):
        history.drain("end", inner, [T0], seconds=0.0)
    assert history.rows[-1].type == "info"


def test_identify(broker: Broker) -> None:
    """Large values may be told apart by something smaller."""
    history = History(identify=lambda value: value["id"])
    producer = history.producer("p1", Producer(broker))
    producer.send("t", {"id": 1, "load": [0] * 100})
    producer.flush()
    consumer = history.consumer("c1", Consumer(broker))
    history.processed("c1", consumer.poll(0))
    assert written(history)[-2:] == ["c1 poll ok 1 @ t-0:0", "c1 process ok 1 @ t-0:0"]
    assert history.anomalies() == []


def test_words_are_checked(history: History) -> None:
    with pytest.raises(
        UsageError, match=r"a call is one of send, poll, .* not 'crash'; for an event use History.note"
    ):
        history.invoke("c", "crash")
    with pytest.raises(
        UsageError, match=r"an event is one of assigned, .* not 'poll'; for a call use History.invoke"
    ):
        history.note("c", "poll")
    history.crashed("c")
    assert written(history) == ["c crash ok"]


def test_values_that_are_shown() -> None:
    history = History()
    row = history.invoke(
        "p", "send", [("t", None, None, value) for value in (b"a", b"\xff", "b", 3, b"x" * 100)]
    )
    assert repr(row) == f"<Row -1 p send invoke 'a' @ t, b'\\xff' @ t, 'b' @ t, 3 @ t, '{'x' * 36}... @ t>"
    many = history.invoke("p", "send", [("t", None, None, value) for value in range(9)])
    assert repr(many).endswith("5 @ t, and 3 more>")


def scenario() -> None:
    from threading import Thread

    from concur.pubsub.history import History

    history = History()
    log = []

    class Producer:
        def send(self, topic, value, *, on_delivery):
            log.append(value)
            on_delivery(Metadata(len(log) - 1 if value == "a" else log.index(value)), None)

    class Metadata:
        partition = 0

        def __init__(self, offset):
            self.offset = offset

    def send(value):
        history.producer(value, Producer()).send("t", value)

    threads = [Thread(target=send, args=(value,)) for value in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    row = history.invoke("c", "poll")
    history.ok(row, [("t", 0, offset, value) for offset, value in enumerate(log)])
    history.check()


def test_under_the_checker() -> None:
    """A history works inside a scenario: the producer that guesses its offset from the length is refuted by it."""
    verdict = explore(scenario, timeouts="idle", max_seconds=None, max_schedules=2000)
    assert verdict.status is Status.REFUTED, verdict
    assert verdict.failure is not None
    assert "inconsistent-offsets" in verdict.failure.message
