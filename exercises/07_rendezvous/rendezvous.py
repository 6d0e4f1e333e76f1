"""Rendezvous: neither thread passes the meeting point before the other arrives.

You have: two semaphores, both starting with 0 permits.
You must: fill in ``left`` and ``right`` so that each waits for the other.
It is checked: under every interleaving.
"""

from concur import Semaphore


class Rendezvous:
    """A meeting of two threads, once."""

    def __init__(self) -> None:
        self.left_here = Semaphore(0)
        self.right_here = Semaphore(0)

    def left(self) -> None:
        """Called once, by the left thread."""
        # TODO: say that you are here, then wait for the other.

    def right(self) -> None:
        """Called once, by the right thread."""
        # TODO: the same from the other side.
