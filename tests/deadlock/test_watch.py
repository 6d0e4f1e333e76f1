"""What a watch finds, in whom it raises, and what it says. Every deadlock here is forced by barriers and events."""

import gc
import os
import re
import threading
import warnings
import weakref
from collections.abc import Callable
from functools import partial
from types import ModuleType
from typing import Any

import pytest

from concur import sync
from concur.deadlock import Report, Watching, install, live, uninstall, watch
from concur.errors import DeadlockError, UsageError


def crosswise(*locks, meet: threading.Barrier | None = None) -> list[Callable[[], None]]:
    """For each lock a function that takes it and, when all are taken, the next one."""
    barrier = meet or threading.Barrier(len(locks))

    def cross(mine, theirs) -> None:
        with mine:
            barrier.wait()
            with theirs:
                pass

    following = [*locks[1:], locks[0]]
    return [partial(cross, *pair) for pair in zip(locks, following, strict=True)]


def lines(error: object) -> str:
    """The text without the numbers of lines, which change with this file."""
    return re.sub(r"\(test_watch\.py:\d+\)", "(here)", str(error))


# Deadlocks that happen


def test_two_threads(elsewhere) -> None:
    """The thread that closes the circle is told who holds what and waits for what; the other goes on."""
    with watch():
        left, right = threading.Lock(), threading.Lock()
        both, waits = threading.Barrier(2), threading.Event()

        def plato() -> None:
            with left:
                both.wait()
                waits.set()
                with right:
                    pass

        def kant() -> None:
            with right:
                both.wait()
                waits.wait()
                while not left_is_wanted():
                    pass
                with left:
                    pass

        def left_is_wanted() -> bool:
            return bool(right._line)  # type: ignore[attr-defined]

        elsewhere.start(plato, "Plato")
        elsewhere.start(kant, "Kant")
        elsewhere.join()
    (error,) = elsewhere.errors
    assert isinstance(error, DeadlockError)
    assert lines(error) == (
        "these threads will wait for each other for ever\n"
        "  Kant  holds right (here) and waits for left (here)\n"
        "  Plato holds left (here) and waits for right (here)\n"
        "Take the locks in one agreed order, or take them all at once."
    )


@pytest.mark.parametrize("number", [2, 3, 4, 7])
def test_many_threads(watched: Watching, elsewhere, number: int) -> None:
    """One of them is told, once, and all of them are named."""
    for index, function in enumerate(crosswise(*[threading.Lock() for _ in range(number)])):
        elsewhere.start(function, f"T{index}")
    elsewhere.join()
    (error,) = elsewhere.errors
    assert isinstance(error, DeadlockError)
    found = [report for report in watched.reports if report.kind == "deadlock"]
    (report,) = found
    assert sorted(report.threads) == [f"T{index}" for index in range(number)]
    assert len(set(report.locks)) == number
    assert str(error) == report.text


def test_of_every_kind(watched: Watching, elsewhere) -> None:
    """A circle may go through locks that can be taken again, and through conditions."""
    made = [threading.RLock(), threading.Condition(), threading.Lock(), threading.Condition(threading.Lock())]
    for function in crosswise(*made):
        elsewhere.start(function)
    elsewhere.join()
    (error,) = elsewhere.errors
    assert isinstance(error, DeadlockError)
    assert watched.reports[-1].kind == "deadlock"


def test_oneself(watched: Watching) -> None:
    """A plain lock is not taken twice: not by a with statement, not in a program of one thread."""
    lock = threading.Lock()
    with lock, pytest.raises(DeadlockError, match="MainThread will wait for itself for ever"):
        lock.acquire()
    with lock, pytest.raises(DeadlockError), lock:
        pass
    assert not lock.locked()
    assert len(watched.reports) == 2


def test_oneself_text() -> None:
    """The message says where it was taken."""
    with watch():
        log = threading.Lock()
        with log, pytest.raises(DeadlockError) as caught:
            log.acquire()
    assert lines(caught.value) == (
        "MainThread will wait for itself for ever\n"
        "  MainThread holds log (here) and waits for log (here)\n"
        "Release the lock first, or use threading.RLock where calls nest."
    )


