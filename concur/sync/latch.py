"""A latch: threads wait until a count has come down to zero.

Use one where a number of things must have happened before others begin: three
services have started, ten files have been read. It opens once and stays open.
Who counts down does not wait; where all wait for each other, again and again,
use a barrier. For a single thing that may be taken back, use an event.

    >>> from concur import CountDownLatch
    >>> from threading import Thread
    >>> started = CountDownLatch(2, name="started")
    >>> services = [Thread(target=started.count_down) for _ in range(2)]
    >>> for service in services:
    ...     service.start()
    >>> started.wait()
    True
    >>> started
    <CountDownLatch 'started' count=0 waiting=0>
    >>> for service in services:
    ...     service.join()

It behaves like ``java.util.concurrent.CountDownLatch``: to count down further
when the count is zero changes nothing, and is no error.

How it works: a lock guards the count and a line of places. Who finds a count
above zero under the lock stands in line; who brings it to zero wakes the line.
"""

import threading
from collections import deque

from concur.sync._parking import Place, leave, wake_all


class CountDownLatch:
    """Opens when it has been counted down *count* times, and stays open.

    Raises ``ValueError`` for a count below zero; one of zero is open from the start.
    """

    def __init__(self, count: int, *, name: str | None = None) -> None:
        if count < 0:
            raise ValueError(f"a latch counts down from 0 or more, not from {count}")
        self.name = name
        # Invariant, whenever nobody holds the guard: _count >= 0, and zero implies that nobody waits.
        self._count = count
        self._line: deque[Place] = deque()
        self._guard = threading.Lock()

    @property
    def count(self) -> int:
        """How often it must still be counted down."""
        return self._count

    def count_down(self, n: int = 1) -> None:
        """Lower the count by *n*, to zero at the least, and at zero wake everybody who waits.

        Raises ``ValueError`` if *n* is below zero: a latch is never closed again.
        """
        if n < 0:
            raise ValueError(f"a latch is counted down by 0 or more, not by {n}: it is never closed again")
        with self._guard:
            self._count = max(0, self._count - n)
            if self._count == 0:
                wake_all(self._line)

    def wait(self, timeout: float | None = None) -> bool:
        """Return True as soon as the count is zero; False if *timeout* seconds passed first."""
        place: Place | None = None
        try:
            with self._guard:
                if self._count == 0:
                    return True
                place = Place()
                self._line.append(place)
            if place.sleep(timeout):
                return True
        except BaseException:  # Ctrl-C
            if place is not None:
                self._was_woken(place)
            raise
        return self._was_woken(place)  # in the moment when the time was up

    def __repr__(self) -> str:
        name = "" if self.name is None else f" {self.name!r}"
        return f"<CountDownLatch{name} count={self._count} waiting={len(self._line)}>"

    def _was_woken(self, place: Place) -> bool:
        """Leave the line; True if *place* had been woken before."""
        with self._guard:
            leave(self._line, place)
            return place.woken
