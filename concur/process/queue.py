"""A queue between processes: at most so many items and so many bytes, and it outlives whoever is killed.

Use one to hand work from process to process. The bound is the point of it, as
with :class:`concur.BoundedQueue`, which is the one between threads. A
`multiprocessing.Queue` sends through a pipe, from a thread of its own: an item
that cannot be pickled is lost without a word, an item may still be on its way when
`put` has returned, and a process that is killed while it puts or takes leaves a
lock behind that nobody else gets. Here `put` returns when the item is in, and
says what is wrong with it; and no kill stops the others.

    >>> from concur import ProcessQueue
    >>> orders = ProcessQueue(3, name="orders")
    >>> orders.put("table 1")
    >>> orders.put_many(["table 2", "table 3", "table 4"], timeout=0)  # no room for the last
    2
    >>> orders
    <ProcessQueue 'orders' 3/3>
    >>> orders.close()
    >>> list(orders)  # until closed and empty
    ['table 1', 'table 2', 'table 3']

Give it to a child process as an argument; it works under `fork`, `spawn` and
`forkserver`, and between the threads of one process too. There is nothing to
clean up: its memory has no name, and goes with the last process that has it.

What is promised when somebody is killed, at whatever instruction:

- The others go on. A wake-up that is lost costs them a twentieth of a second.
- A *producer*: the item of its `put` is in, or it is not, and never a part of it.
  Of its `put_many` the first so many are in, in their order, and no others.
- A *consumer*: an item is its own when `get` is about to return, and not before.
  Whatever else it had in hand comes back, and is taken by another one; it is then
  no longer in its place in the order, and may be one item more than there is room
  for. So nothing is taken twice; and lost is only what was in the hands of the
  killed one itself: the items of one call that had returned, or had nothing left to
  do but return, and which it had not yet made something of.

An exception or Ctrl-C in the middle of `get` does the same: the items come back.
Only when it strikes in the moment in which the call returns are they gone, as with
every queue in Python; a `put` that it strikes may have put the item.

What it does not promise: fairness between those who wait; `task_done` and `join`;
that two objects of one item are still one object in the next (each item is pickled
as it was when it was put, and `put_many` pickles groups). An item that is not yet
taken from a closed queue, since it is in the hand of somebody else, may come back
if that one is killed: `get` says :class:`concur.Closed` only when it cannot.

How it works. Items are pickles in a ring in shared memory: ``_ring.py``. Each side
has a gate of its own, a lock on a file that the kernel takes back from the dead. A
producer makes its record complete, then moves the tail, by one store. A consumer
notes what it takes, then moves the head, opens the gate, makes the items from their
pickles, and strikes the note out, again by one store, as the last thing that it
does. A note whose owner has died is taken over by whoever finds nothing else.

Who has to wait looks a few times, then sleeps until a bell is rung, and looks again
after 50 ms in any case. The items of `put_many` go in groups, a record for up to 64
of them; that is where most of the time is saved, so use it where there are many.
"""

from collections.abc import Iterable, Iterator
from math import inf
from multiprocessing import context
from pickle import dumps, loads
from queue import Empty, Full
from typing import Any, Generic, TypeVar

from concur.errors import Closed
from concur.process._bell import Bell
from concur.process._forks import after_fork
from concur.process._gate import Gate, fence
from concur.process._parties import Parties
from concur.process._records import GROUP, PROTOCOL, Opened, Unfit, record_of, records_of
from concur.process._refusals import check_bounds, no_get, no_item, no_pickle, no_put, too_large
from concur.process._ring import FREED, GET_RUNG, GET_SLEPT, PUT_RUNG, PUT_SLEPT, SHUT, Hand, Ring, words_for
from concur.process._segment import WORD, Segment
from concur.process._waiting import Wait, deadline_of

T = TypeVar("T")

PLACES = 256  # processes that take from a queue at a time
CLAIMS = 64  # calls at a time that are taking
_WORDS = words_for(CLAIMS)


