"""A monitor gives both forks at once, or none."""

from concur import Condition, Mutex


class Table:
    def __init__(self, seats):
        self.seats = seats
        self.mutex = Mutex()
        self.put_back = Condition(self.mutex)
        self.taken = set()

    def pick_up(self, seat):
        both = {seat, (seat + 1) % self.seats}
        with self.mutex:
            while both & self.taken:
                self.put_back.wait()
            self.taken |= both

    def put_down(self, seat):
        with self.mutex:
            self.taken -= {seat, (seat + 1) % self.seats}
            self.put_back.notify_all()
