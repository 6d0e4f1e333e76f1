"""ProcessMutex: one owner at a time, between processes and between threads, and what remains of an owner that dies."""

import fcntl
import gc
import os
import signal
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from concur import DeadlockError, NotOwnerError, ProcessMutex
from concur.process import _file_locks
from concur.process._segment import Segment
from tests.process.conftest import Children, received


@pytest.fixture(params=["flock", "lockf"])
def kernel_lock(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Both kinds of lock that a mutex may stand on; forked children have the same."""
    if request.param == "lockf":
        monkeypatch.setattr(_file_locks, "CAN_OPEN_AGAIN", False)
        monkeypatch.setattr(_file_locks, "whole_file", fcntl.lockf)
    yield request.param
    gc.collect()


def add(mutex: ProcessMutex, segment: Segment, times: int) -> None:
    words = segment.words
    for _ in range(times):
        with mutex:
            before = words[0]
            words[1] = before  # more steps, so that an overlap is likely to show
            words[0] = before + 1


def test_no_update_is_lost_between_processes(children: Children) -> None:
    mutex, segment = ProcessMutex(), Segment(16)
    for _ in range(3):
        children.start(add, mutex, segment, 500)
    assert children.join() == [0, 0, 0]
    assert segment.words[0] == 1500


def test_no_update_is_lost_between_threads_and_processes(forked: Children, kernel_lock: str) -> None:
    mutex, segment = ProcessMutex(), Segment(16)
    forked.start(add, mutex, segment, 500)
    threads = [threading.Thread(target=add, args=(mutex, segment, 500)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert forked.join() == [0]
    assert segment.words[0] == 1500


def hold(mutex: ProcessMutex, pipe: Any) -> None:
    """Take *mutex*, tell so and what was found, and keep it until told otherwise."""
    mutex.acquire()
    pipe.send(mutex.owner_died)
    pipe.recv()
    mutex.release()
    pipe.send("released")


def test_what_an_owner_takes_to_its_grave(children: Children) -> None:
    """The next one has the mutex and is told, until it releases; the one after that has nothing to repair."""
    mutex = ProcessMutex()
    here, there = children.context.Pipe()
    child = children.start(hold, mutex, there)
    assert received(here) is False
    assert not mutex.acquire(blocking=False)
    assert not mutex.acquire(timeout=0.01)
    assert mutex.locked()
    assert repr(mutex) == f"<ProcessMutex locked by process {child.pid}>"
    children.kill(child)
    assert not mutex.locked()
    assert not mutex.owner_died, "nobody has it"
    assert mutex.acquire() is True
    assert mutex.owner_died
    mutex.release()
    assert not mutex.owner_died
    with mutex:
        assert not mutex.owner_died


def test_who_dies_before_it_has_repaired_leaves_it_to_the_next(forked: Children, kernel_lock: str) -> None:
    mutex = ProcessMutex()
    found = []
    for _ in range(3):
        here, there = forked.context.Pipe()
        child = forked.start(hold, mutex, there)
        found.append(received(here))
        forked.kill(child)
    assert found == [False, True, True]
    assert mutex.acquire(timeout=0)
    assert mutex.owner_died
    mutex.release()


def test_who_waits_has_it_when_the_owner_is_killed(children: Children) -> None:
    """Two wait without a limit, a third holds and dies: one after the other has it, the first is told."""
    mutex = ProcessMutex()
    here, there = children.context.Pipe()
    owner = children.start(hold, mutex, there)
    received(here)
    pipes = [children.context.Pipe() for _ in range(2)]
    waiting = [children.start(hold, mutex, there) for _, there in pipes]
    for here, _ in pipes:
        here.send("go on")
    children.kill(owner)
    assert children.join(*waiting) == [0, 0]
    assert sorted(received(here) for here, _ in pipes) == [False, True]


def test_a_living_owner_that_ends_in_order_has_not_died(children: Children) -> None:
    mutex = ProcessMutex()
    here, there = children.context.Pipe()
    children.start(hold, mutex, there)
    here.send("go on")
    children.join()
    assert mutex.acquire(blocking=False)
    assert not mutex.owner_died


def test_a_forked_child_does_not_hold_what_its_parent_held(forked: Children, kernel_lock: str) -> None:
    mutex = ProcessMutex(name="log")
    here, there = forked.context.Pipe()
    with mutex:
        child = forked.start(try_it, mutex, there)
        assert received(here) == (False, "NotOwnerError")
        here.send("again")
    assert forked.join(child) == [0]
    assert received(here) == (True, "released")


def try_it(mutex: ProcessMutex, pipe: Any) -> None:
    for way in (False, True):
        taken = mutex.acquire(blocking=way)
        try:
            mutex.release()
            pipe.send((taken, "released"))
        except NotOwnerError:
            pipe.send((taken, "NotOwnerError"))
            pipe.recv()


def test_what_the_parent_holds_does_not_outlive_it(kernel_lock: str) -> None:
    """A forked child that lives on does not keep the lock of a parent that was killed."""
    mutex = ProcessMutex()
    reading, writing = os.pipe()
    parent = os.fork()
    if parent == 0:
        mutex.acquire()
        if os.fork() == 0:
            os.write(writing, b"%d\n" % os.getpid())
            signal.pause()
            os._exit(0)
        signal.pause()
        os._exit(0)
    grandchild = int(os.read(reading, 20))
    try:
        assert not mutex.acquire(blocking=False)
        os.kill(parent, signal.SIGKILL)
        os.waitpid(parent, 0)
        assert mutex.acquire(blocking=False)
        assert mutex.owner_died
        mutex.release()
    finally:
        os.kill(grandchild, signal.SIGKILL)
        os.close(reading)
        os.close(writing)


def test_taking_it_twice_is_a_deadlock() -> None:
    mutex = ProcessMutex(name="log")
    with mutex:
        with pytest.raises(DeadlockError, match="'MainThread' waits for process mutex 'log', which it holds"):
            mutex.acquire()
        assert not mutex.acquire(blocking=False)
        assert not mutex.acquire(timeout=0.01)
        assert mutex._is_owned()
    assert not mutex.locked()


def test_only_the_owner_releases() -> None:
    mutex = ProcessMutex()
    with pytest.raises(NotOwnerError, match="but nobody holds it"):
        mutex.release()
    refused: list[BaseException] = []

    def release() -> None:
        try:
            mutex.release()
        except NotOwnerError as error:
            refused.append(error)

    with mutex:
        thread = threading.Thread(target=release)
        thread.start()
        thread.join()
        assert mutex.locked()
    assert "but 'MainThread' holds it" in str(refused[0])
    assert "Semaphore(0)" in str(refused[0])


@pytest.mark.parametrize("held", [False, True])
@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"blocking": False, "timeout": 1}, ValueError),
        ({"timeout": -2}, ValueError),
        ({"timeout": 1e20}, OverflowError),
    ],
)
def test_waits_that_make_no_sense(given: dict[str, Any], error: type[Exception], held: bool) -> None:
    """As with threading.Lock; and the mutex stays as it was."""
    mutex = ProcessMutex()
    if held:
        mutex.acquire()
    with pytest.raises(error):
        mutex.acquire(**given)
    assert mutex.locked() is held
    if held:
        mutex.release()


@pytest.mark.parametrize("limit", [-1, 3600])
def test_ctrl_c_ends_a_wait_and_takes_nothing(
    forked: Children, kernel_lock: str, limit: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After it the mutex is its owner's alone, and can be had again by the thread that was interrupted."""
    mutex = ProcessMutex()
    here, there = forked.context.Pipe()
    child = forked.start(hold, mutex, there)
    received(here)
    interrupt_when_waiting(mutex, monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        mutex.acquire(timeout=limit)
    assert not mutex._threads._is_owned()
    here.send("go on")
    forked.join(child)
    with mutex:
        assert not mutex.owner_died


def interrupt_when_waiting(mutex: ProcessMutex, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C comes while *mutex* waits for the lock on its file."""
    kernel = mutex._lock
    main = threading.main_thread().ident or 0

    def interrupted(descriptor: int, operation: int) -> object:
        if not operation & fcntl.LOCK_UN:
            mutex._lock = kernel
            threading.Timer(0.0, signal.pthread_kill, (main, signal.SIGINT)).start()
            if operation & fcntl.LOCK_NB:
                return kernel(descriptor, operation)
            while True:  # again, in case that the signal came before the wait began
                threading.Timer(0.05, signal.pthread_kill, (main, signal.SIGINT)).start()
                kernel(descriptor, operation)
        return kernel(descriptor, operation)

    mutex._lock = interrupted


def test_an_interrupt_in_the_middle_of_acquire_undoes_it() -> None:
    """Whatever was found before is there again, also that somebody died."""
    for found in (0, 12345):
        mutex = ProcessMutex()
        mutex._inside[0] = found  # as one leaves it who dies inside
        real = threading.get_ident

        def struck() -> int:
            raise KeyboardInterrupt

        threading.get_ident = struck
        try:
            with pytest.raises(KeyboardInterrupt):
                mutex.acquire()
        finally:
            threading.get_ident = real
        assert mutex.acquire(timeout=0)
        assert mutex.owner_died is bool(found)
        mutex.release()


def test_what_is_opened_is_closed(kernel_lock: str) -> None:
    gc.collect()
    before = os.listdir("/dev/fd")
    mutex = ProcessMutex()
    with mutex:
        pass
    del mutex
    gc.collect()
    assert os.listdir("/dev/fd") == before


def test_to_ask_whether_it_is_locked_takes_it_from_nobody(forked: Children, kernel_lock: str) -> None:
    """Also at the moment when another thread has the lock of the file, and is not yet noted as the owner."""
    mutex = ProcessMutex()
    asked, go_on = threading.Event(), threading.Event()
    kernel = mutex._lock

    def slowly(descriptor: int, operation: int) -> object:
        answer = kernel(descriptor, operation)
        mutex._lock = kernel
        mutex._inside[0] = os.getpid()
        asked.set()
        go_on.wait()
        return answer

    mutex._lock = slowly
    thread = threading.Thread(target=mutex.acquire, daemon=True)
    thread.start()
    asked.wait()
    is_locked = mutex.locked()
    go_on.set()
    thread.join()
    assert is_locked
    here, there = forked.context.Pipe()
    child = forked.start(try_it, mutex, there)
    assert received(here) == (False, "NotOwnerError")
    forked.kill(child)
