"""Graded: multiplex.py."""

from collections.abc import Callable
from threading import Event, Thread
from time import sleep

from concur.grade import graded


def together(*calls: Callable[[], object]) -> None:
    """Make each call in a thread of its own, and wait for all."""
    threads = [Thread(target=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@graded(points=3)
def test_limit(explore):
    """At most limit are inside."""

    def one_of_two(attempt):
        room, inside = attempt.Multiplex(1), []

        def visit():
            with room:
                inside.append("visitor")
                assert len(inside) <= 1, f"{len(inside)} are inside, and the limit is 1"
                inside.pop()

        def come_back():
            visit()
            visit()

        together(come_back, visit)

    def a_third_waits(attempt):
        room, inside = attempt.Multiplex(2), []

        def visit():
            with room:
                inside.append("visitor")

        visitor = Thread(target=visit)
        with room, room:
            visitor.start()
            sleep(1)  # until nobody can go on
            assert not inside, "3 are inside, and the limit is 2"
        visitor.join()
        assert inside == ["visitor"]

    explore(one_of_two)
    explore(a_third_waits, timeouts="idle")


@graded(points=3)
def test_reached(explore):
    """limit are inside together."""

    def scenario(attempt):
        room, met, inside = attempt.Multiplex(2), [], []
        here, there = Event(), Event()

        def meet(mine, other):
            with room:
                mine.set()
                other.wait()
                met.append("friend")

        def visit():
            with room:
                inside.append("visitor")

        together(lambda: meet(here, there), lambda: meet(there, here))
        assert met == ["friend", "friend"]
        visitor = Thread(target=visit)
        with room, room:
            visitor.start()
            sleep(1)  # until nobody can go on
            assert not inside, "3 are inside, and the limit is 2"
        visitor.join()

    explore(scenario, timeouts="idle")


@graded(points=4)
def test_errors(explore):
    """A place comes back when the body raises."""

    def scenario(attempt):
        room, inside, raised = attempt.Multiplex(1), [], []

        def scream():
            try:
                with room:
                    raise LookupError("a mouse")
            except LookupError:
                raised.append("a mouse")

        def visit():
            with room:
                inside.append("visitor")
                assert len(inside) <= 1, f"{len(inside)} are inside, and the limit is 1"
                inside.pop()

        together(scream, visit)
        together(visit, visit)
        assert raised == ["a mouse"], "the exception of the body did not come out"

    explore(scenario)
