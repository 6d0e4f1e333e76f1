"""Multiplex: a room for so many threads at a time.

You have: the limit, and a semaphore to be made.
You must: fill in ``__enter__`` and ``__exit__``, which ``with`` calls.
It is checked: under every interleaving.
"""

from types import TracebackType

from concur import Semaphore


class Multiplex:
    """Not more than ``limit`` threads are inside the ``with`` statement at a time."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.places = Semaphore(limit)

    def __enter__(self) -> None:
        """Wait for a place, and take it."""
        self.places.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the place back, whatever has happened inside."""
        self.places.release()
