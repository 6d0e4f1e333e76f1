"""Which processes take part, and which of them have died: told by the kernel.

Each party has a place in a table, and holds a lock on the byte of that place in
a file. The kernel takes the lock back when the process ends, however it ends.
A number of a process would not do: it outlives the process until the parent has
asked how it ended, and then it may be given to another.

A party that ends in order gives its place back and is forgotten. A place that is
taken, with nobody who holds its byte, is that of a party that has died. A place
is given to one after the other; its word counts them, so that none is taken for
the one before it.
"""

import os
import threading
from multiprocessing import util

from concur.process._file_locks import byte_is_locked, lock_byte, own, unlock_byte
from concur.process._forks import after_fork
from concur.process._segment import WORD, Segment


class Parties:
    """A table for at most *places* processes that live, or have died and are not forgotten."""

    # The word of a place is even while it is free and odd while it is taken: one more at each change.

    def __init__(self, places: int) -> None:
        self._segment = Segment(places * WORD)
        self._locks = -1
        self._set_up()

    def _set_up(self) -> None:
        self._begin_here()
        after_fork(self, Parties._begin_here)
        # A child of a fork server forgets what is to be done at its end, after it was given its arguments.
        util.register_after_fork(self, Parties._end_in_order)

    def _begin_here(self) -> None:
        """Set up what this process has for itself."""
        self._table = self._segment.words
        self._meeting = threading.Lock()
        self._mine = 0, 0  # a place, and the word that it has while it is ours
        # Something for each of its threads because of which this process is to stay a party. A child of
        # `multiprocessing` ends in order when its function returns, and then waits for its threads.
        self.inside: list[object] = []
        opened, self._locks = self._locks, -1
        if opened not in {-1, self._segment.fd}:
            os.close(opened)  # the parent's: as long as it is open, the parent has not died
        self._locks = own(self._segment.fd)

    def __len__(self) -> int:
        return len(self._table)

    def mine(self) -> int:
        """The place of the calling process, which becomes a party if it was none; OverflowError if all are taken."""
        place, word = self._mine
        if word == 0 or self._table[place] != word:
            with self._meeting:
                place, word = self._mine
                if word == 0 or self._table[place] != word:
                    place = self._take_place()
        return place

    def stamp(self) -> int:
        """A number for the calling process, as a party, that no other has, before or after it."""
        place = self.mine()
        return self._table[place] * len(self._table) + place

    def has(self, stamp: int) -> bool:
        """Whether the party with that *stamp* lives, and has not ended in order."""
        word, place = divmod(stamp, len(self._table))
        return word % 2 == 1 and self._table[place] == word and not self.died(place)

    def _take_place(self) -> int:
        for place in range(len(self._table)):
            if self._table[place] % 2 == 0 and lock_byte(self._locks, place):
                word = self._table[place] + 1
                if word % 2 == 1:
                    self._mine = place, word
                    self._table[place] = word
                    self._end_in_order()
                    return place
                unlock_byte(self._locks, place)
        raise OverflowError(f"{len(self._table)} processes take part already, and there is no room for more")

    def _end_in_order(self) -> None:
        """Give the place back when the process ends, if it has one. The lock is left to the kernel: until then
        nobody else takes the place."""
        place, word = self._mine
        if word:
            util.Finalize(self, _leave, (self._table, place, word, self.inside), exitpriority=0)

    def died(self, place: int) -> bool:
        """Whether the party of *place* has ended without giving its place back."""
        word = self._table[place]
        if word % 2 == 0 or self._mine == (place, word) or byte_is_locked(self._locks, place):
            return False
        return self._table[place] == word  # or else it gave the place back meanwhile

    def lives(self, place: int) -> bool:
        """Whether there is a party at *place*, and it has not died."""
        return self._table[place] % 2 == 1 and not self.died(place)

    def taken(self) -> list[int]:
        """The places of those who live, and of those who died and are not forgotten."""
        return [place for place, word in enumerate(self._table.tolist()) if word % 2 == 1]

    def forget(self, place: int) -> None:
        """Free the *place* of a party that has died. Only one process at a time may do so."""
        word = self._table[place]
        if self.died(place):
            self._table[place] = word + 1

    def __getstate__(self) -> Segment:
        return self._segment

    def __setstate__(self, segment: Segment) -> None:
        self._segment = segment
        self._locks = -1
        self._set_up()

    def __del__(self) -> None:
        if self._locks not in {-1, self._segment.fd}:
            os.close(self._locks)


def _leave(table: memoryview, place: int, word: int, inside: list[object]) -> None:
    if table[place] == word and not inside:
        table[place] = word + 1
