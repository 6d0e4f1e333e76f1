"""What docs/processes.md says of fork, and of the locks of the standard library."""

import fcntl
import os
import tempfile
import threading
from typing import Any

import pytest

from tests.process.conftest import Children, received


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_fork_copies_a_lock_as_it_is(forked: Children) -> None:
    """One that another thread holds is held in the child too, which has no such thread."""
    lock = threading.Lock()
    inside, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with lock:
            inside.set()
            leave.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    inside.wait()
    here, there = forked.context.Pipe()
    forked.start(look_at, lock, there)
    leave.set()
    thread.join()
    here.send("the thread has released it")
    assert received(here) == ("locked", 1)
    assert forked.join() == [0]


def look_at(lock: threading.Lock, pipe: Any) -> None:
    pipe.recv()
    pipe.send(("locked" if lock.locked() else "unlocked", threading.active_count()))


def take_and_tell(lock: Any, pipe: Any) -> None:
    lock.acquire()
    pipe.send("inside")
    pipe.recv()


def test_a_lock_of_multiprocessing_dies_with_its_owner(children: Children) -> None:
    """After the kill it is as locked as before."""
    lock = children.context.Lock()
    here, there = children.context.Pipe()
    child = children.start(take_and_tell, lock, there)
    received(here)
    children.kill(child)
    assert not lock.acquire(timeout=0.01)


def test_a_forked_child_keeps_the_flock_of_its_parent(forked: Children) -> None:
    """Descriptors are copied; what they lead to is not: neither the position in the file, nor a lock by flock."""
    with tempfile.NamedTemporaryFile() as file, open(file.name, "rb") as other:
        fcntl.flock(file, fcntl.LOCK_EX)
        here, there = forked.context.Pipe()
        child = forked.start(seek_and_wait, file.fileno(), there)
        received(here)
        assert os.lseek(file.fileno(), 0, os.SEEK_CUR) == 7
        file.close()  # the parent has given it up; the child has not
        with pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        forked.kill(child)
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)


def seek_and_wait(descriptor: int, pipe: Any) -> None:
    os.lseek(descriptor, 7, os.SEEK_SET)
    pipe.send("moved")
    pipe.recv()
