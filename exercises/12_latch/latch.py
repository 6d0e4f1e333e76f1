"""CountDownLatch: threads wait until a count has come down to zero.

You have: the count, a mutex, and a condition over it.
You must: fill in ``count_down`` and ``wait``.
It is checked: under every interleaving, any waiter may be woken, and one may wake for no reason.
"""

from concur import Condition, Mutex


class CountDownLatch:
    """Opens when it was counted down ``count`` times, and stays open."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.mutex = Mutex()
        self.opened = Condition(self.mutex)  # notified when the count comes to zero

    def count_down(self) -> None:
        """Lower the count by one, and let all who wait go at zero; ValueError if it is zero already."""
        # TODO

    def wait(self, timeout: float | None = None) -> bool:
        """Return True as soon as the count is zero; False if it is not after ``timeout`` seconds."""
        # TODO
        return True
