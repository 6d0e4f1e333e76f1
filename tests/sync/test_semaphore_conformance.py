"""What a semaphore promises, asked of ours and of CPython's."""

import threading
from collections.abc import Callable

import pytest

from concur.sync import Semaphore

pytestmark = pytest.mark.parametrize(
    "make", [Semaphore, threading.Semaphore], ids=["Semaphore", "threading.Semaphore"]
)

Make = Callable[..., Semaphore]


def free(semaphore: Semaphore) -> int:
    """How many permits can be taken now; they are given back."""
    taken = 0
    while semaphore.acquire(False):
        taken += 1
    if taken:
        semaphore.release(taken)
    return taken


@pytest.mark.parametrize("permits", [0, 1, 2, 5])
def test_as_many_as_given(make: Make, permits: int) -> None:
    """Just as many permits can be taken as it started with."""
    assert free(make(permits)) == permits


def test_one_by_default(make: Make) -> None:
    """Without a number it starts with one permit."""
    assert free(make()) == 1


def test_release_adds(make: Make) -> None:
    """Any thread may add permits, one or several at a time, beyond the number at the start."""
    semaphore = make(1)
    semaphore.release()
    semaphore.release(3)
    semaphore.release(n=1)
    assert free(semaphore) == 6


def test_with(make: Make) -> None:
    """A with statement takes one, and gives it back when the body raises."""
    semaphore = make(2)
    with pytest.raises(KeyError), semaphore as taken:
        assert taken is True
        assert free(semaphore) == 1
        raise KeyError
    assert free(semaphore) == 2


def test_bad_numbers(make: Make) -> None:
    """Fewer than none at the start, or less than one given back, is a ValueError."""
    with pytest.raises(ValueError, match=r"."):
        make(-1)
    semaphore = make(1)
    for n in (0, -1):
        with pytest.raises(ValueError, match=r"."):
            semaphore.release(n)
    assert free(semaphore) == 1


def test_timeouts(make: Make) -> None:
    """An attempt that waits for a while, or not at all, returns False and takes nothing."""
    semaphore = make(0)
    assert semaphore.acquire(False) is False
    assert semaphore.acquire(blocking=False) is False
    assert semaphore.acquire(timeout=0.01) is False
    assert semaphore.acquire(timeout=0) is False
    assert semaphore.acquire(timeout=-1) is False
    semaphore.release()
    assert semaphore.acquire(timeout=1) is True
    assert free(semaphore) == 0


def test_timeout_without_blocking(make: Make) -> None:
    """A time-out of an attempt that does not wait is a ValueError, whether there is a permit or not."""
    for permits in (0, 1):
        semaphore = make(permits)
        with pytest.raises(ValueError, match=r"."):
            semaphore.acquire(False, timeout=1)
        with pytest.raises(ValueError, match=r"."):
            semaphore.acquire(False, 0)
        assert free(semaphore) == permits


def test_timeout_too_long(make: Make) -> None:
    """A time-out beyond what the machine can wait is an OverflowError, and takes nothing."""
    semaphore = make(0)
    with pytest.raises(OverflowError):
        semaphore.acquire(timeout=1e20)
    semaphore.release()
    assert free(semaphore) == 1


def test_waiters_wake(make: Make, elsewhere) -> None:
    """Each permit lets one waiter go."""
    semaphore, through = make(0), make(0)

    def pass_through() -> None:
        semaphore.acquire()
        through.release()

    for _ in range(4):
        elsewhere.start(pass_through)
    semaphore.release()
    through.acquire()
    assert free(through) == 0
    semaphore.release(3)
    elsewhere.join()
    assert free(through) == 3
    assert free(semaphore) == 0


def test_signal(make: Make, elsewhere) -> None:
    """Starting from none it carries a signal from one thread to another, in both orders."""
    for _ in range(2):
        ready = make(0)
        waiter = elsewhere.start(ready.acquire)
        ready.release()
        elsewhere.join(waiter)


def test_at_most_n_inside(make: Make, elsewhere) -> None:
    """No more threads are inside than there are permits."""
    semaphore, guard = make(3), threading.Lock()
    inside, most = 0, 0

    def visit() -> None:
        nonlocal inside, most
        for _ in range(200):
            with semaphore:
                with guard:
                    inside += 1
                    most = max(most, inside)
                with guard:
                    inside -= 1

    for _ in range(6):
        elsewhere.start(visit)
    elsewhere.join()
    assert most <= 3
    assert inside == 0
    assert free(semaphore) == 3


def test_permits_are_conserved(make: Make, elsewhere) -> None:
    """Whatever mix of waiting, trying and timing out: in the end there are as many as before."""
    semaphore = make(2)
    attempts: list[Callable[[], bool]] = [
        semaphore.acquire,
        lambda: semaphore.acquire(False),
        lambda: semaphore.acquire(timeout=0),
        lambda: semaphore.acquire(timeout=0.0001),
    ]

    def use(acquire: Callable[[], bool]) -> Callable[[], None]:
        def run() -> None:
            for _ in range(200):
                if acquire():
                    semaphore.release()

        return run

    for acquire in attempts * 2:
        elsewhere.start(use(acquire))
    elsewhere.join()
    assert free(semaphore) == 2
