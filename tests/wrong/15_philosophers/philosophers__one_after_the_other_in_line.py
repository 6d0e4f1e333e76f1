# refuted by: Two who are no neighbours eat together
"""Seats eat in turn, whether they are hungry or not."""

from concur import Condition, Mutex


class Table:
    def __init__(self, seats):
        self.seats = seats
        self.turn = 0
        self.mutex = Mutex()
        self.next = Condition(self.mutex)

    def pick_up(self, seat):
        with self.mutex:
            self.next.wait_for(lambda: self.turn == seat)

    def put_down(self, seat):
        with self.mutex:
            self.turn = (seat + 1) % self.seats
            self.next.notify_all()
