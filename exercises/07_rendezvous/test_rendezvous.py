"""Graded: rendezvous.py."""

from collections.abc import Callable
from threading import Thread

from concur.grade import graded

ONLY = ("concur.Semaphore", "concur.BoundedSemaphore", "threading.Semaphore", "threading.BoundedSemaphore")


def together(*calls: Callable[[], object]) -> None:
    """Make each call in a thread of its own, and wait for all."""
    threads = [Thread(target=call, name=call.__name__) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@graded(points=3)
def test_left_waits_for_right(explore):
    """left() returns only after right() was called."""

    def scenario(attempt):
        meeting = attempt.Rendezvous()
        arrived = []

        def left():
            meeting.left()
            assert "right" in arrived, "left() returned before right() was called"

        def right():
            arrived.append("right")
            meeting.right()

        together(left, right)

    explore(scenario)


@graded(points=3)
def test_right_waits_for_left(explore):
    """right() returns only after left() was called."""

    def scenario(attempt):
        meeting = attempt.Rendezvous()
        arrived = []

        def left():
            arrived.append("left")
            meeting.left()

        def right():
            meeting.right()
            assert "left" in arrived, "right() returned before left() was called"

        together(left, right)

    explore(scenario)


@graded(points=4)
def test_both_return(explore):
    """Both return, and each finds what the other brought."""

    def scenario(attempt):
        meeting = attempt.Rendezvous()
        brought = {}

        def left():
            brought["left"] = "bread"
            meeting.left()
            assert brought.get("right") == "cheese", "left() returned, and right had not brought anything"

        def right():
            brought["right"] = "cheese"
            meeting.right()
            assert brought.get("left") == "bread", "right() returned, and left had not brought anything"

        together(left, right)

    explore(scenario)
