# refuted by: Neighbours never eat together
"""Between the look at the forks and the taking a neighbour may do the same."""


class Table:
    def __init__(self, seats):
        self.seats = seats
        self.taken = [False] * seats

    def pick_up(self, seat):
        left, right = seat, (seat + 1) % self.seats
        while self.taken[left] or self.taken[right]:
            pass
        self.taken[left] = True
        self.taken[right] = True

    def put_down(self, seat):
        self.taken[seat] = False
        self.taken[(seat + 1) % self.seats] = False
