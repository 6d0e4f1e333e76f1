"""A semaphore: a number of permits that threads take and give back.

Use one to let at most *n* threads in at a time, or, starting from 0, to let
one thread wait for another's signal. Unlike a mutex it has no owner: any
thread may release it, also one that never acquired it.

    >>> from concur import Semaphore
    >>> seats = Semaphore(2, name="seats")
    >>> seats.acquire()
    True
    >>> seats
    <Semaphore 'seats' permits=1 waiting=0>

How it works: the free permits are the entries of a deque. Taking one is a
``pop``, giving one back an ``append``, each a single step, so that neither
needs a lock while there are permits enough. A thread that finds none stands
in line. It does so *before* it looks for a permit a second time, and a
release looks at the line *after* it has put its permit down; so at least one
of the two sees the other, and no wake-up is lost. From then on permits are
handed over: the thread that has waited longest is given one and woken.

A thread that does not have to wait may take a permit past those who are about
to stand in line. A free permit takes eight bytes, so this is not the way to
count to a billion.
"""

import threading
from collections import deque
from types import TracebackType

from concur.sync._parking import Place, leave, wake_first


class Semaphore:
    """Permits that threads take and give back, oldest waiter first; drop-in for ``threading.Semaphore``."""

    def __init__(self, value: int = 1, *, name: str | None = None) -> None:
        if value < 0:
            raise ValueError(f"a semaphore starts with 0 or more permits, not {value}")
        self.name = name
        # Invariant, whenever nobody is inside a method: a free permit implies that nobody waits.
        self._free: deque[None] = deque([None] * value)  # one entry for each free permit
        self._line: deque[Place] = deque()  # changed under _guard only
        self._guard = threading.Lock()

    def acquire(self, blocking: bool = True, timeout: float | None = None) -> bool:
        """Take a permit, waiting for one if there is none; False if none came (in time)."""
        if not blocking and timeout is not None:
            raise ValueError("a call that does not block takes no timeout")
        try:
            self._free.pop()
        except IndexError:
            return blocking and self._wait(timeout)
        return True

    def release(self, n: int = 1) -> None:
        """Give *n* permits back, and wake as many waiters."""
        if n < 1:
            raise ValueError(f"release gives 1 or more permits back, not {n}")
        if n == 1:
            self._free.append(None)
        else:
            self._free.extend([None] * n)
        if self._line:
            with self._guard:
                self._hand_over()

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def __repr__(self) -> str:
        name = "" if self.name is None else f" {self.name!r}"
        return f"<Semaphore{name} permits={len(self._free)} waiting={len(self._line)}>"

    def _wait(self, timeout: float | None) -> bool:
        """Stand in line until a permit is handed over."""
        place = Place()
        try:
            with self._guard:
                self._line.append(place)
                self._hand_over()  # a permit may have come back since we looked
            if place.sleep(timeout):
                return True
        except BaseException:  # Ctrl-C
            if self._was_handed_a_permit(place):
                self.release()  # it belongs to the next in line
            raise
        return self._was_handed_a_permit(place)  # in the moment when the time was up

    def _hand_over(self) -> None:
        """Give free permits to waiters for as long as there are both; called under the guard."""
        while self._line:
            try:
                self._free.pop()
            except IndexError:
                return
            if not wake_first(self._line):  # all were woken before, by a release that Ctrl-C cut short
                self._free.append(None)

    def _was_handed_a_permit(self, place: Place) -> bool:
        """Leave the line; True if a permit had been handed to *place* before."""
        with self._guard:
            leave(self._line, place)
            return place.woken
