"""A process forked while no other thread runs can use what it inherits."""

import os
import threading
from collections.abc import Callable

import pytest

from concur.errors import DeadlockError, NotOwnerError
from concur.sync import (
    AtomicInteger,
    AtomicReference,
    Barrier,
    BoundedSemaphore,
    Condition,
    CountDownLatch,
    Event,
    FairMutex,
    FairSemaphore,
    Mutex,
    ReadWriteLock,
    ReentrantMutex,
    Semaphore,
)

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")


def in_child(check: Callable[[], None]) -> None:
    """Run *check* in a forked child, and fail if it raises there."""
    assert threading.active_count() == 1
    child = os.fork()
    if child == 0:
        status = 1
        try:
            check()
            status = 0
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.parametrize("kind", [Mutex, FairMutex, ReentrantMutex])
def test_a_held_mutex_is_still_ours(kind: type) -> None:
    """The child's only thread is the one that forked: it owns what that one held."""
    mutex = kind()

    def check() -> None:
        if kind is not ReentrantMutex:
            with pytest.raises(DeadlockError):
                mutex.acquire()
        assert mutex._is_owned()
        mutex.release()
        with mutex:
            pass
        with pytest.raises(NotOwnerError):
            mutex.release()

    with mutex:
        in_child(check)
        assert mutex.locked()


@pytest.mark.parametrize("kind", [Semaphore, BoundedSemaphore, FairSemaphore])
def test_permits_are_copied(kind: type) -> None:
    """Parent and child count apart from then on."""
    semaphore = kind(1)

    def check() -> None:
        assert semaphore.acquire(False)
        assert not semaphore.acquire(timeout=0)

    in_child(check)
    assert semaphore.acquire(False)


def test_atomics_are_copied() -> None:
    """What the child changes, the parent does not see."""
    number, reference = AtomicInteger(1), AtomicReference("parent")

    def check() -> None:
        assert number.fetch_add(5) == 1
        assert reference.exchange("child") == "parent"
        assert (number.get(), reference.get()) == (6, "child")

    in_child(check)
    assert (number.get(), reference.get()) == (1, "parent")


def test_new_threads_of_the_child() -> None:
    """Condition and semaphore work between threads that the child starts."""
    condition, done = Condition(), Semaphore(0)
    state: list[str] = []

    def tell() -> None:
        with condition:
            state.append("told")
            condition.notify()
        done.release()

    def check() -> None:
        teller = threading.Thread(target=tell)
        with condition:
            teller.start()
            condition.wait_for(lambda: state)
        done.acquire()
        teller.join()

    in_child(check)


def test_held_sides_are_still_ours() -> None:
    """The child's only thread reads, or writes, where the one that forked did."""
    lock = ReadWriteLock()

    def check_reading() -> None:
        with pytest.raises(DeadlockError):
            lock.write().acquire()
        lock.read().release()
        check_free()

    def check_writing() -> None:
        with pytest.raises(DeadlockError):
            lock.read().acquire()
        lock.write().release()
        check_free()

    def check_free() -> None:
        with lock.write():
            pass
        with lock.read():
            pass

    with lock.read():
        in_child(check_reading)
    with lock.write():
        in_child(check_writing)
    in_child(check_free)


def test_meeting_in_the_child() -> None:
    """Event, latch and barrier are copied as they are, and work between threads that the child starts."""
    event, latch, barrier = Event(), CountDownLatch(2), Barrier(2)
    latch.count_down()

    def meet() -> None:
        event.wait()
        latch.count_down()
        barrier.wait()

    def check() -> None:
        other = threading.Thread(target=meet)
        other.start()
        event.set()
        latch.wait()
        barrier.wait()
        other.join()

    in_child(check)
    assert not event.is_set()
    assert latch.count == 1
    assert barrier.n_waiting == 0
