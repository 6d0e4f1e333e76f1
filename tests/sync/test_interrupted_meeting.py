"""Ctrl-C in a parked wait of condition, event, barrier, latch or readers-writer lock leaves nothing behind."""

import threading
from typing import Any

import pytest

from concur.sync import Barrier, Condition, CountDownLatch, Event, Mutex, ReadWriteLock
from concur.sync._parking import Place


class Interrupted(Mutex):
    """A mutex in whose waiting Ctrl-C strikes a number of times."""

    strikes = 0

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        if self.strikes:
            self.strikes -= 1
            raise KeyboardInterrupt
        return super().acquire(blocking, timeout)


def woken_and_then_interrupted(strikes: int, elsewhere, until) -> tuple[Condition, threading.Thread]:
    """The main thread is notified, and interrupted while it takes the lock back; another thread waits too."""
    lock = Interrupted()
    condition = Condition(lock)

    def wait() -> None:
        with condition:
            condition.wait()

    def tell() -> None:
        until(lambda: "waiting=2" in repr(condition))
        with condition:
            lock.strikes = strikes
            condition.notify()

    with condition:
        other = elsewhere.start(wait)
        elsewhere.start(tell)
        with pytest.raises(KeyboardInterrupt):
            condition.wait()
        assert lock._is_owned()
    return condition, other


def test_condition_that_takes_its_lock_back(elsewhere, until) -> None:
    """Ctrl-C is raised with the lock held, and the wake-up goes to the next in line."""
    condition, other = woken_and_then_interrupted(1, elsewhere, until)
    elsewhere.join(other)
    assert repr(condition).startswith("<Condition waiting=0")


def test_condition_twice_interrupted() -> None:
    """The second Ctrl-C is raised at once: a lock that is never given back holds nobody for ever."""
    lock = Interrupted()
    condition = Condition(lock)

    def misfortune(place: Place, timeout: float | None = None) -> bool:
        lock.strikes = 2
        return False

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Place, "sleep", misfortune)
        condition.acquire()
        with pytest.raises(KeyboardInterrupt):
            condition.wait(1)
    assert not lock.locked()


def test_condition_over_an_rlock_interrupted_when_it_has_it_back() -> None:
    """A lock that is held again is not taken once more."""

    class Restored:
        """An RLock in C, whose restoring cannot be interrupted, but followed by Ctrl-C."""

        def __init__(self) -> None:
            self._lock = threading.RLock()
            self.acquire, self.release = self._lock.acquire, self._lock.release
            self._is_owned = self._lock._is_owned  # type: ignore[attr-defined]
            self._release_save = self._lock._release_save  # type: ignore[attr-defined]

        def _acquire_restore(self, state: Any) -> None:
            self._lock._acquire_restore(state)  # type: ignore[attr-defined]
            raise KeyboardInterrupt

        def __enter__(self) -> bool:
            return self._lock.__enter__()

        def __exit__(self, *error: object) -> None:
            self._lock.release()

    lock = Restored()
    condition = Condition(lock)
    with condition:
        with pytest.raises(KeyboardInterrupt):
            condition.wait(0)
        assert lock._is_owned()
    assert not lock._is_owned()


def test_barrier_whose_action_is_interrupted() -> None:
    """Ctrl-C in the action breaks the barrier."""

    def act() -> None:
        raise KeyboardInterrupt

    barrier = Barrier(1, act)
    with pytest.raises(KeyboardInterrupt):
        barrier.wait()
    assert barrier.broken


def test_barrier_interrupted_when_all_have_come(monkeypatch: pytest.MonkeyPatch, elsewhere) -> None:
    """Ctrl-C in the moment of the wake-up: the others have gone through, and the barrier is not broken."""
    barrier, numbers = Barrier(2), []

    def sleep(place: Place, timeout: float | None = None) -> bool:
        numbers.append(elsewhere(barrier.wait))
        raise KeyboardInterrupt

    monkeypatch.setattr(Place, "sleep", sleep)
    with pytest.raises(KeyboardInterrupt):
        barrier.wait()
    assert numbers == [1]
    assert repr(barrier) == "<Barrier 0 of 2 waiting>"


def test_writer_interrupted_when_the_last_reader_left(
    monkeypatch: pytest.MonkeyPatch, elsewhere, until
) -> None:
    """Ctrl-C in the moment of the wake-up: the room is open again."""
    lock, left = ReadWriteLock(), threading.Event()
    holds, sleep = threading.Event(), Place.sleep

    def read() -> None:
        with lock.read():
            holds.set()
            left.wait()

    def sleep_badly(place: Place, timeout: float | None = None) -> bool:
        if place is not lock._room.emptied:
            return sleep(place, timeout)
        left.set()
        sleep(place, timeout)
        raise KeyboardInterrupt

    reader = elsewhere.start(read)
    holds.wait()
    monkeypatch.setattr(Place, "sleep", sleep_badly)
    with pytest.raises(KeyboardInterrupt):
        lock.write().acquire()
    elsewhere.join(reader)
    assert is_free(lock, elsewhere)


