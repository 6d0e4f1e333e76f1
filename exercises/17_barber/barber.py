"""A barber's shop: who finds no chair goes away, and the barber sleeps while nobody is there.

You have: a line of semaphores, and a condition for the barber.
You must: fill in ``visit``, ``cut_one`` and ``close``.
It is checked: under every interleaving.
"""

from collections import deque

from concur import Condition, Mutex, Semaphore


class Shop:
    """One barber, and chairs for those who wait; in the order in which they came they are cut."""

    def __init__(self, chairs: int) -> None:
        self.chairs = chairs
        self.closed = False
        self.mutex = Mutex()
        self.waiting: deque[Semaphore] = (
            deque()
        )  # one for each customer, so that the barber knows whom he calls
        self.something_to_do = Condition(self.mutex)  # notified when one has sat down, and at closing time

    def visit(self) -> bool:
        """A customer comes. True once the hair is cut; False if all chairs are taken, or the shop is closed."""
        # TODO

    def cut_one(self) -> bool:
        """The barber cuts one, sleeping until one comes; False if the shop is closed and nobody waits."""
        # TODO

    def close(self) -> None:
        """Let nobody in any more; those who wait are still cut."""
        # TODO
