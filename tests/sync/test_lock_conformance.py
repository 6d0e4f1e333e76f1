"""What a lock promises, asked of ours and of CPython's."""

import threading
from collections.abc import Callable

import pytest

from concur.sync import Mutex

pytestmark = pytest.mark.parametrize("make", [Mutex, threading.Lock], ids=["Mutex", "threading.Lock"])

Make = Callable[[], Mutex]


def test_taken_and_given_back(make: Make) -> None:
    """acquire() takes it, release() gives it back, and locked() tells which."""
    lock = make()
    assert not lock.locked()
    assert lock.acquire() is True
    assert lock.locked()
    assert lock.release() is None  # type: ignore[func-returns-value]
    assert not lock.locked()


def test_with(make: Make) -> None:
    """A with statement holds it, and gives it back when the body raises."""
    lock = make()
    with pytest.raises(KeyError), lock as taken:
        assert taken is True
        assert lock.locked()
        raise KeyError
    assert not lock.locked()


def test_used_again(make: Make) -> None:
    """It can be taken any number of times, one after the other, by any thread."""
    lock = make()
    for _ in range(3):
        with lock:
            pass
        assert lock.acquire(False)
        lock.release()


def test_one_at_a_time(make: Make, elsewhere) -> None:
    """While one thread holds it no other gets it, blocking or not, and not in time."""
    lock = make()
    with lock:
        assert elsewhere(lambda: lock.acquire(False)) is False
        assert elsewhere(lambda: lock.acquire(blocking=False)) is False
        assert elsewhere(lambda: lock.acquire(timeout=0.01)) is False
        assert elsewhere(lambda: lock.acquire(timeout=0)) is False
    assert elsewhere(lambda: lock.acquire(timeout=0.01))


def test_a_waiter_gets_it(make: Make, elsewhere) -> None:
    """A thread that waits takes it when it is given back."""
    lock = make()
    arrived, order = threading.Event(), []

    def wait() -> None:
        arrived.set()
        with lock:
            order.append("waiter")

    with lock:
        waiter = elsewhere.start(wait)
        arrived.wait()
        order.append("owner")
    elsewhere.join(waiter)
    assert order == ["owner", "waiter"]


def test_the_owner_may_try_again(make: Make) -> None:
    """An attempt that does not wait for ever just fails, also in the thread that holds it."""
    lock = make()
    with lock:
        assert lock.acquire(False) is False
        assert lock.acquire(timeout=0.001) is False


@pytest.mark.parametrize(
    ("blocking", "timeout", "error"),
    [(False, 1, ValueError), (True, -2, ValueError), (True, 1e20, OverflowError), (True, "1", TypeError)],
)
def test_bad_timeouts(make: Make, blocking: bool, timeout: float, error: type[Exception]) -> None:
    """A time-out that makes no sense is refused, and nothing is taken."""
    lock = make()
    with pytest.raises(error):
        lock.acquire(blocking, timeout)
    assert not lock.locked()


def test_release_of_a_free_lock(make: Make) -> None:
    """Releasing what nobody holds is a RuntimeError."""
    lock = make()
    with pytest.raises(RuntimeError):
        lock.release()
    with lock:
        pass
    with pytest.raises(RuntimeError):
        lock.release()


def test_many_threads(make: Make, elsewhere) -> None:
    """Under real threads nothing is lost either."""
    lock, total = make(), 0

    def add() -> None:
        nonlocal total
        for _ in range(500):
            with lock:
                seen = total
                total = seen + 1

    for _ in range(4):
        elsewhere.start(add)
    elsewhere.join()
    assert total == 2000
