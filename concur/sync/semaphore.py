"""A semaphore: a number of permits that threads take and give back.

Use one to let at most *n* threads in at a time, or, starting from 0, to let
one thread wait for another's signal. Unlike a mutex it has no owner: any
thread may release it, also one that never acquired it. Where a release too
many must be noticed, use ``BoundedSemaphore``; where nobody may be passed
over, ``FairSemaphore``.

    >>> from concur import Semaphore
    >>> seats = Semaphore(2, name="seats")
    >>> seats.acquire()
    True
    >>> seats
    <Semaphore 'seats' permits=1 waiting=0>

How it works: the permits lie in a ``deque``, from which one call takes one, or
fails: nothing else happens as long as there are enough. A thread that finds
none stands in line with a gate of its own, a closed lock, *looks again*, and
then sleeps until its gate is opened. Who gives a permit back looks for a line,
and opens the first gate. To be woken is only a hint: the permit lies with the
others, and who is woken looks like everybody else, and stays first in line
until it has one. Who leaves the line wakes the next if there are permits left.

Why no wake-up is lost: a waiter stands in line before it looks for a permit,
and a releaser gives one before it looks for a line. All calls on the permits
lie in one order, also on a free-threaded build. In that order the waiter's
look, which failed, came before the release, or it would have found that
permit. So it stood in line before the releaser looked there, and was seen. One
open gate is enough for several permits, since an open gate's thread has yet to
look, and passes on what it leaves.

What is promised: of those who sleep, the one that came first is woken first,
and none sleeps while there is a permit and nobody awake to take it. A thread
that comes at the right moment may take a permit before those who wait; that is
where the speed is, since a thread that is running need not wait for one that
has yet to wake up.

A Ctrl-C that ends a wait costs nobody anything: the thread leaves the line and
has taken nothing. One that comes after the permit was taken, and before the
caller's ``try`` begins, loses it, as with every semaphore in Python: ``with``
makes that gap small. A permit takes eight bytes.
"""

import threading
import time
from collections import deque
from types import TracebackType


class Semaphore:
    """Permits that threads take and give back; drop-in for ``threading.Semaphore``."""

    def __init__(self, value: int = 1, *, name: str | None = None) -> None:
        if value < 0:
            raise ValueError(f"a semaphore starts with 0 or more permits, not {value}")
        self.name = name
        self._permits: deque[None] = deque([None] * value)
        # The gates of those who wait, the longest first. Invariant, whenever nobody is inside a
        # method: if there are permits and a line, the first gate is open, or its thread is awake.
        self._line: deque[threading.Lock] = deque()

    def acquire(self, blocking: bool = True, timeout: float | None = None) -> bool:
        """Take a permit, waiting for one if there is none; False if none came, within *timeout* seconds."""
        if timeout is not None and not blocking:
            raise ValueError("a call that does not block takes no timeout")
        try:
            self._permits.pop()
        except IndexError:
            return blocking and self._wait(timeout)
        return True

    def release(self, n: int = 1) -> None:
        """Give *n* permits back, all at once."""
        try:
            if n == 1:
                self._permits.append(None)
            elif n > 1:
                self._permits.extend([None] * n)
            else:
                raise ValueError(f"release gives 1 or more permits back, not {n}")
        finally:  # also when Ctrl-C strikes in between
            if self._line:
                try:  # as _wake_the_first, which is not called: Ctrl-C strikes where a call begins
                    self._line[0].release()
                except (IndexError, RuntimeError):
                    pass

    __enter__ = acquire

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def __repr__(self) -> str:
        name = "" if self.name is None else f" {self.name!r}"
        return f"<{type(self).__name__}{name} permits={len(self._permits)} waiting={len(self._line)}>"

    def _wait(self, timeout: float | None) -> bool:
        """Stand in line until there is a permit to be taken, or the time is up."""
        deadline = None if timeout is None else time.monotonic() + timeout
        gate = threading.Lock()
        gate.acquire()
        try:
            self._line.append(gate)
            while True:
                try:
                    self._permits.pop()  # only after we stand in line: see above
                    return True
                except IndexError:
                    pass
                if deadline is None:
                    gate.acquire()
                elif (left := deadline - time.monotonic()) <= 0 or not gate.acquire(True, left):
                    return False
        finally:  # with a permit, or without, or with Ctrl-C
            try:
                self._line.remove(gate)
            finally:
                # Who gave a permit since may have opened our gate and no other.
                if self._permits:
                    self._wake_the_first()

    def _wake_the_first(self) -> None:
        """Have the one that has waited longest look at the permits."""
        try:
            self._line[0].release()
        except (IndexError, RuntimeError):
            pass  # nobody waits any more, or its gate is open and it is about to look
