"""What an event promises, asked of ours and of CPython's."""

import threading
from collections.abc import Callable

import pytest

from concur.sync import Event

pytestmark = pytest.mark.parametrize("make", [Event, threading.Event])

Make = Callable[[], Event]


def waiting(make: Make, elsewhere, count: int) -> tuple[Event, list[bool], Callable[[], None]]:
    """An event, *count* threads about to wait for it, and what ends the test when they have."""
    event, answers, begun = make(), [], threading.Barrier(count + 1)

    def wait() -> None:
        begun.wait()
        answers.append(event.wait())

    for _ in range(count):
        elsewhere.start(wait)
    begun.wait()
    return event, answers, elsewhere.join


def test_it_begins_unset(make: Make) -> None:
    """An event is unset when made."""
    assert make().is_set() is False


def test_set_and_clear(make: Make) -> None:
    """The flag goes up and down, and nothing happens if it is there already."""
    event = make()
    for _ in range(2):
        event.set()
        assert event.is_set() is True
    for _ in range(2):
        event.clear()
        assert event.is_set() is False


def test_wait_for_a_set_event(make: Make) -> None:
    """Nobody waits for what has happened, whatever the time-out."""
    event = make()
    event.set()
    for timeout in (None, 0, -1, 1.5):
        assert event.wait(timeout) is True
        assert event.wait(timeout=timeout) is True


def test_timeouts(make: Make) -> None:
    """A wait that nobody ends returns False when the time is up; none left is no wait."""
    event = make()
    for timeout in (0.01, 0, -1, 0.0):
        assert event.wait(timeout) is False


def test_a_time_too_long(make: Make) -> None:
    """More seconds than the machine can count are an OverflowError, and the event works on."""
    event = make()
    with pytest.raises(OverflowError):
        event.wait(1e300)
    event.set()
    assert event.wait() is True


def test_set_wakes_everybody(make: Make, elsewhere) -> None:
    """One set lets all go."""
    event, answers, join = waiting(make, elsewhere, 5)
    event.set()
    join()
    assert answers == [True] * 5


def test_it_stays_set(make: Make, elsewhere) -> None:
    """Who comes later does not wait."""
    event = make()
    event.set()
    assert elsewhere(event.wait) is True
    assert elsewhere(event.wait) is True


def test_it_is_used_again(make: Make, elsewhere) -> None:
    """Cleared, it makes threads wait as at first."""
    event = make()
    for _ in range(3):
        event.set()
        event.clear()
        assert event.wait(0) is False
        waiter = elsewhere.start(event.wait)
        event.set()
        elsewhere.join(waiter)
        event.clear()


def test_set_and_cleared_at_once(make: Make, elsewhere, until) -> None:
    """Who waited when it was set returns True, although it is unset by then."""
    event, answers = make(), []
    waiter = elsewhere.start(lambda: answers.append(event.wait()))
    line = event._line if isinstance(event, Event) else event._cond._waiters
    until(lambda: len(line) == 1)
    event.set()
    event.clear()
    elsewhere.join(waiter)
    assert answers == [True]
    assert event.is_set() is False


def test_repr(make: Make) -> None:
    """The text tells whether it is set."""
    event = make()
    assert " unset" in repr(event)
    event.set()
    assert " set" in repr(event)
