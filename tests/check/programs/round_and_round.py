"""Loops that change something each time round."""

# sleeps: in virtual time only; these programs are explored, not run

from threading import Lock

from .common import Box, together


def scenario_two_polite_threads():
    """Each gives way to the other, and takes it back."""
    wants = [False, False]

    def pass_by(me):
        wants[me] = True
        while wants[1 - me]:
            wants[me] = False
            wants[me] = True
        wants[me] = False

    together(lambda: pass_by(0), lambda: pass_by(1))


def scenario_one_insists():
    """The same, but for one who does not give way."""
    wants = [False, False]

    def pass_by(me):
        wants[me] = True
        while wants[1 - me]:
            if me == 0:
                wants[me] = False
                while wants[1 - me]:
                    pass
                wants[me] = True
        wants[me] = False

    together(lambda: pass_by(0), lambda: pass_by(1))


def dine(seats, *, giving_up):
    forks = [Lock() for _ in range(2)]

    def eat(first, second):
        while True:
            forks[first].acquire()
            if forks[second].acquire(blocking=False):
                break
            forks[first].release()
            if not giving_up:
                forks[second].acquire()
                forks[first].acquire()
                break
        forks[second].release()
        forks[first].release()

    together(*[lambda first=first: eat(first, 1 - first) for first in seats])


def scenario_philosophers_give_up_in_step():
    dine([0, 1], giving_up=True)


def scenario_philosophers_in_one_order():
    dine([0, 0], giving_up=True)


def scenario_takes_a_lock_each_time():
    lock, box = Lock(), Box(False)

    def wait():
        while True:
            with lock:
                if box.value:
                    break

    def tell():
        with lock:
            box.value = True

    together(wait, tell)


def scenario_counts_each_time():
    box, rounds = Box(False), Box()

    def wait():
        while not box.value:
            rounds.value += 1

    def tell():
        box.value = True

    together(wait, tell)


def scenario_appends_each_time():
    box, seen = Box(False), []

    def wait():
        while not box.value:
            seen.append(0)

    def tell():
        box.value = True

    together(wait, tell)


def scenario_counts_for_ever():
    rounds = Box()

    def wait():
        while rounds.value >= 0:
            rounds.value += 1

    together(wait, lambda: rounds.value)
