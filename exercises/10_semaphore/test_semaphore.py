"""Graded: semaphore.py."""

from collections.abc import Callable
from threading import Thread

from concur.grade import graded

ONLY = (
    "concur.Mutex",
    "concur.Condition",
    "threading.Lock",
    "threading.Condition",
    "time.monotonic",
)
ANY_WAITER = {"notify": "any", "spurious_wakeups": True}


def together(**calls: Callable[[], object]) -> None:
    """Make each call in a thread of its own, of the name given, and wait for all."""
    threads = [Thread(target=call, name=name) for name, call in calls.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class Door:
    """One umbrella, and who is out with it."""

    def __init__(self, semaphore):
        self.umbrellas = semaphore
        self.out = []

    def borrow(self):
        assert self.umbrellas.acquire() is True, "acquire() without a time-out did not return True"
        self.out.append("umbrella")
        assert len(self.out) == 1, f"{len(self.out)} are out with the 1 umbrella"
        self.out.pop()
        self.umbrellas.release()


@graded(points=3)
def test_no_permit_twice(explore):
    """No permit is held by two."""

    def three_threads(attempt):
        door = Door(attempt.Semaphore(1))
        together(Ann=door.borrow, Bob=door.borrow, Cem=door.borrow)

    def two_threads_that_may_wake_without_reason(attempt):
        door = Door(attempt.Semaphore(1))
        together(Ann=door.borrow, Bob=door.borrow)

    explore(three_threads, notify="any")
    explore(two_threads_that_may_wake_without_reason, **ANY_WAITER)


@graded(points=2)
def test_no_permit_is_lost(explore):
    """No permit is lost, none is added."""

    def scenario(attempt):
        semaphore = attempt.Semaphore(1)

        def borrow():
            semaphore.acquire()
            semaphore.release()

        together(Ann=borrow, Bob=semaphore.release)
        left = 0
        while left < 3 and semaphore.acquire(0):
            left += 1
        assert left == 2, f"1 permit, 1 taken and 2 given back, and {left} are left"

    explore(scenario, **ANY_WAITER)


@graded(points=3)
def test_each_permit_wakes_a_waiter(explore):
    """Each permit wakes one who waits."""

    def two_at_once(attempt):
        semaphore = attempt.Semaphore(0)
        given = []

        def wait():
            assert semaphore.acquire() is True, "acquire() without a time-out did not return True"
            assert given, "acquire() returned before a permit was given"

        def give():
            given.append(2)
            semaphore.release(2)

        together(Ann=wait, Bob=wait, Giver=give)

    def one_after_the_other(attempt):
        semaphore = attempt.Semaphore(0)
        given = []

        def wait():
            assert semaphore.acquire() is True, "acquire() without a time-out did not return True"
            assert given, "acquire() returned before a permit was given"

        def give():
            given.append(1)
            semaphore.release()
            semaphore.release()

        together(Ann=wait, Bob=wait, Giver=give)

    explore(two_at_once, **ANY_WAITER)
    explore(one_after_the_other, **ANY_WAITER)


@graded(points=2)
def test_timeouts(explore):
    """A time-out gives False, takes nothing."""

    def nobody_else(attempt):
        semaphore = attempt.Semaphore(0)
        assert semaphore.acquire(0) is False, "there was no permit, and acquire(0) did not return False"
        assert semaphore.acquire(1) is False, "there was no permit, and acquire(1) did not return False"
        semaphore.release()
        assert semaphore.acquire(1) is True, "there was a permit, and acquire(1) did not return True"
        assert semaphore.acquire(0) is False, "the only permit was taken, and acquire(0) did not return False"

    def just_in_time_or_not(attempt):
        semaphore = attempt.Semaphore(0)
        got = []
        together(Ann=lambda: got.append(semaphore.acquire(1)), Giver=semaphore.release)
        got.append(semaphore.acquire(0))
        assert sorted(got) == [False, True], f"1 permit, and acquire(1), then acquire(0), returned {got}"

    def one_of_two_gives_up(attempt):
        semaphore = attempt.Semaphore(0)

        def impatient():
            if semaphore.acquire(1):
                semaphore.release()

        # Whether the impatient one is in time or not, the permit is there for the other.
        together(Ann=semaphore.acquire, Bob=impatient, Giver=semaphore.release)
        assert semaphore.acquire(0) is False, "the only permit was taken, and acquire(0) did not return False"

    explore(nobody_else, **ANY_WAITER)
    explore(just_in_time_or_not, **ANY_WAITER)
    explore(one_of_two_gives_up, **ANY_WAITER)
