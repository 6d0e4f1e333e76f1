"""What semaphores promise, asked of ours and of CPython's."""

import threading
from collections.abc import Callable

import pytest

from concur.process import ProcessSemaphore
from concur.sync import BoundedSemaphore, FairSemaphore, Semaphore

KINDS: dict[str, type] = {
    "Semaphore": Semaphore,
    "FairSemaphore": FairSemaphore,
    "ProcessSemaphore": ProcessSemaphore,
    "threading.Semaphore": threading.Semaphore,
    "BoundedSemaphore": BoundedSemaphore,
    "threading.BoundedSemaphore": threading.BoundedSemaphore,
}


def each(kinds: dict[str, type]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("make", kinds.values(), ids=kinds.keys())


EVERY = each(KINDS)
UNBOUNDED = each({name: kind for name, kind in KINDS.items() if "Bounded" not in name})
BOUNDED = each({name: kind for name, kind in KINDS.items() if "Bounded" in name})

Make = Callable[..., Semaphore]


def free(semaphore: Semaphore) -> int:
    """How many permits can be taken now; they are given back."""
    taken = 0
    while semaphore.acquire(False):
        taken += 1
    if taken:
        semaphore.release(taken)
    return taken


@EVERY
@pytest.mark.parametrize("permits", [0, 1, 2, 5])
def test_as_many_as_given(make: Make, permits: int) -> None:
    """Just as many permits can be taken as it started with."""
    assert free(make(permits)) == permits


@EVERY
def test_one_by_default(make: Make) -> None:
    """Without a number it starts with one permit."""
    assert free(make()) == 1


@UNBOUNDED
def test_release_adds(make: Make) -> None:
    """Any thread may add permits, one or several at a time, beyond the number at the start."""
    semaphore = make(1)
    semaphore.release()
    semaphore.release(3)
    semaphore.release(n=1)
    assert free(semaphore) == 6


@EVERY
def test_with(make: Make) -> None:
    """A with statement takes one, and gives it back when the body raises."""
    semaphore = make(2)
    with pytest.raises(KeyError), semaphore as taken:
        assert taken is True
        assert free(semaphore) == 1
        raise KeyError
    assert free(semaphore) == 2


@EVERY
def test_bad_numbers(make: Make) -> None:
    """Fewer than none at the start, or less than one given back, is a ValueError."""
    with pytest.raises(ValueError, match=r"."):
        make(-1)
    semaphore = make(1)
    for n in (0, -1):
        with pytest.raises(ValueError, match=r"."):
            semaphore.release(n)
    assert free(semaphore) == 1


@UNBOUNDED
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


@EVERY
def test_timeout_without_blocking(make: Make) -> None:
    """A time-out of an attempt that does not wait is a ValueError, whether there is a permit or not."""
    for permits in (0, 1):
        semaphore = make(permits)
        with pytest.raises(ValueError, match=r"."):
            semaphore.acquire(False, timeout=1)
        with pytest.raises(ValueError, match=r"."):
            semaphore.acquire(False, 0)
        assert free(semaphore) == permits


@UNBOUNDED
def test_timeout_too_long(make: Make) -> None:
    """A time-out beyond what the machine can wait is an OverflowError, and takes nothing."""
    semaphore = make(0)
    with pytest.raises(OverflowError):
        semaphore.acquire(timeout=1e20)
    semaphore.release()
    assert free(semaphore) == 1


@UNBOUNDED
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


@UNBOUNDED
def test_signal(make: Make, elsewhere) -> None:
    """Starting from none it carries a signal from one thread to another, in both orders."""
    for _ in range(2):
        ready = make(0)
        waiter = elsewhere.start(ready.acquire)
        ready.release()
        elsewhere.join(waiter)


@EVERY
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


@EVERY
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


@BOUNDED
def test_a_release_too_many(make: Make) -> None:
    """There are never more permits than at the start: giving more back is a ValueError, and gives nothing back."""
    semaphore = make(3)
    with pytest.raises(ValueError, match=r"."):
        semaphore.release()
    semaphore.acquire()
    with pytest.raises(ValueError, match=r"."):
        semaphore.release(2)
    assert free(semaphore) == 2
    semaphore.release()
    with pytest.raises(ValueError, match=r"."):
        semaphore.release()
    assert free(semaphore) == 3


@BOUNDED
def test_as_many_as_were_taken(make: Make) -> None:
    """All that were taken can be given back, one by one or several at a time."""
    semaphore = make(3)
    for _ in range(3):
        semaphore.acquire()
    semaphore.release(2)
    semaphore.release(n=1)
    assert free(semaphore) == 3


@BOUNDED
def test_none_at_all(make: Make) -> None:
    """Bounded by none, it gives none and takes none."""
    semaphore = make(0)
    assert not semaphore.acquire(False)
    with pytest.raises(ValueError, match=r"."):
        semaphore.release()


@BOUNDED
def test_waiters_of_a_bounded_one_wake(make: Make, elsewhere) -> None:
    """Each permit that comes back lets one waiter go."""
    semaphore = make(2)
    semaphore.acquire()
    semaphore.acquire()

    def visit() -> None:
        with semaphore:
            pass

    for _ in range(4):
        elsewhere.start(visit)
    semaphore.release(2)
    elsewhere.join()
    assert free(semaphore) == 2
