"""A footman lets all but one sit down."""

from concur import Mutex, Semaphore


class Table:
    def __init__(self, seats):
        self.seats = seats
        self.forks = [Mutex() for _ in range(seats)]
        self.footman = Semaphore(seats - 1)

    def pick_up(self, seat):
        self.footman.acquire()
        self.forks[seat].acquire()
        self.forks[(seat + 1) % self.seats].acquire()

    def put_down(self, seat):
        self.forks[(seat + 1) % self.seats].release()
        self.forks[seat].release()
        self.footman.release()
