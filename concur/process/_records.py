"""Items as bytes: several in one record, and each of them for itself when it is not plain data.

To pickle many small items as one list takes a fraction of the time that it takes
to pickle each. But then what goes wrong with one goes wrong with all: who takes
the list has nothing of it if a single class cannot be found there. That does not
happen to numbers, texts, bytes, and lists, tuples, sets and dicts of them. So a
group of such items is one list; any other group is a tuple of pickles.
"""

import io
import pickle
from collections.abc import Iterator, Sequence
from pickle import dumps, loads
from typing import Any

PROTOCOL = 5
GROUP = 64  # items in a record at most
GROUP_BYTES = 16_384  # and bytes, about
_GONE = object()  # in place of an item that was handed out


class Unfit(Exception):
    """An item that does not go in: `args` are its index and how many bytes it has, or None if it has no pickle."""


class _Pickler(pickle.Pickler):
    """Notices whether there is anything but plain data."""

    is_plain = True

    def reducer_override(self, thing: Any) -> Any:
        self.is_plain = False
        return NotImplemented


def record_of(items: Sequence[Any]) -> bytes:
    """A group of items as one record. Raises `Unfit`, with the cause, for the first that has no pickle."""
    if len(items) > 1:
        file = io.BytesIO()
        pickler = _Pickler(file, PROTOCOL)
        try:
            pickler.dump(list(items))
            if pickler.is_plain:
                return file.getvalue()
        except Exception:
            pass  # the fault of one of them
    pickles = []
    for index, item in enumerate(items):
        try:
            pickles.append(dumps(item, PROTOCOL))
        except Exception as error:
            raise Unfit(index, None) from error
    return dumps(tuple(pickles), PROTOCOL) if len(items) > 1 else pickles[0]


def records_of(items: Sequence[Any], most: int, largest: int, likely: int) -> Iterator[tuple[int, bytes]]:
    """All items, in groups of at most *most*, *likely* so many: how many, and the record, of at most *largest* bytes.

    Raises `Unfit` for the first item that has no pickle or is too large.
    """
    at, most, enough = 0, min(most, GROUP), min(largest, 4 * GROUP_BYTES)
    while at < len(items):
        count = min(likely, most, len(items) - at)
        try:
            record = record_of(items[at : at + count])
        except Unfit as unfit:
            raise Unfit(at + unfit.args[0], None) from unfit.__cause__
        size = len(record)
        if count > 1 and size > enough:
            likely = min(count // 2, max(1, GROUP_BYTES * count // size))
            continue
        if size > largest:
            raise Unfit(at, size)
        yield count, record
        at += count
        likely = max(1, GROUP_BYTES * count // size)


class Opened:
    """What this process has made of the last group of which it took a part; the next part needs no second reading.

    Another record with the same bytes in it has the same items; only those that were handed out already are read
    once more, since two items of a queue are two objects.
    """

    def __init__(self) -> None:
        self._last: tuple[bytes, Any] = b"", []

    def add(self, items: list[Any], record: Any, first: int, last: int, count: int) -> None:
        """Add to *items* those from *first* to *last* of the *count* items of a record."""
        if last - first == count:
            group = loads(record)
            if type(group) is list:
                items += group
                return
        else:
            content = bytes(record)
            known, group = self._last
            if content != known or any(item is _GONE for item in group[first:last]):
                group = loads(content)
            self._last = (content, group) if last < count else (b"", [])
        for index in range(first, last):
            if type(group) is tuple:
                items.append(loads(group[index]))
            else:
                items.append(group[index])
                group[index] = _GONE