def test_oneself_when_nobody_else_is_left(watched: Watching, elsewhere, impatient) -> None:
    """A thread that waits for what it took by acquire() is told as soon as every other thread stands still."""
    lock = threading.Lock()

    def twice() -> None:
        lock.acquire()
        lock.acquire()

    elsewhere.start(twice).join()
    (error,) = elsewhere.errors
    assert isinstance(error, DeadlockError)
    assert "will wait for itself" in str(error)


def test_suspicion(elsewhere, impatient, until) -> None:
    """While another thread could release the lock, it is only said that this looks suspicious, and once."""
    potentials: list[Report] = []
    with watch(on_potential=potentials.append) as watching:
        gate = threading.Lock()

        def twice() -> None:
            gate.acquire()
            gate.acquire()

        elsewhere.start(twice, "waiter")
        until(lambda: potentials)
        gate.release()
        elsewhere.join()
    (report,) = watching.reports
    assert lines(report) == (
        "suspicious: waiter waits for what nobody but itself seems to hold\n"
        "  waiter holds gate (here) and waits for gate (here)\n"
        "If no other thread releases the lock, that is for ever. For a signal use Semaphore(0)."
    )
    assert not elsewhere.errors


def test_join(elsewhere) -> None:
    """A thread that joins one that waits for a lock of its own."""
    with watch():
        log = threading.Lock()
        begun = threading.Event()

        def work() -> None:
            begun.set()
            with log:
                pass

        with log:
            worker = threading.Thread(target=work, name="worker")
            worker.start()
            begun.wait()
            spin(lambda: log._line)  # type: ignore[attr-defined]
            with pytest.raises(DeadlockError) as caught:
                worker.join()
        worker.join()
    assert lines(caught.value) == (
        "these threads will wait for each other for ever\n"
        "  MainThread holds log (here) and waits for the end of worker (here)\n"
        "  worker     waits for log (here)\n"
        "Release a lock before you join a thread that takes it."
    )


def spin(true: Callable[[], object]) -> None:
    while not true():
        pass


def test_the_owner_has_ended(watched: Watching, elsewhere) -> None:
    """Nobody is left to release the lock."""
    for lock in (threading.Lock(), threading.RLock()):
        elsewhere.start(lock.acquire, "gone").join()
        with pytest.raises(DeadlockError, match="MainThread will wait for ever: gone has ended"):
            lock.acquire()
        assert lock.acquire(False) is False


def test_the_owner_ends(watched: Watching, elsewhere, impatient) -> None:
    """The same if it ends while others wait; all of them are told."""
    lock, enough = threading.RLock(), threading.Event()

    def hold() -> None:
        lock.acquire()
        held.set()
        enough.wait()

    held = threading.Event()
    elsewhere.start(hold, "gone")
    held.wait()
    for _ in range(2):
        elsewhere.start(lock.acquire)
    spin(lambda: len(lock._line) == 2)  # type: ignore[attr-defined]
    enough.set()
    elsewhere.join()
    assert [str(error).partition(":")[2].splitlines()[0] for error in elsewhere.errors] == [
        " gone has ended and still holds a lock"
    ] * 2


def test_the_owner_ended_text(elsewhere) -> None:
    """The message names who has ended, and what it holds."""
    with watch():
        log = threading.Lock()

        def take() -> None:
            log.acquire()

        elsewhere.start(take, "gone").join()
        with pytest.raises(DeadlockError) as caught:
            log.acquire()
    assert lines(caught.value) == (
        "MainThread will wait for ever: gone has ended and still holds a lock\n"
        "  MainThread waits for log (here)\n"
        "  gone       holds log (here) and has ended\n"
        "Take a lock by a with statement, which releases it also when the thread ends by an error."
    )


def test_in_the_wait_of_a_condition(watched: Watching, elsewhere) -> None:
    """A wait that cannot take its lock again ends by the error itself, and the lock stays with its owner."""
    for inner in (threading.Lock(), threading.RLock()):
        outer, condition = threading.Lock(), threading.Condition(inner)
        waits = threading.Event()

        def wait(outer=outer, condition=condition, waits=waits) -> None:
            with outer, condition:
                waits.set()
                condition.wait()

        def notify(outer=outer, condition=condition, waits=waits) -> None:
            waits.wait()
            with condition:
                condition.notify()
                with outer:
                    pass

        elsewhere.start(wait, "waiter")
        elsewhere.start(notify, "notifier")
        elsewhere.join()
        error = elsewhere.errors.pop()
        assert not elsewhere.errors
        assert isinstance(error, DeadlockError)
        assert not outer.locked()
        assert condition.acquire(False)
    assert sorted(watched.reports[-1].threads) == ["notifier", "waiter"]


