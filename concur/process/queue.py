"""A queue between processes."""

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from math import inf
from pickle import PicklingError, UnpicklingError, dumps, loads
from queue import Empty, Full
from typing import Any, Generic, TypeVar

from concur.errors import Closed
from concur.process._bell import PATIENCE, Bell
from concur.process._forks import after_fork
from concur.process._gate import Gate
from concur.process._parties import Parties
from concur.process._records import GROUP, PROTOCOL, Opened, Unfit, record_of, records_of
from concur.process._ring import (
    FREED,
    GET_RUNG,
    GET_SLEPT,
    MOST_BYTES,
    MOST_ITEMS,
    PUT_RUNG,
    PUT_SLEPT,
    SHUT,
    WORD,
    Hand,
    Ring,
    words_for,
)
from concur.process._segment import Segment

T = TypeVar("T")

PLACES = 256  # processes that take from a queue at a time
CLAIMS = 64  # calls at a time that are taking
_WORDS = words_for(CLAIMS)
_LOOKS = 30  # times to look whether something comes, before going to sleep


class ProcessQueue(Generic[T]):
    """At most *maxsize* items and *capacity* bytes, first in, first out, between processes."""

    def __init__(self, maxsize: int, *, capacity: int = 1 << 20, name: str | None = None) -> None:
        if maxsize < 1:
            raise ValueError(
                f"a queue between processes has room for 1 item or more, not {maxsize}.\n"
                "For one without a bound use multiprocessing.Queue(), or SimpleQueue() for what fits into a pipe."
            )
        if maxsize > MOST_ITEMS:
            raise ValueError(
                f"a queue between processes has room for at most {MOST_ITEMS:,} items, not {maxsize:,}.\n"
                "What fits into its bytes is less, as a rule: the capacity is a bound as well."
            )
        if not 64 <= capacity < MOST_BYTES:
            raise ValueError(
                f"the capacity of a queue between processes is 64 bytes or more, and less than {MOST_BYTES:,}, "
                f"not {capacity:,}.\n"
                "An item needs the bytes of its pickle and 8 to 15 more."
            )
        self.maxsize = maxsize
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
        deadline = inf if timeout is None and block else deadline_of(block, timeout)
        try:
            record = dumps(item, PROTOCOL)
        except Exception as error:
            raise self._no_pickle("the item") from error
        if len(record) > self._largest:
            raise self._too_large("the item", len(record))
        wait = None
        while status := self._ring.put(record, 1):
            if status == SHUT:
                raise self._no_put()
            if wait is None:
                wait = self._for_room(deadline)
            if not wait.goes_on():
                raise Full
        if self._words[GET_SLEPT] != self._words[GET_RUNG]:
            self._items_come.ring(self._ring.rings_for_items(1))

    def put_many(self, items: Iterable[T], timeout: float | None = None) -> int:
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
                    raise self._no_put()
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
                raise self._no_pickle(f"item {index}") from unfit.__cause__
            raise self._too_large(f"item {index}", size) from None
        return put

    def put_nowait(self, item: T) -> None:
        """``put(item, block=False)``."""
        self.put(item, False)

    # Getting

    def get(self, block: bool = True, timeout: float | None = None) -> T:
        return self._get(1, inf if timeout is None and block else deadline_of(block, timeout))[0]

    def get_many(self, limit: int, timeout: float | None = None) -> list[T]:
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
            me = self._me = ring.join(self._meet)
        try:
            wait = None
            while status := ring.take(hand, limit, me):
                if status == SHUT:
                    raise self._no_get()
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
            raise self._no_item() from failure
        return items

    def _read(self, hand: Hand) -> tuple[list[T], Exception | None]:
        """The items in hand. The first that cannot be read ends them; if it is the first of all, there is an error."""
        ring, start = self._ring, hand.start
        items: list[T] = []
        try:
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

    def _meet(self, claimants: set[int]) -> int:
        """Become one of the parties, if need be in the place of one that has died and has no claim."""
        try:
            return self._parties.mine()
        except OverflowError:
            for place in range(len(self._parties)):
                if place not in claimants:
                    self._parties.forget(place)
            return self._parties.mine()

    # Waiting

    def _for_room(self, deadline: float) -> "Wait":
        ring = self._ring
        return Wait(deadline, self._room_comes, ring.sleeps_for_room, lambda: len(ring) < self.maxsize)

    def _for_item(self, deadline: float) -> "Wait":
        ring = self._ring
        return Wait(deadline, self._items_come, ring.sleeps_for_item, lambda: not ring.is_empty())

    # The end

    def close(self) -> None:
        ring = self._ring
        ring.close()
        self._items_come.ring(ring.rings_for_items(PLACES))
        self._room_comes.ring(ring.rings_for_room(PLACES))

    @property
    def closed(self) -> bool:
        """Whether the queue was closed; there may be items left to take."""
        return self._ring.is_closed()

    def qsize(self) -> int:
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

    _SHARED = (
        "maxsize",
        "name",
        "_segment",
        "_producers",
        "_consumers",
        "_parties",
        "_items_come",
        "_room_comes",
    )

    def __getstate__(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self._SHARED}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._begin_here()
        after_fork(self, ProcessQueue._begin_here)

    # Messages

    def _called(self) -> str:
        return "an unnamed queue" if self.name is None else f"queue {self.name!r}"

    def _no_put(self) -> Closed:
        return Closed(f"put into {self._called()}, which is closed")

    def _no_get(self) -> Closed:
        return Closed(f"get from {self._called()}, which is closed and empty")

    def _no_pickle(self, what: str) -> PicklingError:
        return PicklingError(
            f"{what} cannot be pickled, and nothing was put into {self._called()}.\n"
            "Items go from process to process as pickles: put data, and names of functions and classes that can be "
            "imported."
        )

    def _too_large(self, what: str, size: int) -> ValueError:
        return ValueError(
            f"{what} has {size:,} bytes as a pickle, and nothing was put into {self._called()}: the largest that fits "
            f"has {self._largest:,}.\n"
            "Give the queue a larger capacity, or put a name of the data instead of the data."
        )

    def _no_item(self) -> UnpicklingError:
        return UnpicklingError(
            f"an item of {self._called()} cannot be made from its pickle here, and was taken out.\n"
            "What it needs must be found by the process that gets it: see the cause."
        )


