"""Ctrl-C in a parked wait costs nobody a permit, a wake-up, or the lock."""

import threading
from collections.abc import Callable

import pytest

from concur.sync import (
    BoundedSemaphore,
    Condition,
    FairMutex,
    FairSemaphore,
    Mutex,
    PlainMutex,
    ReentrantMutex,
    Semaphore,
)
from concur.sync._parking import Place


@pytest.fixture
def interrupted(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Make every sleep do something first, and then end by Ctrl-C."""

    def install(meanwhile: Callable[[], object]) -> None:
        def sleep(place: Place, timeout: float | None = None) -> bool:
            meanwhile()
            raise KeyboardInterrupt

        monkeypatch.setattr(Place, "sleep", sleep)

    return install


def nothing() -> None: ...


def test_semaphore_before_a_permit_came(interrupted) -> None:
    """Who is interrupted leaves the line; the next permit is not given to somebody who is gone."""
    semaphore = FairSemaphore(0)
    interrupted(nothing)
    with pytest.raises(KeyboardInterrupt):
        semaphore.acquire()
    assert repr(semaphore) == "<FairSemaphore permits=0 waiting=0>"
    semaphore.release()
    assert semaphore.acquire(False)


def test_semaphore_after_a_permit_came(interrupted) -> None:
    """Who is interrupted with a permit already handed over gives it back."""
    semaphore = FairSemaphore(0)
    interrupted(semaphore.release)
    with pytest.raises(KeyboardInterrupt):
        semaphore.acquire()
    assert repr(semaphore) == "<FairSemaphore permits=1 waiting=0>"


def test_semaphore_passes_the_permit_on(monkeypatch: pytest.MonkeyPatch, elsewhere, until) -> None:
    """If somebody else waits by then, the permit goes to him."""
    semaphore, sleep = FairSemaphore(0), Place.sleep
    others: list[threading.Thread] = []

    def sleep_badly(place: Place, timeout: float | None = None) -> bool:
        if threading.current_thread() is not threading.main_thread():
            return sleep(place, timeout)
        others.append(elsewhere.start(semaphore.acquire))
        until(lambda: "waiting=2" in repr(semaphore))
        semaphore.release()
        raise KeyboardInterrupt

    monkeypatch.setattr(Place, "sleep", sleep_badly)
    with pytest.raises(KeyboardInterrupt):
        semaphore.acquire()
    elsewhere.join(*others)
    assert repr(semaphore) == "<FairSemaphore permits=0 waiting=0>"


def test_condition_before_a_notify_came(interrupted) -> None:
    """Who is interrupted leaves the line, and has the lock while the exception passes."""
    condition = Condition()
    interrupted(nothing)
    with condition:
        with pytest.raises(KeyboardInterrupt):
            condition.wait()
        assert repr(condition) == "<Condition waiting=0 lock=<Mutex locked by 'MainThread'>>"
    assert repr(condition) == "<Condition waiting=0 lock=<Mutex unlocked>>"


def test_condition_passes_the_notify_on(monkeypatch: pytest.MonkeyPatch, elsewhere) -> None:
    """A notify that reached somebody who is interrupted wakes the next one."""
    condition, sleep = Condition(), Place.sleep
    others: list[threading.Thread] = []

    def wait() -> None:
        with condition:
            condition.wait()

    def sleep_badly(place: Place, timeout: float | None = None) -> bool:
        if threading.current_thread() is not threading.main_thread():
            second_sleeps.set()
            return sleep(place, timeout)
        others.append(elsewhere.start(wait))
        second_sleeps.wait()
        with condition:
            condition.notify()
        raise KeyboardInterrupt

    second_sleeps = threading.Event()
    monkeypatch.setattr(Place, "sleep", sleep_badly)
    with condition, pytest.raises(KeyboardInterrupt):
        condition.wait()
    elsewhere.join(*others)
    assert repr(condition) == "<Condition waiting=0 lock=<Mutex unlocked>>"


def test_a_notify_that_was_cut_short() -> None:
    """A place that was woken but not yet taken out of line does not use up the next notify."""
    condition = Condition()
    woken, asleep = Place(), Place()
    woken.wake()
    condition._line.extend([woken, asleep])
    with condition:
        condition.notify()
    assert asleep.woken
    assert not condition._line


def test_a_release_that_was_cut_short() -> None:
    """A place that was woken but not yet taken out of line does not use up the next permit."""
    semaphore = FairSemaphore(0)
    woken = Place()
    woken.wake()
    semaphore._line.append(woken)
    semaphore.release()
    assert repr(semaphore) == "<FairSemaphore permits=1 waiting=0>"


# The same with the real thing: a signal in the main thread while it is parked in the machine's lock.


@pytest.fixture
def parked(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Set as soon as some thread is about to sleep in its place."""
    begins, sleep = threading.Event(), Place.sleep

    def tell(place: Place, timeout: float | None = None) -> bool:
        begins.set()
        return sleep(place, timeout)

    monkeypatch.setattr(Place, "sleep", tell)
    return begins


@pytest.mark.parametrize("timeout", [None, 3600.0])
@pytest.mark.parametrize("kind", [Semaphore, BoundedSemaphore, FairSemaphore])
def test_semaphore_and_a_signal(kind: type, ctrl_c, until, elsewhere, timeout: float | None) -> None:
    """A signal ends the wait, and no permit is lost afterwards."""
    semaphore = kind(1)
    semaphore.acquire()
    elsewhere.start(lambda: (until(lambda: "waiting=1" in repr(semaphore)), ctrl_c()))
    with pytest.raises(KeyboardInterrupt):
        semaphore.acquire(timeout=timeout)
    semaphore.release()
    assert repr(semaphore) == f"<{kind.__name__} permits=1 waiting=0>"


@pytest.mark.parametrize("timeout", [None, 3600.0])
def test_condition_and_a_signal(ctrl_c, parked, elsewhere, timeout: float | None) -> None:
    """A signal ends the wait; the lock is held again, and the line is empty."""
    condition = Condition()
    elsewhere.start(lambda: parked.wait() and ctrl_c())
    with condition:
        with pytest.raises(KeyboardInterrupt):
            condition.wait(timeout)
        assert repr(condition) == "<Condition waiting=0 lock=<Mutex locked by 'MainThread'>>"


@pytest.mark.parametrize("kind", [Mutex, PlainMutex, ReentrantMutex, FairMutex])
def test_mutex_and_a_signal(kind: type, ctrl_c, elsewhere) -> None:
    """A signal ends the wait for a mutex, which stays with its owner."""
    mutex, taken, enough = kind(), threading.Event(), threading.Event()

    def hold() -> None:
        with mutex:
            taken.set()
            enough.wait()

    owner = elsewhere.start(hold, "owner")
    taken.wait()
    about_to_wait = threading.Event()
    elsewhere.start(lambda: about_to_wait.wait() and ctrl_c())
    with pytest.raises(KeyboardInterrupt):
        about_to_wait.set()
        mutex.acquire()
    assert mutex.locked()
    enough.set()
    elsewhere.join(owner)
    assert not mutex.locked()
    with mutex:
        pass
