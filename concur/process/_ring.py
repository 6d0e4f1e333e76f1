"""A ring of records in shared memory: who puts, who takes, and what is left when one of them dies.

It is written over plain words and bytes, and over whatever it is given for
locks; of processes it knows only a question, whether the owner of a claim lives.
So the same text runs on shared memory between processes, and on a `bytearray`
between threads under the checker.

Producers add records behind the *tail*, consumers take items from the *head*.
Each side has a mutex of its own, so one producer and one consumer never meet.
Head and tail are one word each, which holds a place in the ring and the number
of the item there: a single store moves both, and before that store nothing has
happened. The head may stand inside a record of several items.

An item is not the consumer's until its call is over. It enters a *claim* first:
from where to where it takes. Then the head moves, the mutex is free, and the
consumer copies what it claimed; clearing the claim is the last thing that it
does. What a claim covers is not overwritten. If its owner dies, or gives up, the
items in it are given to whoever finds nothing else to take: that one becomes the
owner of the claim, by one store, and goes on as with its own.

Stores that other processes see must be seen in their order, also by machines
that reorder them. The mutexes see to it for whoever takes the same one. Where the
other side looks without it, `fence` stands between: to give a lock back and take
it again lets nothing pass, neither upwards nor downwards.
"""

from collections.abc import Callable
from typing import Any

Guarded = Callable[..., Any]  # called with a function and what it is given

# Words. What one side stores is not in one line of the cache with what the other stores.
HEAD = 0  # the next item to be taken: its number and its place; stored by consumers, under their mutex
GET_SLEPT = 1  # how often somebody went to sleep for an item; likewise
PUT_RUNG = 2  # how many sleepers for room were rung for
MOVING = 3  # the slot of a claim for which the head is being moved, and 1; 0 for none
TAIL = (
    8  # where the next record goes, and the number of its first item; stored by producers, under their mutex
)
LIMIT = 9  # the oldest place that may still be needed; likewise. Looked up anew when room is short.
PUT_SLEPT = 10  # how often somebody went to sleep for room; likewise
GET_RUNG = 11  # how many sleepers for an item were rung for
CLOSED = 12  # not 0 when nothing may be put any more; stored under the mutex of the producers
OWN = (
    16  # and so many words come before the claims: all owners, all ends, all starts; no claim has the start 0
)

# Both numbers of a word, and the header of a record, are reckoned around: only differences count.
BITS = 40
COUNTS = 1 << 24
PLACE = (1 << BITS) - 8  # places are those of whole words; the last three bits are free for two flags
TAKEN = 1  # in the start of a claim: it is one
FREED = 2  # and its owner has given it up
MOST_ITEMS = COUNTS - 1
MOST_BYTES = 1 << 32

WORD = 8
FULL, SHUT, EMPTY = -1, -2, -3

# A record is a word of its own, which holds its size, how many items it has and the number of the first, and then so
# many bytes, filled up to whole words. The bytes may go on at the beginning of the ring; the word never does.


class Hand:
    """What one call of a consumer has claimed: from `start` to `end`, as in HEAD. It wants what is before `upto`."""

    slot = -1  # none
    start = upto = end = 0
    at, size = 0, -1  # where the bytes are, if one record of one item was claimed; it is so most of the time


