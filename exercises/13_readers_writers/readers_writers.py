"""ReadWriteLock: many threads read at the same time, or one writes alone.

You have: counts of who is inside and who waits, a mutex, and a condition over it.
You must: fill in ``read`` and ``write``.
It is checked: under every interleaving, any waiter may be woken, and one may wake for no reason.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from concur import Condition, Mutex


class ReadWriteLock:
    """``with lock.read():`` lets other readers in, ``with lock.write():`` lets nobody in."""

    def __init__(self) -> None:
        self.mutex = Mutex()
        self.changed = Condition(self.mutex)  # notified whenever somebody may go in who could not before
        self.readers = 0  # inside
        self.writing = False
        self.writers_waiting = 0

    @contextmanager
    def read(self) -> Iterator[None]:
        """Wait until nobody writes or waits to write; then read."""
        # TODO: before
        yield
        # TODO: after

    @contextmanager
    def write(self) -> Iterator[None]:
        """Wait until nobody is inside; then write."""
        # TODO: before
        yield
        # TODO: after
