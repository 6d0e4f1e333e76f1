# refuted by: No deadlock: everyone eats
"""Everybody takes the left fork first."""

from concur import Mutex


class Table:
    def __init__(self, seats):
        self.seats = seats
        self.forks = [Mutex() for _ in range(seats)]

    def pick_up(self, seat):
        self.forks[seat].acquire()
        self.forks[(seat + 1) % self.seats].acquire()

    def put_down(self, seat):
        self.forks[seat].release()
        self.forks[(seat + 1) % self.seats].release()
