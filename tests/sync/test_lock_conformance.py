"""What locks promise, asked of ours and of CPython's."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from concur.process import ProcessMutex
from concur.sync import FairMutex, Mutex, PlainMutex, ReentrantMutex

Make = Callable[[], Mutex]  # or another of those below: they promise the same


def each(*kinds: Callable[[], object]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("make", kinds, ids=lambda kind: kind.__name__)


EVERY = each(Mutex, PlainMutex, FairMutex, ReentrantMutex, ProcessMutex, threading.Lock, threading.RLock)
TAKEN_ONCE = each(Mutex, PlainMutex, FairMutex, ProcessMutex, threading.Lock)
REENTRANT = each(ReentrantMutex, threading.RLock, threading._PyRLock)  # type: ignore[attr-defined]


def is_free(lock: Mutex, elsewhere) -> bool:
    """Whether another thread can take it; RLock cannot tell."""

    def try_it() -> bool:
        if lock.acquire(False):
            lock.release()
            return True
        return False

    return bool(elsewhere(try_it))


@EVERY
def test_taken_and_given_back(make: Make, elsewhere) -> None:
    """acquire() takes it, and release() gives it back."""
    lock = make()
    assert is_free(lock, elsewhere)
    assert lock.acquire() is True
    assert not is_free(lock, elsewhere)
    assert lock.release() is None  # type: ignore[func-returns-value]
    assert is_free(lock, elsewhere)


@each(Mutex, PlainMutex, FairMutex, ReentrantMutex, ProcessMutex, threading.Lock)
def test_locked(make: Make) -> None:
    """locked() tells whether it is taken."""
    lock = make()
    assert lock.locked() is False
    with lock:
        assert lock.locked() is True
    assert lock.locked() is False


@EVERY
def test_with(make: Make, elsewhere) -> None:
    """A with statement holds it, and gives it back when the body raises."""
    lock = make()
    with pytest.raises(KeyError), lock as taken:
        assert taken is True
        assert not is_free(lock, elsewhere)
        raise KeyError
    assert is_free(lock, elsewhere)


@EVERY
def test_used_again(make: Make) -> None:
    """It can be taken any number of times, one after the other, by any thread."""
    lock = make()
    for _ in range(3):
        with lock:
            pass
        assert lock.acquire(False)
        lock.release()


@EVERY
def test_one_at_a_time(make: Make, elsewhere) -> None:
    """While one thread holds it no other gets it, blocking or not, and not in time."""
    lock = make()
    with lock:
        assert elsewhere(lambda: lock.acquire(False)) is False
        assert elsewhere(lambda: lock.acquire(blocking=False)) is False
        assert elsewhere(lambda: lock.acquire(timeout=0.01)) is False
        assert elsewhere(lambda: lock.acquire(timeout=0)) is False
    for way in ({"timeout": 0.01}, {"blocking": False}):

        def take(way: dict[str, Any] = way) -> bool:
            taken = lock.acquire(**way)
            lock.release()
            return taken

        assert elsewhere(take)


@EVERY
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


@TAKEN_ONCE
def test_the_owner_may_try_again(make: Make) -> None:
    """An attempt that does not wait for ever just fails, also in the thread that holds it."""
    lock = make()
    with lock:
        assert lock.acquire(False) is False
        assert lock.acquire(timeout=0.001) is False


@EVERY
@pytest.mark.parametrize(
    ("blocking", "timeout", "error"),
    [(False, 1, ValueError), (True, -2, ValueError), (True, 1e20, OverflowError), (True, "1", TypeError)],
)
def test_bad_timeouts(make: Make, elsewhere, blocking: bool, timeout: float, error: type[Exception]) -> None:
    """A time-out that makes no sense is refused, and nothing is taken."""
    lock = make()
    with pytest.raises(error):
        lock.acquire(blocking, timeout)
    assert is_free(lock, elsewhere)
    with lock, pytest.raises(error):
        elsewhere(lambda: lock.acquire(blocking, timeout))
    assert is_free(lock, elsewhere)


@EVERY
def test_release_of_a_free_lock(make: Make) -> None:
    """Releasing what nobody holds is a RuntimeError."""
    lock = make()
    with pytest.raises(RuntimeError):
        lock.release()
    with lock:
        pass
    with pytest.raises(RuntimeError):
        lock.release()


@EVERY
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


@REENTRANT
def test_taken_again_by_its_owner(make: Make, elsewhere) -> None:
    """Its owner takes it as often as it likes, and it is free when it was given back as often."""
    lock = make()
    assert lock.acquire()
    assert lock.acquire(False)
    assert lock.acquire(timeout=0.01)
    with lock:
        pass
    for _ in range(3):
        assert not is_free(lock, elsewhere)
        lock.release()
    assert is_free(lock, elsewhere)
    with pytest.raises(RuntimeError):
        lock.release()


@each(Mutex, FairMutex, ReentrantMutex, ProcessMutex, threading.RLock)
def test_only_the_owner_releases(make: Make, elsewhere) -> None:
    """A release by another thread is a RuntimeError, and it stays taken."""
    lock = make()
    with lock:
        with pytest.raises(RuntimeError):
            elsewhere(lock.release)
        assert not is_free(lock, elsewhere)


@each(PlainMutex, threading.Lock)
def test_anybody_releases(make: Make, elsewhere) -> None:
    """Without an owner, whoever comes may release it."""
    lock = make()
    lock.acquire()
    elsewhere(lock.release)
    assert is_free(lock, elsewhere)


@each(ReentrantMutex, threading.RLock, threading._PyRLock)  # type: ignore[attr-defined]
def test_given_up_whole(make: Callable[[], Any], elsewhere) -> None:
    """What condition variables use: ask for the owner, give it up however often it was taken, take it back."""
    lock = make()
    assert not lock._is_owned()
    with pytest.raises(RuntimeError):
        lock._release_save()
    with lock, lock:
        assert lock._is_owned()
        assert not elsewhere(lock._is_owned)
        state = lock._release_save()
        assert not lock._is_owned()
        assert is_free(lock, elsewhere)
        lock._acquire_restore(state)
        assert lock._is_owned()
    assert is_free(lock, elsewhere)


@each(Mutex, FairMutex, ReentrantMutex, ProcessMutex, threading.RLock)
def test_with_conditions(make: Make, elsewhere) -> None:
    """A condition of the standard library accepts it, and wakes up holding it."""
    condition = threading.Condition(make())  # type: ignore[arg-type]
    state: list[str] = []

    def tell() -> None:
        with condition:
            state.append("told")
            condition.notify()

    with condition:
        elsewhere.start(tell)
        assert condition.wait_for(lambda: state)
        with pytest.raises(RuntimeError):
            elsewhere(condition.notify)
