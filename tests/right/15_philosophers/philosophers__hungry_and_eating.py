"""Nobody waits at a fork, but each at a semaphore of his own, until no neighbour eats."""

from threading import Lock

from concur import Semaphore


class Table:
    def __init__(self, seats):
        self.seats = seats
        self.mutex = Lock()
        self.state = ["thinks"] * seats
        self.may_eat = [Semaphore(0) for _ in range(seats)]

    def neighbours(self, seat):
        return (seat - 1) % self.seats, (seat + 1) % self.seats

    def try_to_eat(self, seat):
        if self.state[seat] == "is hungry" and all(
            self.state[other] != "eats" for other in self.neighbours(seat)
        ):
            self.state[seat] = "eats"
            self.may_eat[seat].release()

    def pick_up(self, seat):
        with self.mutex:
            self.state[seat] = "is hungry"
            self.try_to_eat(seat)
        self.may_eat[seat].acquire()

    def put_down(self, seat):
        with self.mutex:
            self.state[seat] = "thinks"
            for other in self.neighbours(seat):
                self.try_to_eat(other)
