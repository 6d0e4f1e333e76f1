"""What the two bounded queues have in common: the calls that are made of other calls, and reckoning with time."""

import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from math import inf
from typing import Generic, TypeVar

from concur.errors import Closed

T = TypeVar("T")


class Queue(ABC, Generic[T]):
    """What a bounded queue offers."""

    __slots__ = ("__weakref__", "maxsize", "name")

    def __init__(self, maxsize: int, name: str | None) -> None:
        if maxsize < 1:
            raise ValueError(
                f"a bounded queue has room for 1 item or more, not {maxsize}.\n"
                "For a queue without a bound use queue.SimpleQueue, or queue.Queue()."
            )
        self.maxsize = maxsize
        self.name = name

    @abstractmethod
    def put(self, item: T, block: bool = True, timeout: float | None = None) -> None:
        """Add an item, waiting for room if there is none.

        Args:
            item: anything.
            block: whether to wait; without, *timeout* means nothing.
            timeout: seconds to wait at most.

        Raises:
            queue.Full: there was no room (in time).
            Closed: the queue is closed, or was closed while this call waited; the item is not in.
            ValueError: *timeout* is negative.
        """

    @abstractmethod
    def put_many(self, items: Iterable[T], timeout: float | None = None) -> int:
        """Add items in their order, as many at a time as there is room for, waiting until all are in.

        It is not one step: items that others put may come to lie between. Who gets an exception knows that
        nothing went in; who gets a number knows how many did, and ``items[number:]`` did not.

        Args:
            items: if it is a list or a tuple, the rest can be told.
            timeout: seconds to wait at most, for all of them together.

        Returns:
            How many are in. Fewer than all only if the time was up, or the queue was closed, in between.

        Raises:
            queue.Full: not even one went in (in time).
            Closed: not even one went in before the queue was closed.
            ValueError: *timeout* is negative.

        >>> from concur import BoundedQueue
        >>> queue = BoundedQueue(3)
        >>> queue.put_many("abcde", timeout=0)
        3
        >>> queue.get_many(2), queue.get_many(2)
        (['a', 'b'], ['c'])
        """

    @abstractmethod
    def get(self, block: bool = True, timeout: float | None = None) -> T:
        """Take the oldest item out, waiting for one if there is none.

        Args:
            block: whether to wait; without, *timeout* means nothing.
            timeout: seconds to wait at most.

        Raises:
            queue.Empty: there was no item (in time).
            Closed: the queue is closed, and everything that was put has been taken.
            ValueError: *timeout* is negative.
        """

    @abstractmethod
    def get_many(self, limit: int, timeout: float | None = None) -> list[T]:
        """Take what is there, at least one item and at most *limit*, waiting only for the first.

        Args:
            limit: how many at most; 1 or more.
            timeout: seconds to wait for the first.

        Raises:
            queue.Empty: there was no item (in time). Nothing was taken.
            Closed: the queue is closed, and everything that was put has been taken.
            ValueError: *timeout* is negative, or *limit* less than 1.
        """

    @abstractmethod
    def shutdown(self, immediate: bool = False) -> None:
        """Close the queue, as ``queue.Queue.shutdown`` of Python 3.13 does.

        Args:
            immediate: throw away what is in, counting each item as a task that is done.
        """

    @property
    @abstractmethod
    def closed(self) -> bool:
        """Whether the queue was closed; there may be items left to take."""

    @abstractmethod
    def qsize(self) -> int:
        """How many items are in; it may have changed by the time the caller looks at the number."""

    @abstractmethod
    def task_done(self) -> None:
        """Say that an item that was taken has been dealt with.

        Raises:
            ValueError: there were not so many items.
        """

    @abstractmethod
    def join(self) -> None:
        """Wait until `task_done` was called for every item that was put."""

    @property
    @abstractmethod
    def unfinished_tasks(self) -> int:
        """How many items were put for which `task_done` was not called."""

    def put_nowait(self, item: T) -> None:
        """``put(item, block=False)``."""
        self.put(item, False)

    def get_nowait(self) -> T:
        """``get(block=False)``."""
        return self.get(False)

    def __iter__(self) -> Iterator[T]:
        """Take items out, waiting for each, until the queue is closed and empty."""
        while True:
            try:
                item = self.get()
            except Closed:
                return
            yield item

    def close(self) -> None:
        """Let nothing more in: every `put` raises :class:`concur.Closed`, also those that wait.

        What is in can still be taken; after that `get` raises it too, and iteration ends. To close twice is to
        close once.
        """
        self.shutdown()

    def empty(self) -> bool:
        """Whether no item is in; see `qsize`."""
        return self.qsize() == 0

    def full(self) -> bool:
        """Whether there is no room; see `qsize`."""
        return self.qsize() == self.maxsize

    def __repr__(self) -> str:
        name = "" if self.name is None else f" {self.name!r}"
        return f"<{type(self).__name__}{name} {self.qsize()}/{self.maxsize}{' closed' * self.closed}>"

    def _no_put(self) -> Closed:
        return Closed(f"put into {self._called()}, which is closed")

    def _no_get(self) -> Closed:
        return Closed(f"get from {self._called()}, which is closed and empty")

    def _called(self) -> str:
        return "an unnamed queue" if self.name is None else f"queue {self.name!r}"


def deadline_of(block: bool, timeout: float | None) -> float:
    """What the clock shows when the time is up; infinite for never, and minus infinite for at once."""
    if not block:
        return -inf
    if timeout is None:
        return inf
    if timeout < 0:
        raise ValueError(f"a queue waits for 0 seconds or more, not {timeout}")
    return time.monotonic() + timeout if timeout else -inf


def left_until(deadline: float) -> float | None:
    """How many seconds until then, 0 or less if the time is up; None for ever."""
    if deadline == inf:
        return None
    return 0.0 if deadline == -inf else deadline - time.monotonic()
