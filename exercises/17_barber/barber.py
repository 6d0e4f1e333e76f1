"""A barber's shop: who finds no chair goes away, and the barber sleeps while nobody is there.

You have: the number of chairs, and a mutex.
You must: fill in ``visit``, ``cut_one`` and ``close``; add to ``__init__`` what you need.
It is checked: under every interleaving.
"""

from concur import Mutex


class Shop:
    """One barber, and chairs for those who wait; in the order in which they came they are cut."""

    def __init__(self, chairs: int) -> None:
        self.chairs = chairs
        self.closed = False
        self.mutex = Mutex()
        # TODO: who waits, and where; where the barber sleeps

    def visit(self) -> bool:
        """A customer comes. True once the hair is cut; False if all chairs are taken, or the shop is closed."""
        # TODO

    def cut_one(self) -> bool:
        """The barber cuts one, sleeping until one comes; False if the shop is closed and nobody waits."""
        # TODO

    def close(self) -> None:
        """Let nobody in any more; those who wait are still cut."""
        # TODO