def is_free(lock: ReadWriteLock, elsewhere) -> bool:
    """Whether another thread can read, and write."""

    def come() -> None:
        for side in (lock.read(), lock.write()):
            assert side.acquire(False)
            side.release()

    elsewhere(come)
    return repr(lock) == "<ReadWriteLock reading=0 waiting=0>"


# The real thing: a signal in the main thread while it is parked in the machine's lock.


TIMEOUTS = pytest.mark.parametrize("timeout", [None, 3600.0])


@TIMEOUTS
def test_event_and_a_signal(ctrl_c, elsewhere, until, timeout: float | None) -> None:
    """Who is interrupted has left the line."""
    event = Event()
    elsewhere.start(lambda: until(lambda: "waiting=1" in repr(event)) or ctrl_c())
    with pytest.raises(KeyboardInterrupt):
        event.wait(timeout)
    assert repr(event) == "<Event unset waiting=0>"
    event.set()
    assert event.wait()


@TIMEOUTS
def test_latch_and_a_signal(ctrl_c, elsewhere, until, timeout: float | None) -> None:
    """Who is interrupted has left the line."""
    latch = CountDownLatch(1)
    elsewhere.start(lambda: until(lambda: "waiting=1" in repr(latch)) or ctrl_c())
    with pytest.raises(KeyboardInterrupt):
        latch.wait(timeout)
    assert repr(latch) == "<CountDownLatch count=1 waiting=0>"
    latch.count_down()
    assert latch.wait()


@TIMEOUTS
def test_barrier_and_a_signal(ctrl_c, elsewhere, until, timeout: float | None) -> None:
    """Who is interrupted breaks the barrier: the others do not wait for somebody who has left."""
    barrier, answers = Barrier(3), []

    def wait() -> None:
        try:
            barrier.wait()
        except threading.BrokenBarrierError:
            answers.append("broken")

    other = elsewhere.start(wait)
    elsewhere.start(lambda: until(lambda: barrier.n_waiting == 2) or ctrl_c())
    with pytest.raises(KeyboardInterrupt):
        barrier.wait(timeout)
    elsewhere.join(other)
    assert answers == ["broken"]
    assert barrier.broken
    barrier.reset()
    assert repr(barrier) == "<Barrier 0 of 3 waiting>"


@pytest.mark.parametrize(("inside", "comes"), [("read", "write"), ("write", "read"), ("write", "write")])
@pytest.mark.parametrize("timeout", [-1, 3600.0])
def test_rwlock_and_a_signal(ctrl_c, elsewhere, until, inside: str, comes: str, timeout: float) -> None:
    """Who is interrupted has left no claim: when the thread inside goes, the lock is free."""
    lock, holds, enough = ReadWriteLock(), threading.Event(), threading.Event()

    def hold() -> None:
        with lock.read() if inside == "read" else lock.write():
            holds.set()
            enough.wait()

    holder = elsewhere.start(hold)
    holds.wait()
    parked = lambda: "waiting=1" in repr(lock) or lock._room.emptied is not None  # noqa: E731
    elsewhere.start(lambda: until(parked) or ctrl_c())
    with pytest.raises(KeyboardInterrupt):
        (lock.read() if comes == "read" else lock.write()).acquire(timeout=timeout)
    if inside == "read":
        assert elsewhere(
            lambda: lock.read().acquire(False)
        )  # in a thread that ends, and does not write later
        lock._room.readers.pop()
    enough.set()
    elsewhere.join(holder)
    assert is_free(lock, elsewhere)


def test_rwlock_second_in_line_and_a_signal(ctrl_c, elsewhere, until) -> None:
    """One who is interrupted in the middle of the line leaves the others in it."""
    lock, order = ReadWriteLock(), []

    def write(number: int) -> None:
        with lock.write():
            order.append(number)

    holds, enough = threading.Event(), threading.Event()

    def hold() -> None:
        with lock.write():
            holds.set()
            enough.wait()

    elsewhere.start(hold)
    holds.wait()
    elsewhere.start(lambda: write(1))
    until(lambda: "waiting=1" in repr(lock))

    def third_comes_and_strikes() -> None:
        until(lambda: "waiting=2" in repr(lock))
        elsewhere.start(lambda: write(3))
        until(lambda: "waiting=3" in repr(lock))
        ctrl_c()

    elsewhere.start(third_comes_and_strikes)
    with pytest.raises(KeyboardInterrupt):
        lock.write().acquire()
    enough.set()
    elsewhere.join()
    assert order == [1, 3]
    assert is_free(lock, elsewhere)