class Wait:
    """The wait of one call: it looks a few times, then sleeps, over and over until the time is up."""

    def __init__(
        self, deadline: float, bell: Bell, sleeps: Callable[[int], int], seems_over: Callable[[], bool]
    ) -> None:
        self._deadline, self._bell, self._sleeps, self._seems_over = deadline, bell, sleeps, seems_over
        self._has_looked = False
        self._ticket = 0

    def goes_on(self) -> bool:
        """Return True when the caller is to try again, False when the time is up."""
        left = left_until(self._deadline)
        if left <= 0:
            return False
        if not self._has_looked:
            self._has_looked = True
            for _ in range(_LOOKS):
                if self._seems_over():
                    break
                os.sched_yield()
            return True
        ticket = self._sleeps(self._ticket)
        if ticket != self._ticket:
            self._ticket = ticket
            return True  # once more, now that whoever changes something knows
        if self._bell.wait(min(left, PATIENCE)):
            self._ticket = 0  # a ring less for the others: if there is nothing, it must be asked for anew
        self._has_looked = False
        return True


def across_a_lock() -> None:
    """Nothing is loaded or stored across this: a lock is given back and taken again."""
    lock = threading.Lock()
    lock.acquire()
    lock.release()
    lock.acquire()


def nothing() -> None:
    pass


# These machines show loads, and stores, in the order of the program by themselves; others do not.
fence = nothing if os.uname().machine in {"x86_64", "AMD64"} else across_a_lock


def deadline_of(block: bool, timeout: float | None) -> float:
    """What the clock shows when the time is up; infinite for never, and minus infinite for at once."""
    if not block:
        return -inf
    if timeout is None:
        return inf
    if timeout < 0:
        raise ValueError(f"a queue waits for 0 seconds or more, not {timeout}")
    return time.monotonic() + timeout if timeout else -inf


def left_until(deadline: float) -> float:
    """How many seconds until then, 0 or less if the time is up."""
    if deadline in (inf, -inf):
        return deadline
    left = deadline - time.monotonic()
    if left > threading.TIMEOUT_MAX:
        raise OverflowError(f"{left:g} seconds are more than can be waited for")
    return left
