"""A row of a history: what one client began to do, or how it ended.

A call makes two rows: one of type ``invoke`` before it, and one when it is over,
which points back to the first. The second is of type

- ``ok``: it happened;
- ``fail``: it certainly did not happen;
- ``info``: it may have happened, at once or later. A time-out says no more than that.

A call without a second row was cut short: read it as ``info``.

What a row is about is always a tuple of :class:`Seen`, whatever the client did:
sent and polled records have a place and a value, committed offsets a place, the
partitions that a consumer was given neither offset nor value. Rows are made by
the hundred thousand, so they are small, and nothing in them is computed before
somebody asks.
"""

from collections.abc import Hashable
from typing import Any, NamedTuple

# What a client does or is told. The first group has invoke rows, the others are single rows of type ok.
CALLS = ("send", "poll", "assign", "subscribe", "commit", "drain")
EVENTS = ("assigned", "revoked", "lost", "seek", "process", "crash", "close")


class Seen(NamedTuple):
    """A record, a committed offset, or a partition, as a client saw it; what it did not see is None."""

    topic: str
    partition: int | None = None
    offset: int | None = None
    value: Hashable = None

    def __str__(self) -> str:
        text = "" if self.value is None else f"{shown(self.value)} @ "
        text += self.topic
        if self.partition is not None:
            text += f"-{self.partition}"
        if self.offset is not None:
            text += f":{self.offset}"
        return text


class Row:
    """One row. ``invoked`` is the row that began the call, ``error`` what the client was told, both or neither."""

    __slots__ = ("error", "f", "index", "invoked", "process", "time", "type", "value")

    def __init__(
        self,
        process: str,
        f: str,
        type: str,  # noqa: A002  the word of the field
        value: tuple[Seen, ...],
        time: float,
        invoked: "Row | None" = None,
        error: str | None = None,
    ) -> None:
        self.process = process
        self.f = f
        self.type = type
        self.value = value
        self.time = time
        self.invoked = invoked
        self.error = error
        self.index = -1  # its place in the history; known from the first analysis on

    @property
    def began(self) -> "Row":
        """The row that began the call, which is this one if nothing else did."""
        return self.invoked or self

    def __repr__(self) -> str:
        return f"<Row {self.index} {self.process} {self.f} {self.type} {told(self.value)}>"


def told(value: tuple[Seen, ...], most: int = 6) -> str:
    """The records of a row, at most so many of them."""
    text = ", ".join(map(str, value[:most]))
    return f"{text}, and {len(value) - most} more" if len(value) > most else text


def shown(value: Any, width: int = 40) -> str:
    """A value in a few characters; bytes that are text are shown as text."""
    if isinstance(value, bytes) and value.isascii():
        text = repr(value.decode("ascii"))
    else:
        text = repr(value)
    return text if len(text) <= width else f"{text[: width - 3]}..."
