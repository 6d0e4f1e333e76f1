"""A graph of who waits for whom: it is told what threads do with locks, and finds deadlocks.

You have: the calls by which a program tells it; threads and locks are names.
You must: fill in the methods, so that ``cycle`` finds every deadlock and raises no false alarm.
It is checked: against a reference, step by step; and under every interleaving of its callers.
"""

from concur import Mutex


class WaitForGraph:
    """Who holds which lock, and who waits for which; any thread may call any method at any time."""

    def __init__(self) -> None:
        self.mutex = Mutex()
        self.waiting: dict[str, str] = {}  # thread -> the lock that it waits for
        self.owner: dict[str, str] = {}  # lock -> the thread that holds it
        self.depth: dict[str, int] = {}  # lock -> how many times its owner holds it

    def waits(self, thread: str, lock: str) -> None:
        """*thread* waits for *lock*, and for no other; if it holds *lock* itself, it waits for nothing."""
        # TODO

    def holds(self, thread: str, lock: str) -> None:
        """*thread* has got *lock*, perhaps once more, and waits no longer; ValueError if another holds it."""
        # TODO

    def released(self, thread: str, lock: str) -> None:
        """*thread* has released *lock* once; ValueError if it does not hold it."""
        # TODO

    def cycle(self) -> list[str] | None:
        """A deadlock: each waits for what the next one holds, the last for the first; from the least name on.

        None if there is no deadlock; of several, the one with the least name.
        """
        # TODO
