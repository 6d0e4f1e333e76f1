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
        # Signal first, then wait: if both waited first, neither would ever signal.
        self.left_here.release()
        self.right_here.acquire()

    def right(self) -> None:
        """Called once, by the right thread."""
        self.right_here.release()
        self.left_here.acquire()
