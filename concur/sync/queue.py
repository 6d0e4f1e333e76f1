"""A queue with room for so many items: who puts waits while it is full, who gets while it is empty.

Use one between threads that make things and threads that use them up. The
bound is the point of it: producers that are too fast are slowed down instead of
filling the memory. For a queue without a bound use ``queue.SimpleQueue``; to
read how a queue is built, :class:`concur.MonitorQueue`, which promises the same.

    >>> from concur import BoundedQueue
    >>> from threading import Thread
    >>> orders = BoundedQueue(2, name="orders")
    >>> def take_orders():
    ...     for table in range(5):
    ...         orders.put(f"table {table}")
    ...     orders.close()
    >>> waiter = Thread(target=take_orders)
    >>> waiter.start()
    >>> for order in orders:  # until closed and empty
    ...     print(order, end=", ")
    table 0, table 1, table 2, table 3, table 4, 
    >>> waiter.join()
    >>> orders
    <BoundedQueue 'orders' 0/2 closed>

How it works. Room is made of *slots*, one for each item that fits in. A slot is
always in one place: free, under an item, or in the hands of a thread in the
middle of a call. Who puts takes a free slot and leaves an item; who gets takes
the item and gives the slot back. These are two steps on two containers whose
methods are atomic; no lock is taken, and that is where the speed comes from.

Only who cannot go on takes the guard, to wait in line. So that nobody sleeps
through what he waits for:

- Who is about to sleep for a slot stands in line first and then looks once more;
  who gave a slot back looks at the line afterwards. One of the two sees the other.
- Who is about to sleep for an item first takes all free slots out of reach. From
  then on every ``put`` has to come by the guard, where it sees the line.

A woken thread is not handed anything: it tries again, and somebody who came just
then may be faster. That keeps the queue busy, where handing over would make every
item wait for a switch of threads. Items keep their order; waiting threads may be
overtaken.

Full is when every slot is under an item, and that can be read in one step. A
thread that finds no free slot, yet fewer items than slots, met others in the
middle of a call, which are a few instructions long: it lets them finish. Hence a
queue of this kind is not for signal handlers and finalizers, which may interrupt
such a call in their own thread (``queue.Queue`` is not either; ``SimpleQueue`` is).
"""

import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from math import inf
from queue import Empty, Full
from typing import Generic, TypeVar

from concur.errors import Closed
from concur.sync._parking import Line, Place, leave, wake_first

T = TypeVar("T")

_HANDFUL = 64  # so many slots at most lie ready for `put`


