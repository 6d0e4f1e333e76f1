# refuted by: Neighbours never eat together
"""The last seat takes a fork of its own instead of fork 0."""

from concur import Mutex


class Table:
    def __init__(self, seats):
        self.forks = [Mutex() for _ in range(seats + 1)]

    def pick_up(self, seat):
        self.forks[seat].acquire()
        self.forks[seat + 1].acquire()

    def put_down(self, seat):
        self.forks[seat].release()
        self.forks[seat + 1].release()
