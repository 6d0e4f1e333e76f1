"""A bounded semaphore: it never has more permits than it started with.

Use it in place of a semaphore that guards so many places: a release too many,
which there would let one thread too many in at some later time, is an error
here, in the thread that made it. For signals between threads, which start from
0, use a ``Semaphore``.

    >>> from concur import BoundedSemaphore
    >>> seats = BoundedSemaphore(2, name="seats")
    >>> with seats:
    ...     seats
    <BoundedSemaphore 'seats' permits=1 waiting=0>
    >>> seats.release()
    Traceback (most recent call last):
        ...
    ValueError: thread 'MainThread' gave 1 back to bounded semaphore 'seats', which has 2 of its 2 permits.
    Release once for each acquire that returned True; `with` does so. For signals use Semaphore(0).

How it works: as ``Semaphore``; but the deque of permits has a maximal length,
and there is one call of a deque, ``insert``, that refuses to exceed it. So the
test and the release are one step, and the error is exact.

``release(n)`` tests for all *n* first, and then gives them one after the other:
other threads may see some of them before the rest. If two threads at a time
release more than there is room for, the one that finds no room stops there.
"""

import threading
from collections import deque

from concur.sync.semaphore import Semaphore


class BoundedSemaphore(Semaphore):
    """A semaphore that notices a release too many; drop-in for ``threading.BoundedSemaphore``."""

    def __init__(self, value: int = 1, *, name: str | None = None) -> None:
        super().__init__(value, name=name)
        self._most = value
        self._permits = deque([None] * value, maxlen=value)

    def release(self, n: int = 1) -> None:
        """Give *n* permits back; a ``ValueError`` if there would be more than at the start."""
        if n != 1:
            self._release_several(n)
            return
        try:
            self._permits.insert(0, None)
        except IndexError:
            raise ValueError(self._too_many(n)) from None
        finally:  # also when Ctrl-C strikes in between
            if self._line:
                self._wake_the_first()

    def _release_several(self, n: int) -> None:
        if n < 1:
            raise ValueError(f"release gives 1 or more permits back, not {n}")
        if len(self._permits) + n > self._most:
            raise ValueError(self._too_many(n))
        for _ in range(n):
            self.release()

    def _too_many(self, n: int) -> str:
        name = "an unnamed bounded semaphore" if self.name is None else f"bounded semaphore {self.name!r}"
        return (
            f"thread {threading.current_thread().name!r} gave {n} back to {name}, "
            f"which has {len(self._permits)} of its {self._most} permits.\n"
            "Release once for each acquire that returned True; `with` does so. For signals use Semaphore(0)."
        )
