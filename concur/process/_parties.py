"""Which processes take part, and which of them have died: told by the kernel.

Each party has a place in a table, and holds a lock on the byte of that place in
a file. The kernel takes the lock back when the process ends, however it ends.
A number of a process would not do: it outlives the process until the parent has
asked how it ended, and then it may be given to another.

A party that ends in order gives its place back and is forgotten. A place that is
taken, with nobody who holds its byte, is that of a party that has died.
"""

import os
import threading
from multiprocessing import util

from concur.process._file_locks import lock_byte, own, unlock_byte
from concur.process._forks import after_fork
from concur.process._segment import WORD, Segment

FREE, TAKEN = 0, 1


class Parties:
    """A table for at most *places* processes that live, or have died and are not forgotten."""

    def __init__(self, places: int) -> None:
        self._segment = Segment(places * WORD)
        self._locks = -1
        self._begin_here()
        after_fork(self, Parties._begin_here)

    def _begin_here(self) -> None:
        """Set up what this process has for itself."""
        self._table = self._segment.words
        self._meeting = threading.Lock()
        self._mine: int | None = None
        opened, self._locks = self._locks, -1
        if opened not in {-1, self._segment.fd}:
            os.close(opened)  # the parent's: as long as it is open, the parent has not died
        self._locks = own(self._segment.fd)

    def __len__(self) -> int:
        return len(self._table)

    def mine(self) -> int:
        """The place of the calling process, which becomes a party if it was none; OverflowError if all are taken."""
        if self._mine is None:
            with self._meeting:
                if self._mine is None:
                    self._mine = self._take_place()
        return self._mine

    def _take_place(self) -> int:
        for place in range(len(self._table)):
            if self._table[place] == FREE and lock_byte(self._locks, place):
                if self._table[place] == FREE:
                    self._table[place] = TAKEN
                    # The lock itself is left to the kernel: until then nobody else takes the place.
                    util.Finalize(self, _leave, (self._table, place), exitpriority=0)
                    return place
                unlock_byte(self._locks, place)
        raise OverflowError(f"{len(self._table)} processes take part already, and there is no room for more")

    def died(self, place: int) -> bool:
        """Whether the party of *place* has ended without giving its place back."""
        if self._table[place] == FREE or place == self._mine:
            return False
        if not lock_byte(self._locks, place):
            return False
        try:
            return self._table[place] == TAKEN
        finally:
            unlock_byte(self._locks, place)

    def lives(self, place: int) -> bool:
        """Whether there is a party at *place*, and it has not died."""
        return self._table[place] == TAKEN and not self.died(place)

    def forget(self, place: int) -> None:
        """Free the *place* of a party that has died."""
        if self.died(place):
            self._table[place] = FREE

    def __getstate__(self) -> Segment:
        return self._segment

    def __setstate__(self, segment: Segment) -> None:
        self._segment = segment
        self._locks = -1
        self._begin_here()
        after_fork(self, Parties._begin_here)

    def __del__(self) -> None:
        if self._locks not in {-1, self._segment.fd}:
            os.close(self._locks)


def _leave(table: memoryview, place: int) -> None:
    table[place] = FREE
