"""What our semaphore promises beyond the standard one: order, a telling text."""

import pytest

from concur.sync import Semaphore


def test_repr(elsewhere, until) -> None:
    """The text tells the name, the free permits, and how many wait."""
    seats = Semaphore(2, name="seats")
    assert repr(seats) == "<Semaphore 'seats' permits=2 waiting=0>"
    assert repr(Semaphore()) == "<Semaphore permits=1 waiting=0>"
    with seats, seats:
        waiter = elsewhere.start(seats.acquire)
        until(lambda: repr(seats) == "<Semaphore 'seats' permits=0 waiting=1>")
    elsewhere.join(waiter)
    assert repr(seats) == "<Semaphore 'seats' permits=1 waiting=0>"


def test_first_come_first_served(elsewhere, until) -> None:
    """Permits go to those who wait in the order in which they came."""
    semaphore, order = Semaphore(0), []
    waiters = []
    for number in range(4):

        def wait(number: int = number) -> None:
            semaphore.acquire()
            order.append(number)

        waiters.append(elsewhere.start(wait))
        until(lambda expected=number + 1: f"waiting={expected}" in repr(semaphore))
    for waiter in waiters:
        semaphore.release()
        elsewhere.join(waiter)
    assert order == [0, 1, 2, 3]


def test_messages() -> None:
    """What was wrong is said in numbers."""
    with pytest.raises(ValueError, match="starts with 0 or more permits, not -2"):
        Semaphore(-2)
    with pytest.raises(ValueError, match="gives 1 or more permits back, not 0"):
        Semaphore().release(0)
    with pytest.raises(ValueError, match="takes no timeout"):
        Semaphore().acquire(False, 1)