def test_told_and_not_raised(elsewhere, until) -> None:
    """A callback is told, once; the threads wait as they would have, until somebody helps."""
    found: list[Report] = []
    with watch(on_deadlock=found.append):
        one, other = threading.Lock(), threading.Lock()
        threads = [elsewhere.start(function) for function in crosswise(one, other)]
        until(lambda: found)
        assert all(thread.is_alive() for thread in threads)
        one.release()  # a plain lock may be released by anybody
        until(lambda: not all(thread.is_alive() for thread in threads))
        elsewhere.join()
    assert [report.kind for report in found] == ["deadlock"]


# What threads and locks are called


def test_names(watched: Watching) -> None:
    """A lock is called what the program calls it."""

    class Box:
        inner: object

        def __init__(self, given=None) -> None:
            self.lock = threading.Lock()
            self.given = given

    one, two = threading.Lock(), threading.RLock()
    table = {"log": threading.Lock(), 2: threading.Lock()}
    several = [threading.Lock() for _ in range(2)]
    condition = threading.Condition()
    box, _ = Box(given=threading.Lock()), [named := threading.Lock()]
    assert [str(lock) for lock in (one, two, named)] == ["one", "two", "named"]
    assert [str(lock) for lock in (box.lock, box.given)] == ["lock", "given"]
    assert [str(lock) for lock in table.values()] == ["table['log']", "table[2]"]
    assert [str(lock) for lock in several] == ["several #1", "several #2"]
    assert str(condition._lock) == "condition"  # type: ignore[attr-defined]
    assert "the Lock made at test_watch.py:" in str(unnamed())


def unnamed():
    return threading.Lock()


def test_repr(watched: Watching) -> None:
    """The text tells the name and the owner."""
    log = threading.Lock()
    assert repr(log).startswith("<unlocked threading.Lock object 'log' at 0x")
    with log:
        assert repr(log).startswith("<locked threading.Lock object 'log' owner='MainThread' at 0x")


# On and off


def test_off_is_off() -> None:
    """Afterwards threading is what it was, and locks that were made meanwhile work on."""
    before = threading.Lock, threading.RLock, threading.Thread.join
    with watch():
        assert threading.Lock is not before[0]
        assert isinstance(threading.Lock(), threading.Lock)
        imported = threading.Lock
        locks: list[Any] = [threading.Lock(), threading.RLock()]
    assert (threading.Lock, threading.RLock, threading.Thread.join) == before
    assert type(imported()) is type(threading.Lock())
    for lock in locks:
        with lock:
            assert not elsewhere_acquires(lock)
        assert elsewhere_acquires(lock)


def elsewhere_acquires(lock) -> bool:
    got: list[bool] = []

    def attempt() -> None:
        got.append(lock.acquire(False))
        if got[0]:
            lock.release()

    thread = threading.Thread(target=attempt)
    thread.start()
    thread.join()
    return got[0]


def test_off_after_an_error() -> None:
    """Also when the body raises."""
    before = threading.Lock
    with pytest.raises(KeyError), watch():
        raise KeyError
    assert threading.Lock is before
    with watch():
        pass


def test_installed() -> None:
    """install() and uninstall() are the same without a with statement."""
    before = threading.Lock
    watching = install(order=False)
    try:
        lock = threading.Lock()
        with lock, pytest.raises(DeadlockError):
            lock.acquire()
        with pytest.raises(UsageError, match="on already"):
            install()
        with pytest.raises(UsageError, match="on already"), watch():
            pass
    finally:
        uninstall()
    assert threading.Lock is before
    assert len(watching.reports) == 1
    with pytest.raises(UsageError, match="no watch is installed"):
        uninstall()


def test_what_cannot_be_watched() -> None:
    """The message says what is missing."""
    with (
        pytest.raises(UsageError, match="Semaphore cannot be watched: permits have no owner"),
        watch(threading.Semaphore),
    ):
        pass
    with (
        pytest.raises(UsageError, match="dict cannot be watched: it has no acquire and no release"),
        watch(dict),
    ):
        pass
    with pytest.raises(UsageError, match="3 cannot be watched"), watch(3):  # type: ignore[arg-type]
        pass
    assert live.listener is None


