"""Semaphore: permits that threads take and give back, waiting while there are none.

You have: the number of permits, a mutex, and a condition over it.
You must: fill in ``acquire`` and ``release``.
It is checked: under every interleaving, any waiter may be woken, and one may wake for no reason.
"""

from concur import Condition, Mutex


class Semaphore:
    """A number of permits that is never negative."""

    def __init__(self, permits: int) -> None:
        self.permits = permits
        self.mutex = Mutex()
        self.permit_came = Condition(self.mutex)  # notified whenever a permit is given back

    def acquire(self, timeout: float | None = None) -> bool:
        """Take a permit, waiting for one; False if none came within ``timeout`` seconds."""
        # TODO
        return True

    def release(self, n: int = 1) -> None:
        """Give ``n`` permits back, each for one of those who wait."""
        # TODO
