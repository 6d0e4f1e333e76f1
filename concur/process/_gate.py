"""A gate that one thread of one process passes at a time, and that the death of that one opens.

It is the lock under a `ProcessMutex` and nothing else: nobody is told who has it,
or that the last one died behind it. It costs half as much, and is for data that
need no repair, or carry the note of what is to be repaired themselves.
"""

import fcntl
import os
import threading
from collections.abc import Callable
from typing import TypeVar

from concur.process import _file_locks
from concur.process._forks import after_fork
from concur.process._segment import WORD, Segment

R = TypeVar("R")


class Gate:
    """Calls functions, one at a time, whichever process they are in."""

    def __init__(self) -> None:
        self._segment = Segment(WORD)  # a file to lock
        self._file = -1
        self._begin_here()
        after_fork(self, Gate._begin_here)

    def _begin_here(self) -> None:
        """Set up what this process has for itself: at first, and anew in a forked child."""
        self._threads = threading.Lock()
        self._lock = _file_locks.whole_file
        opened, self._file = self._file, -1
        if opened not in {-1, self._segment.fd}:
            os.close(opened)  # the parent's: what the parent holds would outlive it here
        self._file = _file_locks.own(self._segment.fd)

    def behind(self, call: Callable[..., R], *given: object) -> R:
        """What *call* returns, made while nobody else is behind the gate."""
        lock, file = self._lock, self._file
        # Ctrl-C is noticed after a call of C, never before one: what is taken here is given back here.
        with self._threads:
            try:
                lock(file, fcntl.LOCK_EX)
                return call(*given)
            finally:
                lock(file, fcntl.LOCK_UN)

    def __getstate__(self) -> Segment:
        return self._segment

    def __setstate__(self, segment: Segment) -> None:
        self._segment = segment
        self._file = -1
        self._begin_here()
        after_fork(self, Gate._begin_here)

    def __del__(self) -> None:
        if self._file not in {-1, self._segment.fd}:
            os.close(self._file)


def across_a_lock() -> None:
    """Nothing is loaded or stored across this: a lock is given back and taken again."""
    lock = threading.Lock()
    lock.acquire()
    lock.release()
    lock.acquire()


def nothing() -> None:
    pass


# These machines show loads, and stores, in the order of the program by themselves; others do not.
fence = nothing if os.uname().machine in {"x86_64", "AMD64"} else across_a_lock
