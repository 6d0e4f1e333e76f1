"""A table in shared memory of the threads that wait: who each belongs to, and what it has been told.

A thread is in the table from one store, that of its state, until another. What
else its slot says is written before. So a process that is killed has left the
table whole, and what it has left in it can be told by the stamp of the process.
"""

from concur.process._parties import Parties
from concur.process._segment import WORD, Segment

FREE, WAITING, NOTIFIED, AWAKE = 0, 1, 2, 3  # states of a slot
_COLUMNS = 5


class Waiters:
    """Room for *slots* threads of *places* processes, and *more* words that their object needs."""

    def __init__(self, slots: int, places: int, more: int) -> None:
        self._slots = slots
        self._segment = Segment((_COLUMNS * slots + more) * WORD)
        self.parties = Parties(places)
        self._look_in()

    def _look_in(self) -> None:
        words, end = self._segment.words, _COLUMNS * self._slots
        columns = [words[start : start + self._slots] for start in range(0, end, self._slots)]
        self.state, self.stamp, self.number, self.note, self.gone = columns
        self.more = words[end:]

    def free(self) -> int | None:
        """The first slot that nobody has."""
        states = self.state.tolist()
        return states.index(FREE) if FREE in states else None

    def taken(self) -> list[int]:
        """The slots that somebody has."""
        return [slot for slot, state in enumerate(self.state.tolist()) if state != FREE]

    def enter(self, slot: int, number: int) -> None:
        """The calling thread waits at *slot*, with a *number*. Only one process at a time may call this."""
        self.stamp[slot] = self.parties.stamp()
        self.number[slot] = number
        self.parties.inside.append(slot)
        self.state[slot] = WAITING

    def left(self, slot: int) -> None:
        """The calling thread has freed *slot*, or somebody has for it."""
        if slot in self.parties.inside:
            self.parties.inside.remove(slot)

    def is_there(self, slot: int) -> bool:
        """Whether the thread that has *slot* can still come back to it."""
        return self.gone[slot] != self.number[slot] and self.parties.has(self.stamp[slot])

    def __getstate__(self) -> tuple[int, Segment, Parties]:
        return self._slots, self._segment, self.parties

    def __setstate__(self, state: tuple[int, Segment, Parties]) -> None:
        self._slots, self._segment, self.parties = state
        self._look_in()