class Ring:
    """Records of items in *data*, at most *maxsize* items; *words* is zero at first and belongs to the ring.

    Args:
        words: a view of format "Q": as many words as `words_for` says.
        data: a view of bytes, its length a multiple of 8.
        maxsize: how many items at most.
        producers: makes a call while it holds the mutex of those who put; if it dies, the mutex is free.
        consumers: likewise, of those who take.
        lives: whether the owner of that number lives.
        fence: keeps what was loaded and stored before it from what comes after it.
    """

    def __init__(
        self,
        words: Any,
        data: memoryview,
        maxsize: int,
        producers: Guarded,
        consumers: Guarded,
        lives: Callable[[int], bool],
        fence: Callable[[], object],
    ) -> None:
        self.maxsize = maxsize
        self.capacity = len(data)
        self.words = words
        slots = (len(words) - OWN) // 3
        self._owners = words[OWN : OWN + slots]
        self._ends = words[OWN + slots : OWN + 2 * slots]
        self.starts = words[OWN + 2 * slots : OWN + 3 * slots]
        self._no_claims = bytes(slots * WORD)
        self._data = data
        self._headers = data.cast("Q")
        self._around = (1 << BITS) // self.capacity * self.capacity  # places are reckoned modulo this
        self._as_producer = producers
        self._as_consumer = consumers
        self._lives = lives
        self._fence = fence
        self._likely = 0  # a slot that is likely to be free

    # Producers

    def put(self, record: bytes, count: int) -> int:
        """Add a record of *count* items, as one step. Returns 0, or FULL or SHUT, and then nothing has happened."""
        status: int = self._as_producer(self._put, record, count)
        return status

    def _put(self, record: bytes, count: int) -> int:
        words = self.words
        if words[CLOSED]:
            return SHUT
        tail = words[TAIL]
        number, place = tail >> BITS, tail & PLACE
        if (number - (words[HEAD] >> BITS)) % COUNTS + count > self.maxsize:
            return FULL
        size = len(record)
        needed = room_for(size)
        used = (place - words[LIMIT]) % self._around
        if used + needed > self.capacity and not self._find_room(place, needed):
            return FULL
        at = place % self.capacity
        self._headers[at // WORD] = size << 32 | count << 24 | number
        at += WORD
        if at + size <= self.capacity:
            self._data[at : at + size] = record
        else:
            self._store_around(at, record)
        moved = (number + count) % COUNTS << BITS | (place + needed) % self._around
        self._fence()  # who sees the new tail sees the record
        words[TAIL] = moved
        return 0

    def _store_around(self, at: int, record: bytes) -> None:
        """Store what does not fit between *at* and the end of the ring at its beginning."""
        first = max(self.capacity - at, 0)
        if first:
            self._data[at:] = record[:first]
        at = 0 if first else at - self.capacity
        self._data[at : at + len(record) - first] = record[first:]

    def _find_room(self, place: int, needed: int) -> bool:
        """Whether *needed* bytes from *place* on are free; what was found is noted. Under the producers' mutex.

        A claim is made before the head moves past it, and stays where it is until it is cleared. So whoever looks at
        the head first, and then at the claims, may see too much of them but never too little.
        """
        words = self.words
        used = (place - (words[HEAD] & PLACE)) % self._around
        if used + needed > self.capacity:
            return False
        self._fence()
        for start in self.starts.tolist():
            if start:
                used = max(used, (place - (start & PLACE)) % self._around)
        words[LIMIT] = (place - used) % self._around
        return bool(used + needed <= self.capacity)

    def close(self) -> None:
        """Let nothing more in."""
        self._as_producer(self.words.__setitem__, CLOSED, 1)

    # Consumers

    def take(self, hand: Hand, limit: int, me: int) -> int:
        """Claim the oldest items, at most *limit*, for the owner *me*. Returns 0, or EMPTY or SHUT.

        If it does not return, `hand.slot` tells whether there is a claim. SHUT is said when nothing will come any
        more; as long as somebody has a claim, who knows.
        """
        status: int = self._as_consumer(self._take, hand, limit, me)
        return status

    def _take(self, hand: Hand, limit: int, me: int) -> int:
        words, starts = self.words, self.starts
        if words[MOVING]:
            self._repair()
        shut = words[CLOSED]  # before the tail: if it is set, the tail stays
        head, tail = words[HEAD], words[TAIL]
        if head != tail:
            slot = self._likely
            if starts[slot]:
                slot = self._free_slot()
            if slot >= 0:
                self._fence()  # the tail first, then what is before it
                at = (head & PLACE) % self.capacity
                header = self._headers[at // WORD]
                if header >> 24 & 255 == 1 == limit:
                    hand.at, hand.size = at + WORD, header >> 32
                    place = ((head & PLACE) + room_for(header >> 32)) % self._around
                    past = ((head >> BITS) + 1) % COUNTS << BITS | place
                else:
                    past = self.after(head, tail, limit)
                hand.start, hand.upto, hand.end = head, past, past
                # No call from here on, and so no Ctrl-C: the claim is there and the head moves, or neither.
                hand.slot = slot
                words[MOVING] = slot + 1
                self._owners[slot] = me
                self._ends[slot] = past
                starts[slot] = head | TAKEN
                words[HEAD] = past
                words[MOVING] = 0
                return 0
        if starts.tobytes() == self._no_claims:
            return SHUT if shut and head == tail else EMPTY
        return self._inherit(hand, limit, me)

    def _repair(self) -> None:
        """Undo the claim of a consumer that died before it moved the head. If it did move it, all is well."""
        words, slot = self.words, self.words[MOVING] - 1
        if self.starts[slot] & ~(TAKEN | FREED) == words[HEAD]:
            self.starts[slot] = 0
        words[MOVING] = 0

    def _free_slot(self) -> int:
        """The number of a slot without a claim, or -1."""
        for slot, start in enumerate(self.starts.tolist()):
            if not start:
                self._likely = slot
                return slot
        return -1

    def after(self, start: int, end: int, limit: int) -> int:
        """What comes *limit* items after *start*, but no later than *end*, which comes later than *start*."""
        if limit > 1:
            limit = min(limit, ((end >> BITS) - (start >> BITS)) % COUNTS)
        while limit:
            number, place = start >> BITS, start & PLACE
            header = self._headers[place % self.capacity // WORD]
            left = (header >> 24 & 255) - (number - header) % COUNTS
            if left <= 0:  # rather than look for the end for ever, with the mutex in hand
                raise RuntimeError(
                    "the memory of the ring was overwritten by somebody who does not belong to it"
                )
            if left > limit:
                return (number + limit) % COUNTS << BITS | place
            place = (place + room_for(header >> 32)) % self._around
            start = (number + left) % COUNTS << BITS | place
            limit -= left
        return start

    def _inherit(self, hand: Hand, limit: int, me: int) -> int:
        """Become the owner of a claim that has none any more."""
        for slot, start in enumerate(self.starts.tolist()):
            if start & FREED or (start and not self._lives(self._owners[slot])):
                start &= ~(TAKEN | FREED)
                hand.start, hand.end = start, self._ends[slot]
                hand.upto = self.after(start, hand.end, limit)
                # No call from here on. The owner first: if there is no second store, the next one does it again.
                hand.slot = slot
                self._owners[slot] = me
                self.starts[slot] = start | TAKEN
                return 0
        return EMPTY

    def front(self, start: int, end: int) -> tuple[bytes | memoryview, int, int, int, int]:
        """The record in which *start* stands.

        Returns its bytes, how many items it has, from which to which of them the claim goes, and what comes after
        these. A view among the bytes is good as long as there is the claim.
        """
        number, place = start >> BITS, start & PLACE
        at = place % self.capacity
        header = self._headers[at // WORD]
        size, count = header >> 32, header >> 24 & 255
        first = (number - header) % COUNTS
        last = min(count, first + ((end >> BITS) - number) % COUNTS)
        if last == count:
            place = (place + room_for(size)) % self._around
        past = (number + last - first) % COUNTS << BITS | place
        return self.content(at + WORD, size), count, first, last, past

    def content(self, at: int, size: int) -> bytes | memoryview:
        """*size* bytes of a record that begin at *at*."""
        if at + size <= self.capacity:
            return self._data[at : at + size]
        if at < self.capacity:
            return bytes(self._data[at:]) + bytes(self._data[: at + size - self.capacity])
        return self._data[at - self.capacity : at - self.capacity + size]

    def finish(self, hand: Hand) -> None:
        """End the claim: what is before `upto` is the caller's, the rest is for anybody."""
        rest = hand.upto | TAKEN | FREED if hand.upto != hand.end else 0
        self._fence()  # the bytes were read, then they may be overwritten
        # No call here either: this is the moment in which the items become the caller's.
        self.starts[hand.slot] = rest
        hand.slot = -1

    def give_back(self, hand: Hand) -> None:
        """Give the claim up, if there is one: its items are for anybody."""
        if hand.slot >= 0:
            self.starts[hand.slot] |= FREED
            hand.slot = -1

    def disown(self, me: int) -> None:
        """Free what somebody left behind who had the number *me* before. Under the consumers' mutex."""
        for slot, start in enumerate(self.starts.tolist()):
            if start and self._owners[slot] == me:
                self.starts[slot] = start | FREED

    def claimants(self) -> set[int]:
        """Who has claims. Under the consumers' mutex."""
        owners = self._owners.tolist()
        return {owner for owner, start in zip(owners, self.starts.tolist(), strict=True) if start}

    # What can be seen without a mutex

    def is_empty(self) -> bool:
        """Whether there was no item behind the head at some moment of this call."""
        head = self.words[HEAD]  # first: if the tail is there later, it was there then
        return bool(head == self.words[TAIL])

    def is_closed(self) -> bool:
        return bool(self.words[CLOSED])

    def __len__(self) -> int:
        head = self.words[HEAD] >> BITS  # first: then the difference is at most too large
        return min(int((self.words[TAIL] >> BITS) - head) % COUNTS, self.maxsize)

    # Who sleeps. A number of sleeps and a number of rings, each counted up where it cannot be missed; who rings looks
    # at both, and when they differ, somebody may sleep. A ring too many does no harm.

    def sleeps_for_item(self, ticket: int) -> int:
        """Say that the caller is about to sleep, and is to be rung for once.

        *ticket* is what was returned the last time; 0 at first, and after a ring was heard.
        """
        return self._sleeps(self._as_consumer, GET_SLEPT, GET_RUNG, ticket)

    def sleeps_for_room(self, ticket: int) -> int:
        return self._sleeps(self._as_producer, PUT_SLEPT, PUT_RUNG, ticket)

    def _sleeps(self, guarded: Guarded, slept: int, rung: int, ticket: int) -> int:
        words = self.words
        if ticket > words[rung]:
            return ticket  # nobody has rung for it yet
        return int(guarded(self._sleeps_once_more, slept))

    def _sleeps_once_more(self, slept: int) -> int:
        ticket: int = self.words[slept] + 1
        self.words[slept] = ticket
        return ticket

    def rings_for_items(self, count: int) -> int:
        """How often to ring for *count* items that were put."""
        return self._rings(GET_SLEPT, GET_RUNG, count)

    def rings_for_room(self, count: int) -> int:
        """How often to ring when *count* items were taken."""
        return self._rings(PUT_SLEPT, PUT_RUNG, count)

    def _rings(self, slept: int, rung: int, count: int) -> int:
        words = self.words
        before = words[rung]
        sleepers = int(words[slept] - before)
        if sleepers <= 0:
            return 0
        count = min(count, sleepers)
        words[rung] = before + count
        return count


def room_for(size: int) -> int:
    """How many bytes of the ring a record of *size* bytes takes."""
    return (size + 2 * WORD - 1) & -WORD


def words_for(claims: int) -> int:
    """How many words a ring needs in which so many calls may have a claim at a time."""
    return OWN + 3 * claims
