"""Counter: several threads count with it at the same time, and every call counts.

You have: a counter that is right as long as only one thread uses it.
You must: make it right for any number of threads.
It is checked: under every interleaving.
"""

from concur import Mutex


class Counter:
    """A number that starts at 0 and is added to."""

    def __init__(self) -> None:
        self._mutex = Mutex()
        self._value = 0

    def increment(self) -> None:
        """Add one."""
        self.add(1)

    def add(self, n: int) -> None:
        """Add n, all at once as far as any other thread can see."""
        # The lock belongs to the counter, and is held from the read to the write.
        with self._mutex:
            self._value += n

    @property
    def value(self) -> int:
        """All that was added so far."""
        with self._mutex:
            return self._value
