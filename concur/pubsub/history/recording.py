"""A history: rows of what clients did and saw, written down while they do it.

Use one around the clients of a test, and ask it afterwards what went wrong:

    >>> from concur.pubsub.history import History
    >>> history = History()
    >>> sent = history.invoke("p1", "send", [("orders", 0, None, b"tea")])
    >>> history.ok(sent, [("orders", 0, 7, b"tea")])
    >>> polled = history.invoke("c1", "poll")
    >>> history.ok(polled, [("orders", 0, 7, b"tee")])
    >>> for error in history.errors():
    ...     print(error.kind)
    unsent-read
    inconsistent-offsets
    lost-write

``history.producer("p1", producer)`` and ``history.consumer("c1", consumer)``
write such rows by themselves. The order of the rows is an order in which things
can have happened: a row of type invoke is written before the call, and the row
that ends it afterwards. Nothing is locked: appending to a list is one step.
"""

import time
from collections.abc import Callable, Hashable, Iterable
from typing import Any

from concur.errors import UsageError
from concur.pubsub.history.analysis import anomalies_in
from concur.pubsub.history.clients import RecordedConsumer, RecordedProducer, drain
from concur.pubsub.history.evidence import Evidence
from concur.pubsub.history.kinds import Anomaly, promised
from concur.pubsub.history.lag import Lag, worst_lag
from concur.pubsub.history.report import report
from concur.pubsub.history.rows import CALLS, EVENTS, Row, Seen

Places = Iterable[tuple[Any, ...]]


class History:
    """What clients did and saw. Any thread may write; analyse it when they are done.

    Args:
        identify: what tells one value from another, if not the value itself. Each value is sent once to a topic.
    """

    def __init__(self, identify: Callable[[Any], Hashable] | None = None) -> None:
        self.rows: list[Row] = []  # only ever appended to
        self.groups: dict[str, str] = {}  # of the consumers that are in one
        self.identify = identify

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        return f"<History rows={len(self.rows)}>"

    # Recording.

    def producer(self, name: str, producer: Any) -> RecordedProducer:
        """Wrap *producer*: what it sends is written down under *name*. Everything else is passed on."""
        return RecordedProducer(self, name, producer)

    def consumer(self, name: str, consumer: Any, group: str | None = None) -> RecordedConsumer:
        """Wrap *consumer*, a member of *group*: its polls, its partitions and its commits are written down."""
        if group is not None:
            self.groups[name] = group
        return RecordedConsumer(self, name, consumer)

    def invoke(self, process: str, f: str, value: Places = ()) -> Row:
        """Write down that a call begins; give the row to :meth:`ok`, :meth:`fail` or :meth:`info`.

        Args:
            process: the client's name. A client does one thing at a time.
            f: "send", "poll", "assign", "subscribe", "commit" or "drain".
            value: tuples (topic, partition, offset, value), as far as they are known.
        """
        if f not in CALLS:
            raise UsageError(f"a call is one of {', '.join(CALLS)}, not {f!r}; for an event use History.note")
        row = Row(process, f, "invoke", _seen(value), time.monotonic())
        self.rows.append(row)
        return row

    def ok(self, invoked: Row, value: Places | None = None) -> None:
        """It happened; *value* is what came of it, or what was asked for."""
        self._end(invoked, "ok", value, None)

    def fail(self, invoked: Row, error: object = None, value: Places | None = None) -> None:
        """It certainly did not happen. What a poll returned all the same is *value*."""
        self._end(invoked, "fail", value, error)

    def info(self, invoked: Row, error: object = None, value: Places | None = None) -> None:
        """It may have happened, or may yet."""
        self._end(invoked, "info", value, error)

    def failed(self, invoked: Row, error: BaseException, value: Places | None = None) -> None:
        """It raised *error*: definite, if that has an attribute ``definite`` that is true, or else perhaps."""
        (self.fail if getattr(error, "definite", False) is True else self.info)(invoked, error, value)

    def note(self, process: str, f: str, value: Places = ()) -> None:
        """Write down what is over at once.

        Args:
            process: the client's name.
            f: "assigned", "revoked" or "lost" (partitions), "seek" (partitions), "process" (records that the
                client is done with), "crash" or "close".
            value: tuples as for :meth:`invoke`.
        """
        if f not in EVENTS:
            raise UsageError(
                f"an event is one of {', '.join(EVENTS)}, not {f!r}; for a call use History.invoke"
            )
        self.rows.append(Row(process, f, "ok", _seen(value), time.monotonic()))

    def processed(self, process: str, records: Iterable[Any]) -> None:
        """Write down that *process* is done with *records*, before it commits them if it is to lose none."""
        self.note(process, "process", [self.seen(record) for record in records])

    def crashed(self, process: str) -> None:
        """Write down that *process* died; what it was about to do it will not do."""
        self.note(process, "crash")

    def drain(self, name: str, consumer: Any, partitions: Iterable[Any], seconds: float = 60.0) -> None:
        """Let *consumer* read *partitions* from their start to their end: what it does not find then is not there.

        Args:
            name: the consumer's name in the history.
            consumer: one that has no partitions yet; it is assigned these.
            partitions: all that were written to.
            seconds: how long to try.

        Raises:
            TimeoutError: the end was not reached in time.
        """
        drain(self, name, consumer, partitions, seconds)

    def seen(self, record: Any) -> Seen:
        """A consumer's record as a row has it."""
        value = record.value if self.identify is None else self.identify(record.value)
        return Seen(record.topic, record.partition, record.offset, value)

    def _end(self, invoked: Row, how: str, value: Places | None, error: object) -> None:
        seen = invoked.value if value is None else _seen(value)
        if isinstance(error, BaseException):
            error = f"{type(error).__name__}: {error}"  # not the error itself, which keeps whole frames alive
        told = None if error is None else str(error)
        self.rows.append(Row(invoked.process, invoked.f, how, seen, time.monotonic(), invoked, told))

    # Analysis.

    def evidence(self) -> Evidence:
        """What the rows so far prove. Raises UsageError if a value was sent twice to a topic."""
        return Evidence(list(self.rows), dict(self.groups))

    def anomalies(self) -> list[Anomaly]:
        """Everything that is odd, errors or not; see ``Anomaly.is_error``."""
        return anomalies_in(self.evidence())

    def errors(self, promises: frozenset[str] | None = None) -> list[Anomaly]:
        """The anomalies that *promises* forbid (as a rule those of ``promised()``)."""
        made = promised() if promises is None else promises
        return [anomaly for anomaly in self.anomalies() if anomaly.is_error(made)]

    def worst_lag(self) -> Lag | None:
        """How far behind the slowest poll was; None if none was."""
        return worst_lag(self.evidence())

    def report(self, promises: frozenset[str] | None = None) -> str:
        """The verdict, the errors with the rows that show them, what is allowed, and the worst lag, as text."""
        evidence = self.evidence()
        since = evidence.rows[0].time if evidence.rows else 0.0
        made = promised() if promises is None else promises
        return report(anomalies_in(evidence), made, len(evidence.rows), worst_lag(evidence), since)

    def check(self, promises: frozenset[str] | None = None) -> None:
        """Raise AssertionError, with the report, if there is an error."""
        if self.errors(promises):
            raise AssertionError(self.report(promises))


def _seen(value: Places) -> tuple[Seen, ...]:
    return tuple([seen if type(seen) is Seen else Seen(*seen) for seen in value])
