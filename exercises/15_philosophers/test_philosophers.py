"""Graded: philosophers.py."""

from threading import Event, Thread

from concur.grade import graded

ATOMIC = ["concur.Semaphore"]  # verified by itself


class Dinner:
    """A table, and who eats at it. A list for each seat: who eats far away touches nothing of it."""

    def __init__(self, table, seats):
        self.table = table
        self.seats = seats
        self.eating = [[] for _ in range(seats)]
        self.meals = [[] for _ in range(seats)]

    def sit(self, seat, meals=1):
        """The life of a philosopher."""
        for _ in range(meals):
            self.table.pick_up(seat)
            self.begin(seat)
            self.end(seat)

    def begin(self, seat):
        self.eating[seat].append("eats")
        for other in {(seat - 1) % self.seats, (seat + 1) % self.seats}:
            assert not self.eating[other], f"seats {seat} and {other} are neighbours, and both eat"

    def end(self, seat):
        self.eating[seat].clear()
        self.meals[seat].append("a meal")
        self.table.put_down(seat)


def together(*threads):
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def philosopher(life, seat, *details):
    return Thread(target=life, args=[seat, *details], name=f"seat {seat}")


@graded(points=3)
def test_neighbours(explore):
    """Neighbours never eat together."""

    def side_by_side(attempt):
        dinner = Dinner(attempt.Table(3), 3)
        together(philosopher(dinner.sit, 0, 2), philosopher(dinner.sit, 1))

    def last_and_first(attempt):
        dinner = Dinner(attempt.Table(4), 4)
        together(philosopher(dinner.sit, 3, 2), philosopher(dinner.sit, 0))

    explore(side_by_side, atomic=ATOMIC)
    explore(last_and_first, atomic=ATOMIC)


@graded(points=4)
def test_everyone_eats(explore):
    """No deadlock: everyone eats."""

    def two(attempt):
        dinner = Dinner(attempt.Table(2), 2)
        together(philosopher(dinner.sit, 0), philosopher(dinner.sit, 1))
        assert dinner.meals == [["a meal"]] * 2

    def three(attempt):
        dinner = Dinner(attempt.Table(3), 3)
        together(*(philosopher(dinner.sit, seat) for seat in range(3)))
        assert dinner.meals == [["a meal"]] * 3

    explore(two, atomic=ATOMIC)
    explore(three, atomic=ATOMIC)


@graded(points=3)
def test_far_apart(explore):
    """Two who are no neighbours eat together."""

    def scenario(attempt):
        dinner = Dinner(attempt.Table(4), 4)
        at_table = {0: Event(), 2: Event()}
        between = philosopher(dinner.sit, 1)

        def eats_in_company(seat, other):
            dinner.table.pick_up(seat)
            dinner.begin(seat)
            at_table[seat].set()
            at_table[other].wait()
            if seat == 0:
                between.start()  # who sits between them gets no fork before both are done
            dinner.end(seat)

        together(philosopher(eats_in_company, 0, 2), philosopher(eats_in_company, 2, 0))
        between.join()

    explore(scenario, atomic=ATOMIC)
