# refuted by: No deadlock: everyone eats
"""Who finds the right fork taken puts the left one down and tries again; all may do so in step for ever."""

from threading import Lock


class Table:
    def __init__(self, seats):
        self.seats = seats
        self.forks = [Lock() for _ in range(seats)]

    def pick_up(self, seat):
        left, right = self.forks[seat], self.forks[(seat + 1) % self.seats]
        while True:
            left.acquire()
            if right.acquire(blocking=False):
                return
            left.release()

    def put_down(self, seat):
        self.forks[seat].release()
        self.forks[(seat + 1) % self.seats].release()
