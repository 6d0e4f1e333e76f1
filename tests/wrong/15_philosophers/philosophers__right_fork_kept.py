# refuted by: No deadlock: everyone eats
"""Only the left fork is put down."""

from concur import Mutex


class Table:
    def __init__(self, seats):
        self.seats = seats
        self.forks = [Mutex() for _ in range(seats)]

    def pick_up(self, seat):
        low, high = sorted((seat, (seat + 1) % self.seats))
        self.forks[low].acquire()
        self.forks[high].acquire()

    def put_down(self, seat):
        self.forks[seat].release()
