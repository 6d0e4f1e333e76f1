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
        with self.mutex:
            # Who waits to write is let in first: readers that come and come would keep it out for ever.
            self.changed.wait_for(lambda: not self.writing and not self.writers_waiting)
            self.readers += 1
        try:
            yield
        finally:
            with self.mutex:
                self.readers -= 1
                self.changed.notify_all()

    @contextmanager
    def write(self) -> Iterator[None]:
        """Wait until nobody is inside; then write."""
        with self.mutex:
            self.writers_waiting += 1
            self.changed.wait_for(lambda: not self.writing and not self.readers)
            self.writers_waiting -= 1
            self.writing = True
        try:
            yield
        finally:
            with self.mutex:
                self.writing = False
                self.changed.notify_all()
