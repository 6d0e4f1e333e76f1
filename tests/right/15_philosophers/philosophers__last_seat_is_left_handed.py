"""One of them begins with the other hand."""

from threading import Lock


class Table:
    def __init__(self, seats):
        self.forks = [Lock() for _ in range(seats)]

    def hands(self, seat):
        left, right = self.forks[seat], self.forks[(seat + 1) % len(self.forks)]
        return (right, left) if seat == len(self.forks) - 1 else (left, right)

    def pick_up(self, seat):
        for fork in self.hands(seat):
            fork.acquire()

    def put_down(self, seat):
        for fork in self.hands(seat):
            fork.release()
