# refuted by: Neighbours never eat together
"""It eats with one fork."""

from concur import Mutex


class Table:
    def __init__(self, seats):
        self.seats = seats
        self.forks = [Mutex() for _ in range(seats)]

    def pick_up(self, seat):
        self.forks[seat].acquire()

    def put_down(self, seat):
        self.forks[seat].release()
