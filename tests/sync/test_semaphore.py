"""What our semaphores promise beyond the standard ones: order, a telling text."""

import threading
from types import SimpleNamespace

import pytest

from concur.sync import BoundedSemaphore, FairSemaphore, Semaphore


@pytest.mark.parametrize("kind", [Semaphore, FairSemaphore, BoundedSemaphore])
def test_repr(kind: type, elsewhere, until) -> None:
    """The text tells the name, the free permits, and how many wait."""
    name = kind.__name__
    seats = kind(2, name="seats")
    assert repr(seats) == f"<{name} 'seats' permits=2 waiting=0>"
    assert repr(kind()) == f"<{name} permits=1 waiting=0>"
    with seats, seats:
        waiter = elsewhere.start(seats.acquire)
        until(lambda: repr(seats) == f"<{name} 'seats' permits=0 waiting=1>")
    elsewhere.join(waiter)
    assert repr(seats) == f"<{name} 'seats' permits=1 waiting=0>"


def test_first_come_first_served(elsewhere, until) -> None:
    """Fair permits go to those who wait in the order in which they came."""
    semaphore, order = FairSemaphore(0), []
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


def test_woken_in_order(monkeypatch: pytest.MonkeyPatch, elsewhere, until) -> None:
    """Of those who sleep, the one that came first is woken first."""
    asleep: list[object] = []

    class Gate:
        def __init__(self) -> None:
            self.lock = threading.Lock()
            self.release = self.lock.release

        def acquire(self) -> None:
            if self.lock.locked():
                asleep.append(self)  # it has looked, and found no permit
            self.lock.acquire()

    monkeypatch.setattr("concur.sync.semaphore.threading", SimpleNamespace(Lock=Gate))
    semaphore, order, waiters = Semaphore(0), [], []
    for number in range(4):

        def wait(number: int = number) -> None:
            semaphore.acquire()
            order.append(number)

        waiters.append(elsewhere.start(wait))
        until(lambda expected=number + 1: len(asleep) == expected)
    for waiter in waiters:
        semaphore.release()
        elsewhere.join(waiter)
    assert order == [0, 1, 2, 3]


@pytest.mark.parametrize("kind", [Semaphore, FairSemaphore, BoundedSemaphore])
def test_messages(kind: type) -> None:
    """What was wrong is said in numbers."""
    with pytest.raises(ValueError, match="starts with 0 or more permits, not -2"):
        kind(-2)
    with pytest.raises(ValueError, match="gives 1 or more permits back, not 0"):
        kind().release(0)
    with pytest.raises(ValueError, match="takes no timeout"):
        kind().acquire(False, 1)


def test_message_of_a_bounded_one() -> None:
    """Who gave how many back to which semaphore, and how many there are."""
    seats = BoundedSemaphore(3, name="seats")
    seats.acquire()
    with pytest.raises(
        ValueError, match="'MainThread' gave 2 back to bounded semaphore 'seats', which has 2 of its 3"
    ):
        seats.release(2)
    with pytest.raises(ValueError, match="gave 1 back to an unnamed bounded semaphore, which has 1 of its 1"):
        BoundedSemaphore().release()
