"""A ticket lock: first come, first served.

You have: two atomic counters. ``fetch_add(n)`` adds n in one step, and returns what was there before.
You must: fill in ``acquire`` and ``release``.
It is checked: under every interleaving.
"""

from threading import get_ident

from concur import AtomicInteger


class TicketLock:
    """Everybody draws a ticket, and waits until it is called."""

    def __init__(self) -> None:
        self.next_ticket = AtomicInteger(0)
        self.now_serving = AtomicInteger(0)
        self.holder: int | None = None  # the get_ident() of the thread that is inside

    def acquire(self) -> None:
        """Wait for one's turn; a loop that looks at ``now_serving`` is a good way to wait."""
        ticket = self.next_ticket.fetch_add(1)
        while self.now_serving.get() != ticket:
            pass
        self.holder = get_ident()

    def release(self) -> None:
        """Call the next; RuntimeError if this thread does not hold the lock."""
        if self.holder != get_ident():
            raise RuntimeError("this thread does not hold the lock")
        self.holder = None
        self.now_serving.fetch_add(1)
