"""Requests that wait until a partition has something for them, and are woken only then.

A condition wakes everybody, and all but one go back to sleep; with many readers that is
most of the work. Here who waits says what for, an offset, and is left asleep until the
log, or its watermark, is beyond it.

    >>> line, waiter = Line(), Waiter()
    >>> line.add(4, waiter)
    >>> line.passed(4)  # at 4, not beyond
    >>> waiter.sleep(0)
    False
    >>> line.passed(5)
    >>> waiter.sleep(0)
    True
"""

import threading


class Waiter:
    """One request, asleep in the lines of one partition or several; woken once, by whichever is first."""

    __slots__ = ("_first", "_gate")

    def __init__(self) -> None:
        self._first = threading.Lock()  # who gets it opens the gate
        self._gate = threading.Lock()
        self._gate.acquire()

    def wake(self) -> None:
        """Let ``sleep`` return; more than once is no more than once."""
        if self._first.acquire(blocking=False):
            self._gate.release()

    def sleep(self, seconds: float) -> bool:
        """Return True when woken, once; False when *seconds* have passed before."""
        if seconds <= 0:
            return self._gate.acquire(blocking=False)
        return self._gate.acquire(timeout=min(seconds, threading.TIMEOUT_MAX))


class Caller:
    """Who makes requests, and may go while they wait: then they end, as they would if their time were up.

    Example:
        >>> caller = Caller()
        >>> caller.go()
        >>> caller.sleep(Waiter(), 1000)
        False
    """

    __slots__ = ("_asleep", "_lock", "is_gone")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asleep: set[Waiter] = set()  # guarded by the lock
        self.is_gone = False

    def sleep(self, waiter: Waiter, seconds: float) -> bool:
        """As ``waiter.sleep``; False also if the caller has gone."""
        with self._lock:
            if self.is_gone:
                return False
            self._asleep.add(waiter)
        try:
            return waiter.sleep(seconds) and not self.is_gone
        finally:
            with self._lock:
                self._asleep.discard(waiter)

    def go(self) -> None:
        """End what waits on behalf of this one."""
        with self._lock:
            self.is_gone = True
            for waiter in self._asleep:
                waiter.wake()


class Line:
    """Who waits for an offset to be passed. The lock of the replica guards it."""

    __slots__ = ("_waiting",)

    def __init__(self) -> None:
        self._waiting: list[tuple[int, Waiter]] = []

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, offset: int, waiter: Waiter) -> None:
        """*waiter* is to be woken when *offset* is passed."""
        self._waiting.append((offset, waiter))

    def remove(self, waiter: Waiter) -> None:
        """Whatever *waiter* waited for, it does no longer."""
        self._waiting = [one for one in self._waiting if one[1] is not waiter]

    def passed(self, offset: int) -> None:
        """Wake those that waited for something below *offset*."""
        if self._waiting:
            for wanted, waiter in self._waiting:
                if wanted < offset:
                    waiter.wake()
            self._waiting = [one for one in self._waiting if one[0] >= offset]

    def wake_all(self) -> None:
        """Wake everybody: what they waited for will not come here."""
        for _, waiter in self._waiting:
            waiter.wake()
        self._waiting = []
