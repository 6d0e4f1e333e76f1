"""Graded: counter.py."""

from collections.abc import Callable
from threading import Event, Thread

from concur.grade import graded


def together(*calls: Callable[[], object]) -> None:
    """Make each call in a thread of its own, and wait for all."""
    threads = [Thread(target=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class Slow(int):
    """A number that is not added before an event has happened."""

    event: Event

    def __add__(self, other: int) -> int:
        self.event.wait()
        return int(self) + int(other)

    __radd__ = __add__


@graded(points=4)
def test_no_update_is_lost(explore):
    """No update is lost."""

    def two_threads_of_two_calls(attempt):
        counter = attempt.Counter()

        def twice():
            counter.increment()
            counter.increment()

        together(twice, twice)
        assert counter.value == 4

    def three_threads_of_one_call(attempt):
        counter = attempt.Counter()
        together(counter.increment, counter.increment, counter.increment)
        assert counter.value == 3

    explore(two_threads_of_two_calls)
    explore(three_threads_of_one_call)


@graded(points=2)
def test_add_is_one_step(explore):
    """add(n) is one step: others see all of n or nothing."""

    def scenario(attempt):
        counter = attempt.Counter()
        seen = []

        def look_twice():
            seen.append(counter.value)
            seen.append(counter.value)

        together(lambda: counter.add(2), lambda: counter.add(4), look_twice)
        first, second = seen
        assert first in (0, 2, 4, 6)
        assert second in (0, 2, 4, 6)
        assert first <= second, f"the counter went back from {first} to {second}"
        assert counter.value == 6

    explore(scenario, atomic=["concur.Semaphore"])


@graded(points=2)
def test_value_fits_an_order(explore):
    """value is what some order of the calls gives."""

    def scenario(attempt):
        counter = attempt.Counter()
        seen = {}

        def add_one_and_look():
            counter.add(1)
            seen["one"] = counter.value

        def add_two_and_look():
            counter.add(2)
            seen["two"] = counter.value

        together(add_one_and_look, add_two_and_look)
        # Whoever adds last sees both.
        assert (seen["one"], seen["two"]) in [(1, 3), (3, 2), (3, 3)]

    explore(scenario, atomic=["concur.Semaphore"])


@graded(points=2)
def test_two_counters_are_independent(explore):
    """Two counters do not block each other, and each keeps count."""

    def scenario(attempt):
        busy, other = attempt.Counter(), attempt.Counter()
        number = Slow(1)
        number.event = Event()
        # This thread is in the middle of an addition until the other counter has counted.
        adding = Thread(target=busy.add, args=(number,))
        adding.start()
        together(other.increment, other.increment)
        number.event.set()
        adding.join()
        assert other.value == 2

    explore(scenario, atomic=["concur.Semaphore"])
