"""A round table, a fork between each two plates; who eats needs both forks beside the own plate.

You have: the forks, each a mutex. Fork i lies left of seat i, and right of seat i - 1.
You must: fill in ``pick_up`` and ``put_down``, so that everyone gets to eat.
It is checked: under every interleaving.
"""

from concur import Mutex


class Table:
    """Seats 0 to seats - 1, at least two; each is used by one thread at a time."""

    def __init__(self, seats: int) -> None:
        self.seats = seats
        self.forks = [Mutex(name=f"fork {number}") for number in range(seats)]

    def pick_up(self, seat: int) -> None:
        """Take both forks of this seat; whoever returns from here eats."""
        # The lower number first, for everybody: along a circle of waiting the numbers would rise for ever.
        low, high = sorted((seat, (seat + 1) % self.seats))
        self.forks[low].acquire()
        self.forks[high].acquire()

    def put_down(self, seat: int) -> None:
        """Called after ``pick_up``, by the same thread: give both forks back."""
        self.forks[seat].release()
        self.forks[(seat + 1) % self.seats].release()
