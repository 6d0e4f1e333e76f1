"""Peterson's lock: mutual exclusion for two threads, made of plain variables.

You have: a flag for each thread, and a turn.
You must: fill in ``lock`` and ``unlock``, which are called with the caller's number, 0 or 1.
It is checked: under every interleaving, where each read and write of a variable is a step.
"""


class Peterson:
    """Only one of the threads 0 and 1 is between lock() and unlock()."""

    def __init__(self) -> None:
        self.wants = [False, False]  # whether thread 0, or 1, wants to be inside, or is
        self.turn = 0  # who goes first if both want to

    def lock(self, me: int) -> None:
        """Wait until this thread may be inside; a loop that looks at the variables is a good way to wait."""
        other = 1 - me
        self.wants[me] = True
        self.turn = other  # whoever writes this last has let the other go first
        while self.wants[other] and self.turn == other:
            pass

    def unlock(self, me: int) -> None:
        """Leave."""
        self.wants[me] = False
