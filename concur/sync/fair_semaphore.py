"""A fair semaphore: permits go to those who wait, strictly first come, first served.

Use one where nobody may be passed over; it is also the textbook's semaphore.
Under a ``Semaphore``, which is several times as fast, a thread that comes at
the right moment may take a permit before those who wait.

    >>> from concur import FairSemaphore
    >>> seats = FairSemaphore(2, name="seats")
    >>> seats.acquire()
    True
    >>> seats
    <FairSemaphore 'seats' permits=1 waiting=0>

How it works: a lock guards a count and a line. A thread that finds no permit
stands in line and sleeps; a permit that comes back is not counted but handed
to the thread that has waited longest. So nobody who comes later can pass
those who wait, and a woken thread need not look again: the permit is its own.

A Ctrl-C that ends a wait, and a time-out, cost nobody anything: a permit that
was handed over in that moment goes on to the next in line.
"""

import threading
from collections import deque
from types import TracebackType

from concur.sync._parking import Place, leave, wake_first


class FairSemaphore:
    """Permits that go to the one who has waited longest; drop-in for ``threading.Semaphore``."""

    def __init__(self, value: int = 1, *, name: str | None = None) -> None:
        if value < 0:
            raise ValueError(f"a semaphore starts with 0 or more permits, not {value}")
        self.name = name
        # Invariant, whenever nobody holds the guard: permits > 0 implies that nobody waits.
        self._permits = value
        self._line: deque[Place] = deque()
        self._guard = threading.Lock()

    def acquire(self, blocking: bool = True, timeout: float | None = None) -> bool:
        """Take a permit, waiting for one if there is none; False if none came, within *timeout* seconds."""
        if not blocking and timeout is not None:
            raise ValueError("a call that does not block takes no timeout")
        place: Place | None = None
        try:
            with self._guard:
                if self._permits > 0:
                    self._permits -= 1
                    return True
                if not blocking:
                    return False
                place = Place()
                self._line.append(place)
            if place.sleep(timeout):
                return True  # the permit was handed to us: nothing left to count
        except BaseException:  # Ctrl-C
            if place is not None and self._was_handed_a_permit(place):
                self.release()  # it belongs to the next in line
            raise
        return self._was_handed_a_permit(place)  # in the moment when the time was up

    def release(self, n: int = 1) -> None:
        """Give *n* permits back: to those who wait, and the rest to those who come."""
        if n < 1:
            raise ValueError(f"release gives 1 or more permits back, not {n}")
        with self._guard:
            while n > 0 and self._line:
                n -= wake_first(self._line)
            self._permits += n

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def __repr__(self) -> str:
        name = "" if self.name is None else f" {self.name!r}"
        return f"<FairSemaphore{name} permits={self._permits} waiting={len(self._line)}>"

    def _was_handed_a_permit(self, place: Place) -> bool:
        """Leave the line; True if a permit had been handed to *place* before."""
        with self._guard:
            leave(self._line, place)
            return place.woken
