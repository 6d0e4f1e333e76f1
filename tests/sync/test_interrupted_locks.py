"""Ctrl-C while a thread waits for a mutex or a permit, or gives one back, costs nobody else anything.

Each test strikes at every point where CPython notices a signal, one after the other, while another thread waits for
the same thing.
"""

import itertools
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest

from concur.sync import BoundedSemaphore, FairMutex, FairSemaphore, Mutex, ReentrantMutex, Semaphore
from tests.sync.striking import Gate, strike

# The text of the primitives is the same on all of them, and so are the kinds of points.
pytestmark = pytest.mark.skipif(
    sys.version_info >= (3, 12), reason="sys.settrace tells of single instructions irregularly from 3.12 on"
)
SEMAPHORES = pytest.mark.parametrize("kind", [Semaphore, BoundedSemaphore, FairSemaphore])
TIMEOUTS = pytest.mark.parametrize("timeout", [-1, 3600.0])


@pytest.fixture
def about_to_sleep(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Callable[[], object]], None]]:
    """Have something done when the main thread is about to sleep: others come, and what it waits for arrives."""
    what: list[Callable[[], object]] = []
    stand_in = SimpleNamespace(current_thread=threading.current_thread, Lock=lambda: Gate(what))
    for name in ("semaphore", "fair_mutex", "_parking"):
        monkeypatch.setattr(sys.modules[f"concur.sync.{name}"], "threading", stand_in)

    def then(do: Callable[[], object]) -> None:
        what[:] = [do]

    yield then
    what.clear()


class Watched(deque[None]):
    """Permits that tell when the main thread has taken one."""

    def __init__(self, permits: deque[None]) -> None:
        super().__init__(permits, permits.maxlen)
        self.taken = 0

    def pop(self) -> None:  # type: ignore[override]
        super().pop()
        self.taken += threading.current_thread() is threading.main_thread()


def struck(call: Callable[[], object], at: int) -> tuple[bool, object]:
    """Whether Ctrl-C came, at that point of the call, and what it returned if it did."""
    returned: list[object] = []
    try:
        strike(lambda: returned.append(call()), at)
    except KeyboardInterrupt:
        return True, None
    return False, returned[0]


@TIMEOUTS
@SEMAPHORES
def test_a_permit_comes_with_ctrl_c(kind: Any, timeout: float, about_to_sleep, elsewhere, until) -> None:
    """Who is interrupted leaves the line, and a permit that it had not yet taken goes to the other who waits."""
    ends = set()
    for at in itertools.count():
        semaphore = kind(1)
        semaphore.acquire()
        if kind is not FairSemaphore:
            semaphore._permits = Watched(semaphore._permits)
        others: list[threading.Thread] = []

        def meanwhile(semaphore: Any = semaphore, others: list[threading.Thread] = others) -> None:
            line = len(semaphore._line)
            others.append(elsewhere.start(semaphore.acquire))
            until(lambda: len(semaphore._line) == line + 1)
            elsewhere(semaphore.release)  # not here: Ctrl-C is for the main thread's own call

        about_to_sleep(meanwhile)
        limit = None if timeout < 0 else timeout
        interrupted, got = struck(partial(semaphore.acquire, timeout=limit), at)
        if not others:  # Ctrl-C came before the sleep
            meanwhile()
        took = bool(got) or getattr(semaphore._permits, "taken", 0) == 1
        if took:
            semaphore.release()  # in its place, so that there is one for the other
        elsewhere.join(*others)
        assert repr(semaphore).endswith("permits=0 waiting=0>"), f"Ctrl-C at point {at}"
        ends.add((interrupted, took))
        if not interrupted:
            break
    assert {(True, False), (False, True)} <= ends
    assert at > 3


@TIMEOUTS
def test_a_fair_mutex_comes_with_ctrl_c(timeout: float, about_to_sleep, elsewhere, until) -> None:
    """Who is interrupted when the mutex is handed over hands it to the next."""
    for at in itertools.count():
        mutex = FairMutex()
        taken, enough = threading.Event(), threading.Event()

        def hold(mutex: Any = mutex, taken: Any = taken, enough: Any = enough) -> None:
            with mutex:
                taken.set()
                enough.wait()

        def visit(mutex: Any = mutex) -> None:
            with mutex:
                pass

        owner = elsewhere.start(hold)
        taken.wait()
        others: list[threading.Thread] = []

        def meanwhile(
            mutex: Any = mutex, enough: Any = enough, others: Any = others, owner: Any = owner
        ) -> None:
            line = len(mutex._line)
            others.append(elsewhere.start(visit))
            until(lambda: len(mutex._line) == line + 1)
            enough.set()
            elsewhere.join(owner)

        about_to_sleep(meanwhile)
        interrupted, got = struck(partial(mutex.acquire, timeout=timeout), at)
        if not others:
            meanwhile()
        assert mutex._is_owned() is bool(got)
        if got:
            mutex.release()
        elsewhere.join(*others)
        assert not mutex.locked(), f"Ctrl-C at point {at}"
        if not interrupted:
            break
    assert at > 3


def test_a_fair_mutex_is_released_with_ctrl_c(elsewhere, until) -> None:
    """Either it is still held, or it was handed to the one who waits."""
    for at in itertools.count():
        mutex = FairMutex()
        mutex.acquire()

        def visit(mutex: Any = mutex) -> None:
            with mutex:
                pass

        other = elsewhere.start(visit)
        until(lambda mutex=mutex: len(mutex._line) == 2)
        interrupted, _ = struck(mutex.release, at)
        if mutex._is_owned():
            mutex.release()
        elsewhere.join(other)
        assert not mutex.locked()
        if not interrupted:
            break
    assert at > 1


@pytest.mark.parametrize("kind", [Mutex, ReentrantMutex])
def test_a_mutex_is_released_with_ctrl_c(kind: Any, elsewhere) -> None:
    """Either it is still held, or it is free."""
    for at in itertools.count():
        mutex = kind()
        mutex.acquire()
        interrupted, _ = struck(mutex.release, at)
        assert mutex.locked() is mutex._is_owned()
        if mutex._is_owned():
            mutex.release()
        assert elsewhere(lambda mutex=mutex: mutex.acquire(False))
        if not interrupted:
            break
    assert at > 0


class Counted(deque[None]):
    """Permits that tell how many were given back."""

    given = 0

    def append(self, permit: None) -> None:
        super().append(permit)
        self.given += 1


def test_a_permit_is_given_back_with_ctrl_c(elsewhere, until) -> None:
    """Either it was not given back, or the one who waits has it."""
    for at in itertools.count():
        semaphore = Semaphore(0)
        semaphore._permits = permits = Counted()
        other = elsewhere.start(semaphore.acquire)
        until(lambda semaphore=semaphore: len(semaphore._line) == 1)
        interrupted, _ = struck(semaphore.release, at)
        if not permits.given:
            semaphore.release()
        elsewhere.join(other)
        assert repr(semaphore) == "<Semaphore permits=0 waiting=0>"
        if not interrupted:
            break
    assert at > 1
