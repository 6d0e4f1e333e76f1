# refuted by: Two who are no neighbours eat together
"""One eats at a time at the whole table."""

from concur import Mutex


class Table:
    def __init__(self, seats):
        self.mutex = Mutex()

    def pick_up(self, seat):
        self.mutex.acquire()

    def put_down(self, seat):
        self.mutex.release()
