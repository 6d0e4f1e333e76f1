# refuted by: No deadlock: everyone eats
"""The footman counts as many places as there are seats."""

from concur import Mutex, Semaphore


class Table:
    def __init__(self, seats):
        self.seats = seats
        self.forks = [Mutex() for _ in range(seats)]
        self.footman = Semaphore(seats)

    def pick_up(self, seat):
        self.footman.acquire()
        self.forks[seat].acquire()
        self.forks[(seat + 1) % self.seats].acquire()

    def put_down(self, seat):
        self.forks[seat].release()
        self.forks[(seat + 1) % self.seats].release()
        self.footman.release()