class ProcessQueue(Generic[T]):
    """At most *maxsize* items and *capacity* bytes, first in, first out.

    Args:
        maxsize: items at most, from 1 to 16,777,215.
        capacity: bytes of shared memory for them, from 64 to less than 4 GiB. An item takes those of its pickle, and
            8 to 15 more; they are free when its `get` is over, and those of the items before it.
        name: for the `repr` and for errors.

    Raises:
        ValueError: a number is out of range.
    """

    def __init__(self, maxsize: int, *, capacity: int = 1 << 20, name: str | None = None) -> None:
        check_bounds(maxsize, capacity)
        self.maxsize = maxsize  # items
        self.name = name
        self._segment = Segment(_WORDS * WORD + -(-capacity // WORD) * WORD)
        self._producers = Gate()
        self._consumers = Gate()
        self._parties = Parties(PLACES)
        self._items_come = Bell()  # rung when items were put, and at the end
        self._room_comes = Bell()  # rung when items were taken, and at the end
        self._begin_here()
        after_fork(self, ProcessQueue._begin_here)

    def _begin_here(self) -> None:
        """Set up what this process has for itself: at first, and anew in a forked child."""
        memory = self._segment.bytes
        self._ring = Ring(
            memory[: _WORDS * WORD].cast("Q"),
            memory[_WORDS * WORD :],
            self.maxsize,
            self._producers.behind,
            self._consumers.behind,
            self._parties.lives,
            fence,
        )
        self._words = self._ring.words
        self.capacity = self._ring.capacity
        self._largest = self.capacity - WORD  # a record has a header
        self._me = -1  # no consumer yet
        self._opened = Opened()
        self._likely = GROUP  # so many items make a record, if they are like those before

    # Putting

    def put(self, item: T, block: bool = True, timeout: float | None = None) -> None:
        """Add an item, waiting for room if there is none. It is in when this returns.

        Args:
            item: anything that can be pickled; it is pickled at once.
            block: whether to wait; without, *timeout* means nothing.
            timeout: seconds to wait at most.

        Raises:
            queue.Full: there was no room (in time).
            Closed: the queue is closed, or was closed while this call waited; the item is not in.
            pickle.PicklingError: the item cannot be pickled; the cause says why.
            ValueError: the pickle is larger than the whole queue, or *timeout* is negative.
        """
        deadline = inf if timeout is None and block else deadline_of(block, timeout)
        try:
            record = dumps(item, PROTOCOL)
        except Exception as error:
            raise no_pickle("the item", self.name) from error
        if len(record) > self._largest:
            raise too_large("the item", len(record), self._largest, self.name)
        wait = None
        while status := self._ring.put(record, 1):
            if status == SHUT:
                raise no_put(self.name)
            if wait is None:
                wait = self._for_room(deadline)
            if not wait.goes_on():
                raise Full
        if self._words[GET_SLEPT] != self._words[GET_RUNG]:
            self._items_come.ring(self._ring.rings_for_items(1))

    def put_many(self, items: Iterable[T], timeout: float | None = None) -> int:
        """Add items in their order, as many at a time as there is room for, waiting until all are in.

        It is not one step: items that others put may come to lie between. Who gets an exception, other than Ctrl-C,
        knows that nothing went in; who gets a number knows how many did, and ``items[number:]`` did not. All are
        pickled before the first goes in.

        Args:
            items: if it is a list or a tuple, the rest can be told.
            timeout: seconds to wait at most, for all of them together.

        Returns:
            How many are in. Fewer than all only if the time was up, or the queue was closed, in between.

        Raises:
            queue.Full: not even one went in (in time).
            Closed: not even one went in before the queue was closed.
            pickle.PicklingError: one of them cannot be pickled; the message has its index, the cause says why.
            ValueError: the pickle of one is larger than the whole queue, or *timeout* is negative.
        """
        deadline = deadline_of(True, timeout)
        batch = list(items)
        put = 0
        try:
            # The next is the last. Everything has a pickle before anything goes in.
            todo: list[tuple[int, bytes | None]] = [
                *records_of(batch, self.maxsize, self._largest, self._likely)
            ]
            if todo:
                self._likely = max(8, todo[0][0])
            todo.reverse()
            wait = None
            while todo:
                count, record = todo.pop()
                if record is None:
                    record = record_of(batch[put : put + count])
                status = self._ring.put(record, count)
                if status == 0:
                    put += count
                    if self._words[GET_SLEPT] != self._words[GET_RUNG]:
                        self._items_come.ring(self._ring.rings_for_items(count))
                    continue
                if status == SHUT:
                    if put:
                        return put
                    raise no_put(self.name)
                room = self.maxsize - len(self._ring)
                if room > 0 and count > 1:
                    part = room if room < count else count // 2
                    todo += [(count - part, None), (part, None)]
                    continue
                todo.append((count, record))
                if wait is None:
                    wait = self._for_room(deadline)
                if not wait.goes_on():
                    if put:
                        return put
                    raise Full
        except Unfit as unfit:
            if put:
                return put  # it had a pickle a moment ago; who puts the rest is told
            index, size = unfit.args
            if size is None:
                raise no_pickle(f"item {index}", self.name) from unfit.__cause__
            raise too_large(f"item {index}", size, self._largest, self.name) from None
        return put

    def put_nowait(self, item: T) -> None:
        """``put(item, block=False)``."""
        self.put(item, False)

    # Getting

    def get(self, block: bool = True, timeout: float | None = None) -> T:
        """Take the oldest item out, waiting for one if there is none.

        Args:
            block: whether to wait; without, *timeout* means nothing.
            timeout: seconds to wait at most.

        Raises:
            queue.Empty: there was no item (in time).
            Closed: the queue is closed, and everything that was put has been taken.
            pickle.UnpicklingError: the item cannot be made from its pickle in this process, and was taken out; the
                cause says why.
            ValueError: *timeout* is negative.
            OverflowError: more processes take from the queue than it has places for (256).
        """
        return self._get(1, inf if timeout is None and block else deadline_of(block, timeout))[0]

    def get_many(self, limit: int, timeout: float | None = None) -> list[T]:
        """Take what is there, at least one item and at most *limit*, waiting only for the first.

        Args:
            limit: how many at most; 1 or more.
            timeout: seconds to wait for the first.

        Raises:
            queue.Empty: there was no item (in time). Nothing was taken.
            Closed: the queue is closed, and everything that was put has been taken.
            pickle.UnpicklingError: as in `get`, if it is the first; if it is another, those before it are returned.
            ValueError: *timeout* is negative, or *limit* less than 1.
        """
        if limit < 1:
            raise ValueError(f"get_many takes 1 item or more, not {limit}")
        return self._get(limit, deadline_of(True, timeout))

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

    def _get(self, limit: int, deadline: float) -> list[T]:
        """Take at least one item."""
        ring, hand = self._ring, Hand()
        me = self._me
        if me < 0:
            me = self._consumers.behind(self._become_consumer)
        try:
            wait = None
            while status := ring.take(hand, limit, me):
                if status == SHUT:
                    raise no_get(self.name)
                if wait is None:
                    wait = self._for_item(deadline)
                if not wait.goes_on():
                    raise Empty
            items, failure = self._read(hand)
            ring.finish(hand)
        except BaseException:
            if hand.slot >= 0:
                ring.starts[hand.slot] |= FREED  # no call before this: a second Ctrl-C comes later
                hand.slot = -1
                self._items_come.ring()
            raise
        if self._words[PUT_SLEPT] != self._words[PUT_RUNG]:
            self._room_comes.ring(ring.rings_for_room(max(1, len(items))))
        if failure is not None:
            raise no_item(self.name) from failure
        return items

    def _read(self, hand: Hand) -> tuple[list[T], Exception | None]:
        """The items in hand. The first that cannot be read ends them; if it is the first of all, there is an error."""
        ring, start = self._ring, hand.start
        items: list[T] = []
        try:
            if hand.size >= 0:
                return [loads(ring.content(hand.at, hand.size))], None
            while start != hand.upto:
                record, count, first, last, start = ring.front(start, hand.upto)
                if count == 1:
                    items.append(loads(record))
                else:
                    self._opened.add(items, record, first, last, count)
        except MemoryError:
            raise
        except Exception as error:
            hand.upto = ring.after(hand.start, hand.end, max(1, len(items)))
            if not items:
                return items, error
        return items, None

    def _become_consumer(self) -> int:
        """The number of this process among the consumers, which it has from the first time on. Behind their gate."""
        if self._me < 0:
            try:
                me = self._parties.mine()
            except OverflowError:
                for place in {*range(PLACES)} - self._ring.claimants():
                    self._parties.forget(place)
                me = self._parties.mine()
            self._parties.inside.append("to the end")  # threads may go on when the process ends "in order"
            self._ring.disown(me)
            self._me = me
        return self._me

    # Waiting

    def _for_room(self, deadline: float) -> Wait:
        return Wait(deadline, self._room_comes, self._ring.sleeps_for_room, lambda: not self.full())

    def _for_item(self, deadline: float) -> Wait:
        return Wait(deadline, self._items_come, self._ring.sleeps_for_item, lambda: not self._ring.is_empty())

    # The end

    def close(self) -> None:
        """Let nothing more in: every `put` raises :class:`concur.Closed`, also those that wait, in every process.

        What is in can still be taken; then `get` raises it too, and iteration ends. To close twice is to close once.
        """
        ring = self._ring
        ring.close()
        self._items_come.ring(ring.rings_for_items(1 << 20))
        self._room_comes.ring(ring.rings_for_room(1 << 20))

    @property
    def closed(self) -> bool:
        """Whether the queue was closed; there may be items left to take."""
        return self._ring.is_closed()

    def qsize(self) -> int:
        """How many items are in, beside what killed consumers had in hand; it may have changed by now."""
        return len(self._ring)

    def empty(self) -> bool:
        """Whether no item is in; see `qsize`."""
        return self.qsize() == 0

    def full(self) -> bool:
        """Whether there is no room; see `qsize`."""
        return self.qsize() == self.maxsize

    def __repr__(self) -> str:
        name = "" if self.name is None else f" {self.name!r}"
        return f"<{type(self).__name__}{name} {self.qsize()}/{self.maxsize}{' closed' * self.closed}>"

    _SHARED = "maxsize name _segment _producers _consumers _parties _items_come _room_comes".split()

    def __getstate__(self) -> dict[str, Any]:
        context.assert_spawning(self)
        return {name: getattr(self, name) for name in self._SHARED}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._begin_here()
        after_fork(self, ProcessQueue._begin_here)
