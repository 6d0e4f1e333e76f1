"""What our condition variable promises beyond the standard one."""

import threading

import pytest

from concur.errors import DeadlockError, NotOwnerError
from concur.sync import Condition, Mutex
from concur.sync._parking import Place


def test_a_wait_that_failed_took_no_notify(monkeypatch: pytest.MonkeyPatch, elsewhere) -> None:
    """If the notify comes in the moment when the time is up, the wait has succeeded."""
    condition = Condition()

    def time_is_up(place: Place, timeout: float | None = None) -> bool:
        def notify() -> None:
            with condition:
                condition.notify()

        elsewhere(notify)
        return False

    monkeypatch.setattr(Place, "sleep", time_is_up)
    with condition:
        assert condition.wait(1) is True


def test_a_reentrant_lock_is_given_up_whole(elsewhere) -> None:
    """A lock taken twice over is free during the wait, and taken twice again after it."""
    condition = Condition(threading.RLock())
    holds = threading.Event()

    def wait() -> None:
        with condition, condition:
            holds.set()
            assert condition.wait()

    waiter = elsewhere.start(wait)
    holds.wait()
    with condition:
        condition.notify()
    elsewhere.join(waiter)


def test_the_default_lock_is_a_mutex() -> None:
    """Taking it twice over is a deadlock, and said to be one."""
    arrived = Condition(name="arrived")
    with arrived, pytest.raises(DeadlockError, match="mutex 'arrived'"):
        arrived.acquire()


def test_messages() -> None:
    """Who did what to which condition, and what to do instead."""
    arrived = Condition(name="arrived")
    with pytest.raises(NotOwnerError, match="'MainThread' waits on condition 'arrived' without holding"):
        arrived.wait()
    with pytest.raises(NotOwnerError, match="notifies an unnamed condition without holding its lock"):
        Condition().notify()


def test_holding_it_elsewhere_is_not_holding_it(elsewhere) -> None:
    """A mutex knows its owner: another thread's holding does not count."""
    condition = Condition()
    with condition, pytest.raises(NotOwnerError):
        elsewhere(condition.notify)


def test_repr() -> None:
    """The text tells the name, how many wait, and the lock."""
    assert repr(Condition()) == "<Condition waiting=0 lock=<Mutex unlocked>>"
    arrived = Condition(Mutex(name="door"), name="arrived")
    assert repr(arrived) == "<Condition 'arrived' waiting=0 lock=<Mutex 'door' unlocked>>"
