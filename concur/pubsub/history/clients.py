"""Producers and consumers that write down what they do. Everything else about them is as it was.

They wrap whatever has the methods of a producer and a consumer; which engine is
behind it they do not know.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from concur.pubsub.history.rows import Row, Seen

if TYPE_CHECKING:
    from concur.pubsub.history.recording import History


class RecordedProducer:
    """A producer whose sends are in the history, each until its delivery is known."""

    def __init__(self, history: "History", name: str, producer: Any) -> None:
        self._history = history
        self._name = name
        self._producer = producer
        self._thread: int | None = None  # that of the first send

    def __getattr__(self, name: str) -> Any:
        return getattr(self._producer, name)

    def __enter__(self) -> "RecordedProducer":
        self._producer.__enter__()
        return self

    def __exit__(self, *exc_info: Any) -> Any:
        return self._producer.__exit__(*exc_info)

    def send(
        self, topic: Any, *args: Any, on_delivery: Callable[..., object] | None = None, **kwargs: Any
    ) -> Any:
        """As the producer's, which is told to call back."""
        record = self._record(topic, args, kwargs)
        row = self._history.invoke(self._process(), "send", [record])
        return self._send(row, record, (topic, *args), kwargs, on_delivery)

    def send_all(self, records: Iterable[Any]) -> list[Any]:
        """Send several records in one call, so that their order is looked at more closely; returns the deliveries.

        Args:
            records: producer records, or tuples of the arguments of ``send``.
        """
        calls = [record if type(record) is tuple else (record,) for record in records]
        seen = [self._record(call[0], call[1:], {}) for call in calls]
        row = self._history.invoke(self._process(), "send", seen)
        return [self._send(row, one, call, {}, None) for one, call in zip(seen, calls, strict=True)]

    def send_many(self, topic: str, values: Iterable[Any], *args: Any, **kwargs: Any) -> list[Any]:
        """As the producer's, but one by one, so that each has a row; without key and partition they may part."""
        return [self.send(topic, value, *args, **kwargs) for value in values]

    def _process(self) -> str:
        """The name in the history. The sends of two threads have no order, so they are two processes there."""
        thread = threading.get_ident()
        if self._thread is None:
            self._thread = thread
        return self._name if thread == self._thread else f"{self._name}/{threading.current_thread().name}"

    def _record(self, topic: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Seen:
        if isinstance(topic, str):
            value = args[0] if args else kwargs.get("value")
            partition = args[2] if len(args) > 2 else kwargs.get("partition")
        else:
            topic, value, partition = topic.topic, topic.value, topic.partition
        identify = self._history.identify
        return Seen(topic, partition, None, value if identify is None else identify(value))

    def _send(
        self,
        row: Row,
        record: Seen,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        on_delivery: Callable[..., object] | None,
    ) -> Any:
        history = self._history

        def delivered(*answer: Any) -> None:
            # (metadata, error), one of which is None; which comes first is the engine's affair.
            error = next((part for part in answer if isinstance(part, BaseException)), None)
            if error is not None:
                history.failed(row, error, [record])
            else:
                at = next(part for part in answer if part is not None)
                offset = at.offset if at.offset >= 0 else None  # acks=0: nobody knows
                history.ok(row, [Seen(record.topic, at.partition, offset, record.value)])
            if on_delivery is not None:
                on_delivery(*answer)

        try:
            return self._producer.send(*args, **kwargs, on_delivery=delivered)
        except BaseException as error:
            history.failed(row, error, [record])
            raise


class RecordedConsumer:
    """A consumer whose polls, partitions, commits and seeks are in the history."""

    def __init__(self, history: "History", name: str, consumer: Any) -> None:
        self._history = history
        self._name = name
        self._consumer = consumer
        self._next: dict[
            tuple[str, int], int
        ] = {}  # the offset after the last record given, of what it holds

    def __getattr__(self, name: str) -> Any:
        return getattr(self._consumer, name)

    def __enter__(self) -> "RecordedConsumer":
        self._consumer.__enter__()
        return self

    def __exit__(self, *exc_info: Any) -> Any:
        try:
            return self._consumer.__exit__(*exc_info)
        finally:
            self._history.note(self._name, "close")

    def __iter__(self) -> Iterator[Any]:
        """The consumer's records, each as a poll of its own."""
        records = iter(self._consumer)
        while True:
            row = self._history.invoke(self._name, "poll")
            try:
                record = next(records)
            except StopIteration:
                self._history.ok(row)
                return
            except BaseException as error:
                self._history.failed(row, error)
                raise
            self._given(row, [record])
            yield record

    def poll(self, *args: Any, **kwargs: Any) -> Any:
        row = self._history.invoke(self._name, "poll")
        try:
            records = self._consumer.poll(*args, **kwargs)
        except BaseException as error:
            self._history.failed(row, error)
            raise
        self._given(row, records)
        return records

    def assign(self, partitions: Iterable[Any]) -> None:
        mine = list(partitions)
        places = places_of(mine)
        self._call("assign", places, lambda: self._consumer.assign(mine))
        held = {(seen.topic, seen.partition) for seen in places}
        for at in self._next.keys() - held:
            del self._next[at]

    def subscribe(self, topics: Iterable[str], listener: Any = None, **kwargs: Any) -> None:
        mine = list(topics)
        listening = Listening(self._history, self._name, self._next, listener)
        self._next.clear()
        self._call(
            "subscribe",
            [Seen(topic) for topic in mine],
            lambda: self._consumer.subscribe(mine, listener=listening, **kwargs),
        )

    def unsubscribe(self) -> None:
        self._call("subscribe", [], self._consumer.unsubscribe)
        self._next.clear()

    def commit(self, offsets: Any = None, **kwargs: Any) -> Any:
        """As the consumer's. Without *offsets* the history has the positions after what poll returned."""
        return self._call(
            "commit", self._committed(offsets), lambda: self._consumer.commit(offsets, **kwargs)
        )

    def commit_async(self, offsets: Any = None, callback: Callable[..., object] | None = None) -> Any:
        row = self._history.invoke(self._name, "commit", self._committed(offsets))

        def answered(*answer: Any) -> None:
            error = next((part for part in answer if isinstance(part, BaseException)), None)
            if error is None:
                self._history.ok(row)
            else:
                self._history.failed(row, error)
            if callback is not None:
                callback(*answer)

        try:
            return self._consumer.commit_async(offsets, callback=answered)
        except BaseException as error:
            self._history.failed(row, error)
            raise

    def seek(self, partition: Any, *args: Any, **kwargs: Any) -> None:
        self._sought([partition])
        self._consumer.seek(partition, *args, **kwargs)

    def seek_to_beginning(self, partitions: Iterable[Any]) -> None:
        mine = list(partitions)
        self._sought(mine)
        self._consumer.seek_to_beginning(mine)

    def seek_to_end(self, partitions: Iterable[Any]) -> None:
        mine = list(partitions)
        self._sought(mine)
        self._consumer.seek_to_end(mine)

    def close(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return self._consumer.close(*args, **kwargs)
        finally:
            self._history.note(self._name, "close")

    def _call(self, f: str, value: list[Seen], call: Callable[[], Any]) -> Any:
        row = self._history.invoke(self._name, f, value)
        try:
            result = call()
        except BaseException as error:
            self._history.failed(row, error)
            raise
        self._history.ok(row)
        return result

    def _given(self, row: Row, records: Iterable[Any]) -> None:
        identify = self._history.identify
        if identify is None:
            seen = [Seen(record.topic, record.partition, record.offset, record.value) for record in records]
        else:
            seen = [self._history.seen(record) for record in records]
        after = self._next
        for topic, partition, offset, _ in seen:
            after[topic, partition] = offset + 1  # type: ignore[index, operator]  # a consumer knows both
        self._history.ok(row, seen)

    def _sought(self, partitions: list[Any]) -> None:
        # Before the call: a poll of another thread is refused, and a seek that failed has promised nothing.
        places = places_of(partitions)
        for seen in places:
            self._next.pop((seen.topic, seen.partition), None)  # type: ignore[arg-type]
        self._history.note(self._name, "seek", places)

    def _committed(self, offsets: Any) -> list[Seen]:
        if offsets is None:
            return [Seen(topic, partition, offset) for (topic, partition), offset in self._next.items()]
        return [Seen(at.topic, at.partition, getattr(to, "offset", to)) for at, to in offsets.items()]


class Listening:
    """A rebalance listener that writes down what it hears and passes it on."""

    def __init__(
        self, history: "History", name: str, after: dict[tuple[str, int], int], listener: Any
    ) -> None:
        self._history = history
        self._name = name
        self._next = after
        self._listener = listener

    def on_assigned(self, *args: Any) -> None:
        self._note("assigned", args)
        self._pass_on("on_assigned", args)

    def on_revoked(self, *args: Any) -> None:
        # Until the listener is done the member may still commit: that is what it is for.
        try:
            self._pass_on("on_revoked", args)
        finally:
            self._note("revoked", args)

    def on_lost(self, *args: Any) -> None:
        self._note("lost", args)
        self._pass_on("on_lost", args)

    def _note(self, f: str, args: tuple[Any, ...]) -> None:
        places = places_of(args[-1])
        for seen in places:
            self._next.pop((seen.topic, seen.partition), None)  # type: ignore[arg-type]
        self._history.note(self._name, f, places)

    def _pass_on(self, name: str, args: tuple[Any, ...]) -> None:
        told = getattr(self._listener, name, None)
        if told is not None:
            told(*args)


def places_of(partitions: Iterable[Any]) -> list[Seen]:
    return [Seen(at.topic, at.partition) for at in partitions]


def drain(history: "History", name: str, consumer: Any, partitions: Iterable[Any], seconds: float) -> None:
    """See ``History.drain``."""
    mine = list(partitions)
    recorded = RecordedConsumer(history, name, consumer)
    row = history.invoke(name, "drain", places_of(mine))
    try:
        recorded.assign(mine)
        recorded.seek_to_beginning(mine)
        ends = consumer.end_offsets(mine)
        deadline = time.monotonic() + seconds
        while behind := [at for at in mine if consumer.position(at) < ends[at]]:
            left = deadline - time.monotonic()
            if left <= 0:
                at = behind[0]
                raise TimeoutError(
                    f"{name} was to read {at.topic}-{at.partition} up to offset {ends[at]} and is at"
                    f" {consumer.position(at)} after {seconds} s: the partition cannot be read to its end"
                )
            recorded.poll(min(left, 1.0))
    except BaseException as error:
        history.info(row, error)
        raise
    history.ok(row)
