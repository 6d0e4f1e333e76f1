"""Refuted: a count of free seats that is looked at in one step and lowered in another."""

from threading import Thread


class Seats:
    def __init__(self, free):
        self.free = free

    def take(self):
        if self.free > 0:
            self.free -= 1
            return True
        return False


def scenario():
    seats, seated = Seats(1), []

    def guest(name):
        if seats.take():
            seated.append(name)

    guests = [Thread(target=guest, args=[name], name=name) for name in ("Ann", "Bob")]
    for each in guests:
        each.start()
    for each in guests:
        each.join()
    assert len(seated) == 1, f"{len(seated)} guests on one seat"
