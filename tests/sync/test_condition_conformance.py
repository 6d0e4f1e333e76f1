"""What a condition variable promises, asked of ours and of CPython's, over each kind of lock."""

import threading
from collections.abc import Callable

import pytest

from concur.process import ProcessCondition, ProcessMutex
from concur.sync import Condition, FairMutex, Mutex, PlainMutex, ReadWriteLock, ReentrantMutex

KINDS = {
    "Condition": Condition,
    "Condition over Mutex": lambda: Condition(Mutex()),
    "Condition over FairMutex": lambda: Condition(FairMutex()),
    "Condition over ReentrantMutex": lambda: Condition(ReentrantMutex()),
    "Condition over PlainMutex": lambda: Condition(PlainMutex()),
    "Condition over Lock": lambda: Condition(threading.Lock()),
    "Condition over RLock": lambda: Condition(threading.RLock()),
    "Condition over a writing side": lambda: Condition(ReadWriteLock().write()),
    "ProcessCondition": ProcessCondition,
    "threading.Condition": threading.Condition,
    "threading.Condition over Mutex": lambda: threading.Condition(Mutex()),  # type: ignore[arg-type]
}

pytestmark = pytest.mark.parametrize("make", list(KINDS.values()), ids=list(KINDS))

Make = Callable[[], Condition]


class Waiters:
    """Threads that wait, one after the other, on one condition."""

    def __init__(self, condition: Condition, elsewhere) -> None:
        self.condition, self.elsewhere = condition, elsewhere
        self.woken: list[int] = []
        self.threads: list[threading.Thread] = []

    def add(self, count: int) -> None:
        """Return when *count* more threads wait."""
        for _ in range(count):
            number, holds = len(self.threads), threading.Event()

            def wait(number: int = number, holds: threading.Event = holds) -> None:
                with self.condition:
                    holds.set()
                    assert self.condition.wait()
                    self.woken.append(number)

            self.threads.append(self.elsewhere.start(wait))
            holds.wait()
            with self.condition:
                pass  # it gave the lock up: it is in line

    def join(self, *numbers: int) -> None:
        self.elsewhere.join(*[self.threads[number] for number in numbers])


def test_notify_wakes_so_many(make: Make, elsewhere) -> None:
    """notify() wakes one, notify(n) that many, and never more than wait; the longest waiter first."""
    condition = make()
    waiters = Waiters(condition, elsewhere)
    waiters.add(5)
    with condition:
        condition.notify()
    waiters.join(0)
    assert waiters.woken == [0]
    with condition:
        condition.notify(n=2)
    waiters.join(1, 2)
    assert sorted(waiters.woken) == [0, 1, 2]
    with condition:
        condition.notify(9)
    waiters.join(3, 4)
    assert sorted(waiters.woken) == [0, 1, 2, 3, 4]


def test_notify_all(make: Make, elsewhere) -> None:
    """notify_all() wakes everybody who waits, also in the next round."""
    condition = make()
    waiters = Waiters(condition, elsewhere)
    for _ in range(2):
        waiters.add(3)
        with condition:
            condition.notify_all()
        waiters.join()
    assert sorted(waiters.woken) == [0, 1, 2, 3, 4, 5]


def test_a_notify_is_not_kept(make: Make) -> None:
    """A notify that finds nobody is lost."""
    condition = make()
    with condition:
        condition.notify()
        condition.notify_all()
        assert condition.wait(0) is False


def test_the_lock_is_free_meanwhile_and_held_after(make: Make, elsewhere) -> None:
    """wait() gives the lock up, and has it again when it returns, woken or not."""
    condition = make()
    said: list[str] = []
    holds = threading.Event()

    def wait() -> None:
        with condition:
            holds.set()
            condition.wait()
            said.append("woken")

    waiter = elsewhere.start(wait)
    holds.wait()
    with condition:
        condition.notify()
        said.append("notified")  # the waiter is not back before we leave
    elsewhere.join(waiter)
    assert said == ["notified", "woken"]
    with condition:
        assert condition.wait(0.001) is False
        assert elsewhere(lambda: condition.acquire(False)) is False


def test_timeouts(make: Make) -> None:
    """A wait that nobody ends returns False when the time is up; none left is no wait."""
    condition = make()
    with condition:
        for timeout in (0.01, 0, -1):
            assert condition.wait(timeout) is False
            assert condition.wait(timeout=timeout) is False
    with condition:
        pass


def test_a_timed_out_waiter_has_left(make: Make, elsewhere) -> None:
    """A notify goes to somebody who still waits."""
    condition = make()
    with condition:
        condition.wait(0)
    waiters = Waiters(condition, elsewhere)
    waiters.add(1)
    with condition:
        condition.notify()
    waiters.join()


def test_wait_for(make: Make, elsewhere) -> None:
    """wait_for() returns as soon as the predicate holds, with what it returned."""
    condition = make()
    state, answers = [0], []

    def wait() -> None:
        with condition:
            answers.append(condition.wait_for(lambda: state[0] if state[0] >= 2 else 0))

    waiter = elsewhere.start(wait)
    for _ in range(2):
        with condition:
            state[0] += 1
            condition.notify()
    elsewhere.join(waiter)
    assert answers == [2]


def test_wait_for_in_time(make: Make) -> None:
    """wait_for() with a time-out returns the predicate's last answer, and asks at least once."""
    condition = make()
    with condition:
        assert condition.wait_for(lambda: "at once", timeout=0) == "at once"
        assert condition.wait_for(list, timeout=0.01) == []
        assert condition.wait_for(list, 0) == []


def test_without_the_lock(make: Make) -> None:
    """Waiting or notifying without the lock is a RuntimeError."""
    condition = make()
    for misuse in (condition.wait, condition.notify, condition.notify_all, lambda: condition.wait(0)):
        with pytest.raises(RuntimeError):
            misuse()
    with pytest.raises(RuntimeError):
        condition.wait_for(lambda: False, 1)
    with condition:
        condition.notify()


def test_it_is_its_lock(make: Make, elsewhere) -> None:
    """acquire() and release() are those of the lock."""
    condition = make()
    assert condition.acquire() is True
    assert elsewhere(lambda: condition.acquire(False)) is False
    assert elsewhere(lambda: condition.acquire(timeout=0.001)) is False
    condition.release()
    with condition as taken:
        assert taken is True
    with pytest.raises(RuntimeError):
        condition.release()


@pytest.mark.parametrize("kinds", [(Mutex, Condition), (ProcessMutex, ProcessCondition)])
def test_shared_lock(make: Make, kinds, elsewhere) -> None:
    """Two conditions over one lock keep two lines."""
    del make
    lock = kinds[0]()
    full, empty = kinds[1](lock), kinds[1](lock)
    waiters = Waiters(full, elsewhere)
    waiters.add(1)
    with lock:
        empty.notify_all()
    with lock:
        assert waiters.woken == []
        full.notify()
    waiters.join()
