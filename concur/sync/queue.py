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
    ...     print(order)
    table 0
    table 1
    table 2
    table 3
    table 4
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
from collections.abc import Iterable
from queue import Empty, Full
from typing import TypeVar

from concur.sync._parking import Line, Place, leave, wake, wake_all, wake_first
from concur.sync._queue import Queue, deadline_of, left_until

T = TypeVar("T")

_HANDFUL = 64  # so many slots at most lie ready for `put`


class BoundedQueue(Queue[T]):
    """At most *maxsize* items, first in, first out; drop-in for ``queue.Queue(maxsize)``."""

    __slots__ = (
        *("_closed", "_done", "_free", "_freed", "_getters", "_guard"),
        *("_issued", "_items", "_joiners", "_putters", "_spare"),
    )

    def __init__(self, maxsize: int, *, name: str | None = None) -> None:
        super().__init__(maxsize, name)
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
        if timeout is not None and timeout < 0:
            deadline_of(block, timeout)  # a ValueError, if it matters
        try:
            self._free.pop()
        except IndexError:
            if not self._put_all([item], deadline_of(block, timeout)):
                raise Full from None
            return
        except BaseException:  # Ctrl-C, with the slot in hand
            self._give_unused()
            raise
        self._items.append(item)

    def put_many(self, items: Iterable[T], timeout: float | None = None) -> int:
        batch = list(items)
        put = self._put_all(batch, deadline_of(True, timeout))
        if batch and not put:
            raise Full
        return put

    def get(self, block: bool = True, timeout: float | None = None) -> T:
        if timeout is not None and timeout < 0:
            deadline_of(block, timeout)  # a ValueError, if it matters
        try:
            item = self._items.popleft()
        except IndexError:
            return self._get_up_to(1, deadline_of(block, timeout))[0]
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
        if limit < 1:
            raise ValueError(f"get_many takes 1 item or more, not {limit}")
        return self._get_up_to(limit, deadline_of(True, timeout))

    def shutdown(self, immediate: bool = False) -> None:
        with self._guard:
            self._stop_puts()
            self._closed = True
            if immediate:
                self._throw_away()
            wake_all(self._getters)
            wake_all(self._putters)

    @property
    def closed(self) -> bool:
        return self._closed

    def task_done(self) -> None:
        with self._guard:
            if self._unfinished() <= 0:
                raise ValueError("task_done() was called more often than items were put")
            self._done += 1
            self._wake_joiners_if_all_done()

    def join(self) -> None:
        place = None
        try:
            while True:
                with self._guard:
                    if self._unfinished() <= 0:
                        return
                    place = Place()
                    self._joiners.append(place)
                place.sleep()
        except BaseException:  # Ctrl-C
            self._leave(self._joiners, place)
            raise

    @property
    def unfinished_tasks(self) -> int:
        with self._guard:
            return self._unfinished()

    def qsize(self) -> int:
        return len(self._items)

    # The slow half: who cannot go on, and who must wake somebody.

    def _put_all(self, batch: list[T], deadline: float) -> int:
        """Put in as many as get room in time; returns how many. Raises Closed if it was closed before the first."""
        put = 0
        while put < len(batch):
            with self._guard:
                if self._closed:
                    if put:
                        return put
                    raise self._no_put()
                self._gather()
                n = min(self._spare, len(batch) - put)
                if n:
                    chunk = batch[put : put + n]
                    # Up to the call of extend() no call, and so no Ctrl-C: slots and items stay in step.
                    self._spare -= n
                    self._issued += n
                    try:
                        self._items.extend(chunk)
                    finally:
                        wake(self._getters, len(chunk))
                        if not self._getters:
                            self._issue()
                    put += len(chunk)
                    continue
            if not self._wait_for_slot(deadline):
                return put
        return put

    def _wait_for_slot(self, deadline: float) -> bool:
        """Return True when there may be a slot, False when the time is up and there is none."""
        left, place = left_until(deadline), None
        try:
            with self._guard:
                self._gather()
                if self._closed or self._spare:
                    return True
                if left is not None and left <= 0:
                    return not self._is_full()
                place = Place()
                self._putters.append(place)
                if self._freed:
                    self._putters.pop()
                    return True
            self._sleep(self._putters, place, left)
        except BaseException:  # Ctrl-C, or a time-out that the machine cannot wait
            self._leave(self._putters, place)
            raise
        return True

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
        left, place = left_until(deadline), None
        if left is not None and left <= 0 and not self._closed:
            raise Empty
        try:
            with self._guard:
                self._stop_puts()
                if self._items:
                    if not self._closed and not self._getters:
                        self._issue()
                    return
                if self._closed:
                    raise self._no_get()
                place = Place()
                self._getters.append(place)
            self._sleep(self._getters, place, left)
        except BaseException:  # Ctrl-C, or a time-out that the machine cannot wait
            self._leave(self._getters, place)
            raise

    def _sleep(self, line: deque[Place], place: Place, left: float | None) -> None:
        """Sleep in line until woken, or for so long; the place is out of line afterwards."""
        if not place.sleep(left):
            with self._guard:
                leave(line, place)

    def _leave(self, line: deque[Place], place: Place | None) -> None:
        """Leave the line without having got what was waited for; a wake-up that came goes to the next in it."""
        if place is not None:
            with self._guard:
                leave(line, place)
                if place.woken:
                    wake_first(line)

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

    def _is_full(self) -> bool:
        """Whether every slot is under an item; False as soon as one is free. Under the guard, after _gather."""
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

    def _wake_putters(self, n: int) -> None:
        with self._guard:
            wake(self._putters, n)

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
            wake(self._getters, len(taken))

    def _throw_away(self) -> None:
        """Take out what is in. Under the guard, and only when closed."""
        thrown = 0
        try:
            while True:
                del self._items[0]
                self._spare += 1
                thrown += 1
        except IndexError:
            pass
        self._done += min(thrown, self._unfinished())
        self._wake_joiners_if_all_done()

    def _unfinished(self) -> int:
        """How many tasks are not done. Under the guard."""
        return self._issued - len(self._free) - self._done

    def _wake_joiners_if_all_done(self) -> None:
        if self._unfinished() <= 0:
            wake_all(self._joiners)
