"""Graded: latch.py."""

from collections.abc import Callable
from threading import Thread

from concur.grade import graded

ANY_WAITER = {"notify": "any", "spurious_wakeups": True, "atomic": ["concur.Semaphore"]}


def together(**calls: Callable[[], object]) -> None:
    """Make each call in a thread of its own, of the name given, and wait for all."""
    threads = [Thread(target=call, name=name) for name, call in calls.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class Tour:
    """A latch, and which buses have arrived."""

    def __init__(self, latch, buses):
        self.latch = latch
        self.buses = buses
        self.arrived = []

    def drive(self):
        self.arrived.append("bus")
        self.latch.count_down()

    def guide(self):
        assert self.latch.wait() is True, "wait() without a time-out did not return True"
        arrived = len(self.arrived)
        assert arrived == self.buses, f"wait() returned when {arrived} of {self.buses} had counted down"


@graded(points=3)
def test_not_early(explore):
    """Nobody is through too early."""

    def one_guide(attempt):
        tour = Tour(attempt.CountDownLatch(2), 2)
        together(Guide=tour.guide, Bus_1=tour.drive, Bus_2=tour.drive)

    explore(one_guide, **ANY_WAITER)


@graded(points=3)
def test_nobody_sleeps(explore):
    """Nobody sleeps after zero."""

    def two_wait(attempt):
        tour = Tour(attempt.CountDownLatch(1), 1)
        together(Ann=tour.guide, Bob=tour.guide, Bus=tour.drive)

    def two_count(attempt):
        tour = Tour(attempt.CountDownLatch(2), 2)
        together(Bus_1=tour.drive, Bus_2=tour.drive)
        tour.guide()
        tour.guide()

    explore(two_wait, **ANY_WAITER)
    explore(two_count, **ANY_WAITER)


def refused(latch) -> bool:
    """Whether counting down raises ValueError."""
    try:
        latch.count_down()
    except ValueError:
        return True
    return False


@graded(points=2)
def test_below_zero(explore):
    """Below zero is a ValueError."""

    def one_after_the_other(attempt):
        latch = attempt.CountDownLatch(1)
        assert not refused(latch), "the count was 1, and count_down() raised ValueError"
        assert refused(latch), "the count was 0, and count_down() did not raise ValueError"
        assert refused(attempt.CountDownLatch(0)), (
            "the count was 0, and count_down() did not raise ValueError"
        )
        assert latch.wait(0) is True, "the count is 0, and wait(0) did not return True"

    def at_the_same_time(attempt):
        latch = attempt.CountDownLatch(1)
        answers = []

        def count():
            answers.append(refused(latch))

        together(Ann=count, Bob=count)
        counted = answers.count(False)
        assert counted == 1, f"the count was 1, two counted down, and {counted} of them were not refused"
        assert latch.wait(0) is True, "the count is 0, and wait(0) did not return True"

    explore(one_after_the_other, **ANY_WAITER)
    explore(at_the_same_time, **ANY_WAITER)


@graded(points=2)
def test_timeouts(explore):
    """A time-out returns False."""

    def nobody_else(attempt):
        latch = attempt.CountDownLatch(1)
        assert latch.wait(0) is False, "the count was 1, and wait(0) did not return False"
        assert latch.wait(1) is False, "the count was 1, and wait(1) did not return False"
        latch.count_down()
        assert latch.wait(1) is True, "the count was 0, and wait(1) did not return True"
        assert latch.wait() is True, "the count was 0, and wait() did not return True"
        assert attempt.CountDownLatch(0).wait() is True, (
            "the count was 0 from the start: wait() is to return True"
        )

    def just_in_time_or_not(attempt):
        latch = attempt.CountDownLatch(1)
        counted = []

        def count():
            counted.append(1)
            latch.count_down()

        def wait():
            in_time = latch.wait(1)
            assert not in_time or counted, "wait(1) returned True before anybody had counted down"

        together(Ann=wait, Bus=count)
        assert latch.wait(0) is True, "the count was 0, and wait(0) did not return True"

    explore(nobody_else, **ANY_WAITER)
    explore(just_in_time_or_not, **ANY_WAITER)