class BoundedQueue(Generic[T]):
    """At most *maxsize* items, first in, first out; drop-in for ``queue.Queue(maxsize)``."""

    def __init__(self, maxsize: int, *, name: str | None = None) -> None:
        if maxsize < 1:
            raise ValueError(
                f"a bounded queue has room for 1 item or more, not {maxsize}.\n"
                "For a queue without a bound use queue.SimpleQueue, or queue.Queue()."
            )
        self.name = name
        self.maxsize = maxsize
        self._items: deque[T] = deque()
        # The slots that are not under an item. Invariant: every slot is in one of these, under an item, or in
        # the hands of a thread in the middle of a call; and a place in _getters implies that none is in _free.
        self._free: deque[None] = deque()  # ready for `put`, which takes from it without the guard
        self._freed: list[None] = []  # given back by `get`, which adds to it without the guard
        self._spare = maxsize  # the rest; under the guard
        self._guard = threading.Lock()
        self._getters: deque[Place] = deque()  # who sleeps for an item; under the guard
        self._putters = Line()  # who sleeps for a slot; changed under the guard, looked at without
        self._joiners: deque[Place] = deque()  # who sleeps until all tasks are done; under the guard
        self._closed = False  # set under the guard
        # Slots that were ever laid ready or used: the number of puts, and of slots in _free. Under the guard.
        self._issued = 0
        self._done = 0  # calls of task_done; under the guard
        self._issue()

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
        if timeout is not None:
            _check(block, timeout)
        try:
            self._free.pop()
        except IndexError:
            if not self._put_all([item], _deadline(block, timeout)):
                raise Full from None
            return
        except BaseException:  # Ctrl-C, with the slot in hand
            self._give_unused()
            raise
        self._items.append(item)

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
        batch = list(items)
        if timeout is not None:
            _check(True, timeout)
        put = self._put_all(batch, _deadline(True, timeout))
        if batch and not put:
            raise Full
        return put

    def put_nowait(self, item: T) -> None:
        """``put(item, block=False)``."""
        self.put(item, False)

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
        if timeout is not None:
            _check(block, timeout)
        try:
            item = self._items.popleft()
        except IndexError:
            return self._get_up_to(1, _deadline(block, timeout))[0]
        except BaseException:  # Ctrl-C, which takes the item with it, as it does in any queue; not the slot
            self._give_back(1)
            raise
        try:
            self._freed.append(None)
        finally:
            if self._putters:
                self._wake_putters(1)
        return item

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
        if limit < 1:
            raise ValueError(f"get_many takes 1 item or more, not {limit}")
        if timeout is not None:
            _check(True, timeout)
        return self._get_up_to(limit, _deadline(True, timeout))

    def get_nowait(self) -> T:
        """``get(block=False)``."""
        return self.get(False)

    def close(self) -> None:
        """Let nothing more in: every `put` raises `Closed`, also those that wait.

        What is in can still be taken; after that `get` raises `Closed` too, and iteration ends. To close twice
        is to close once.
        """
        self.shutdown()

    def shutdown(self, immediate: bool = False) -> None:
        """Close the queue, as ``queue.Queue.shutdown`` of Python 3.13 does.

        Args:
            immediate: throw away what is in, counting each item as a task that is done.
        """
        with self._guard:
            self._stop_puts()
            self._closed = True
            if immediate:
                self._throw_away()
            while wake_first(self._getters) or wake_first(self._putters):
                pass

    @property
    def closed(self) -> bool:
        """Whether the queue was closed; there may be items left to take."""
        return self._closed

    def __iter__(self) -> Iterator[T]:
        """Take items out, waiting for each, until the queue is closed and empty."""
        while True:
            try:
                item = self.get()
            except Closed:
                return
            yield item

    def task_done(self) -> None:
        """Say that an item that was taken has been dealt with.

        Raises:
            ValueError: there were not so many items.
        """
        with self._guard:
            if self.unfinished_tasks <= 0:
                raise ValueError("task_done() was called more often than items were put")
            self._done += 1
            self._wake_joiners_if_all_done()

    def join(self) -> None:
        """Wait until `task_done` was called for every item that was put."""
        while True:
            place = Place()
            with self._guard:
                if self.unfinished_tasks <= 0:
                    return
                self._joiners.append(place)
            try:
                place.sleep()
            except BaseException:  # Ctrl-C
                with self._guard:
                    leave(self._joiners, place)
                raise

    @property
    def unfinished_tasks(self) -> int:
        """How many items were put for which `task_done` was not called."""
        return self._issued - len(self._free) - self._done

    def qsize(self) -> int:
        """How many items are in; it may have changed by the time the caller looks at the number."""
        return len(self._items)

    def empty(self) -> bool:
        """Whether no item is in; see `qsize`."""
        return not self.qsize()

    def full(self) -> bool:
        """Whether there is no room; see `qsize`."""
        return self.qsize() >= self.maxsize

    def __repr__(self) -> str:
        name = "" if self.name is None else f" {self.name!r}"
        return f"<BoundedQueue{name} {self.qsize()}/{self.maxsize}{' closed' * self._closed}>"

    # The slow half: who cannot go on, and who must wake somebody.

    def _put_all(self, batch: list[T], deadline: float) -> int:
        """Put in as many as get room in time; returns how many. Raises Closed if it was closed before the first."""
        put = 0
        while put < len(batch):
            with self._guard:
                if self._closed:
                    if put:
                        return put
                    raise Closed(f"put into {self._called()}, which is closed")
                self._gather()
                n = min(self._spare, len(batch) - put)
                if n:
                    chunk = batch[put : put + n]
                    # From here to the call of extend() no call, and so no Ctrl-C: slots and items stay in step.
                    self._spare -= n
                    self._issued += n
                    try:
                        self._items.extend(chunk)
                    finally:
                        while n and wake_first(self._getters):
                            n -= 1
                        if not self._getters:
                            self._issue()
                    put += len(chunk)
                    continue
                left = _left(deadline)
                if left is not None and left <= 0:
                    if self._is_full_for_certain():
                        return put
                    continue
                place = Place()
                self._putters.append(place)
                if self._freed:
                    self._putters.pop()
                    continue
            self._sleep(self._putters, place, left)
        return put

    def _get_up_to(self, limit: int, deadline: float) -> list[T]:
        """Take at least one item; raises Empty or Closed."""
        taken: list[T] = []
        try:
            while len(taken) < limit:
                try:
                    item = self._items.popleft()
                except IndexError:
                    if taken:
                        break
                    self._wait_for_item(deadline)
                    continue
                except BaseException:  # Ctrl-C, see get()
                    self._give_back(1)
                    raise
                taken.append(item)
        except BaseException:
            if taken:
                self._put_back(taken)
            raise
        self._give_back(len(taken))
        return taken

    def _wait_for_item(self, deadline: float) -> None:
        """Return when there may be an item; there was none a moment ago."""
        left = _left(deadline)
        if left is not None and left <= 0 and not self._closed:
            raise Empty
        with self._guard:
            if not self._closed:
                self._stop_puts()
            if self._items:
                if not self._closed and not self._getters:
                    self._issue()
                return
            if self._closed:
                raise Closed(f"get from {self._called()}, which is closed and empty")
            place = Place()
            self._getters.append(place)
        self._sleep(self._getters, place, left)

    def _sleep(self, line: deque[Place], place: Place, left: float | None) -> None:
        """Sleep in line until woken, or for so long; in any case the place is out of line afterwards."""
        try:
            if place.sleep(left):
                return
        except BaseException:  # Ctrl-C, or a time-out that the machine cannot wait
            with self._guard:
                leave(line, place)
                if place.woken:
                    wake_first(line)  # the wake-up that we were given belongs to the next in line
            raise
        with self._guard:
            leave(line, place)

    def _gather(self) -> None:
        """Take all free slots into _spare. Under the guard."""
        free, freed = self._free, self._freed
        try:
            while True:
                del free[-1]  # not pop(): no call, so no Ctrl-C before the slot is counted
                self._spare += 1
                self._issued -= 1
        except IndexError:
            pass
        n = len(freed)
        del freed[:n]
        self._spare += n

    def _issue(self) -> None:
        """Lay slots ready for `put`. Under the guard, and only while nobody sleeps for an item."""
        free, n = self._free, min(self._spare, _HANDFUL)
        free += [None] * n  # not extend(): see _gather
        self._spare -= n
        self._issued += n

    def _stop_puts(self) -> None:
        """Take the slots out of reach of `put`, and let those in the middle of a call finish. Under the guard.

        Slots go one way now: under an item, and back. So when all are seen, in this order, nobody has one.
        """
        self._gather()
        while self._spare + len(self._freed) + len(self._items) < self.maxsize:
            time.sleep(0)  # somebody is in the middle of a call

    def _is_full_for_certain(self) -> bool:
        """Whether every slot is under an item; False as soon as one is free. Under the guard."""
        while len(self._items) < self.maxsize:
            if self._freed:
                return False
            time.sleep(0)  # somebody is in the middle of a call
        return True

    def _give_back(self, n: int) -> None:
        """Free the slots of *n* items that were taken."""
        freed = self._freed
        freed += [None] * n
        if self._putters:
            self._wake_putters(n)

    def _give_unused(self) -> None:
        """Free a slot that `put` took, but did not use."""
        with self._guard:
            self._spare += 1
            self._issued -= 1
            wake_first(self._putters)
            self._wake_joiners_if_all_done()

    def _put_back(self, taken: list[T]) -> None:
        """Put items back where they were taken, with their slots."""
        with self._guard:
            self._items.extendleft(reversed(taken))
            n = len(taken)
            while n and wake_first(self._getters):
                n -= 1

    def _throw_away(self) -> None:
        """Take out what is in. Under the guard, and only when closed."""
        thrown = 0
        try:
            while True:
                self._items.popleft()
                thrown += 1
        except IndexError:
            pass
        self._done += min(thrown, self.unfinished_tasks)
        self._wake_joiners_if_all_done()

    def _wake_putters(self, n: int) -> None:
        with self._guard:
            while n and wake_first(self._putters):
                n -= 1

    def _wake_joiners_if_all_done(self) -> None:
        if self.unfinished_tasks <= 0:
            while wake_first(self._joiners):
                pass

    def _called(self) -> str:
        return "an unnamed queue" if self.name is None else f"queue {self.name!r}"


def _check(block: bool, timeout: float) -> None:
    if block and timeout < 0:
        raise ValueError(f"a queue waits for 0 seconds or more, not {timeout}")


def _deadline(block: bool, timeout: float | None) -> float:
    """Until when to wait: for ever, not at all, or until the clock shows it."""
    if not block or timeout == 0:
        return -inf
    return inf if timeout is None else time.monotonic() + timeout


def _left(deadline: float) -> float | None:
    """How many seconds until then; None for ever."""
    if deadline == inf:
        return None
    return 0.0 if deadline == -inf else deadline - time.monotonic()