def test_modules(elsewhere) -> None:
    """A module that has imported the name before is watched on request."""
    module = ModuleType("a_program")
    module.Lock = threading.Lock  # type: ignore[attr-defined]
    before = threading.Lock
    with watch(module):
        assert isinstance(module.Lock, type)
        lock = module.Lock()
        with lock, pytest.raises(DeadlockError):
            lock.acquire()
    assert module.Lock is before


def test_wrong_arguments(watched: Watching) -> None:
    """They are refused as by the original."""
    lock = threading.Lock()
    for arguments, error in [
        ((False, 1), ValueError),
        ((True, -2), ValueError),
        ((True, 1e20), OverflowError),
    ]:
        with pytest.raises(error):
            lock.acquire(*arguments)
        assert not lock.locked()
    with pytest.raises(TypeError):
        threading.Lock(1)  # type: ignore[call-arg]
    with pytest.raises(RuntimeError, match="release unlocked lock"):
        lock.release()
    with pytest.raises(RuntimeError, match="un-acquired"):
        threading.RLock().release()


def test_locks_die(watched: Watching) -> None:
    """The watch keeps no lock alive, whatever it has seen of it."""
    one, other = threading.Lock(), threading.RLock()
    with one, other:
        pass
    gone = [weakref.ref(one), weakref.ref(other)]
    del one, other
    gc.collect()
    assert [each() for each in gone] == [None, None]  # type: ignore[operator]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_fork(watched: Watching) -> None:
    """A child finds its own deadlocks, and knows that the other threads are gone."""
    lock, own, enough = threading.Lock(), threading.Lock(), threading.Event()

    def hold() -> None:
        lock.acquire()
        enough.wait()

    holder = threading.Thread(target=hold, name="holder")
    holder.start()
    spin(lock.locked)
    with own:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # the other thread is what is tested
            child = os.fork()
        if child == 0:
            status = 1
            try:
                with pytest.raises(DeadlockError, match="holder has ended"):
                    lock.acquire()
                with pytest.raises(DeadlockError, match="itself"):
                    own.acquire()
                status = 0
            finally:
                os._exit(status)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    enough.set()
    holder.join()


# Classes of locks


@pytest.mark.parametrize("kind", [sync.Mutex, threading._PyRLock], ids=["Mutex", "_PyRLock"])  # type: ignore[attr-defined]
@pytest.mark.parametrize("order", [True, False])
def test_classes(elsewhere, kind, order: bool) -> None:
    """A class is watched on request, also together with other locks, and is afterwards what it was."""
    before = dict(vars(kind))
    with watch(kind, order=order) as watching:
        first, third = kind(), kind()
        second = threading.Lock()
        for index, function in enumerate(crosswise(first, second, third)):
            elsewhere.start(function, f"T{index}")
        elsewhere.join()
        (error,) = elsewhere.errors
        elsewhere.errors.clear()
        assert isinstance(error, DeadlockError)
        assert sorted(watching.reports[-1].threads) == ["T0", "T1", "T2"]
        assert {"first", "second", "third"} == set(watching.reports[-1].locks)
        with first, third, second:
            pass
    assert {name: value for name, value in vars(kind).items() if name in before} == before
    assert set(vars(kind)) == set(before)
    with first, third:
        pass


def test_class_names() -> None:
    """A lock that has a name is called by it; one that exists already is watched too."""
    log = sync.Mutex(name="the log")
    with watch(sync.Mutex) as watching:
        with log, pytest.raises(DeadlockError, match="holds the log"):
            log.acquire()
        with pytest.raises(RuntimeError, match="nobody holds it"):
            log.release()
    assert len(watching.reports) == 1


def test_class_with_a_condition(elsewhere) -> None:
    """A condition over a watched lock gives it up and takes it again."""
    with watch(sync.Mutex, threading._PyRLock) as watching:  # type: ignore[attr-defined]
        for condition in (
            sync.Condition(),
            sync.Condition(threading._PyRLock()),  # type: ignore[attr-defined]
            threading.Condition(threading._PyRLock()),  # type: ignore[attr-defined]
        ):
            state: list[str] = []

            def wait(condition=condition, state=state) -> None:
                with condition:
                    while not state:
                        condition.wait()

            elsewhere.start(wait)
            with condition:
                state.append("told")
                condition.notify_all()
            elsewhere.join()
    assert not elsewhere.errors
    assert not watching.reports
