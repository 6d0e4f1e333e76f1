"""A mutex between processes that is never lost: the kernel takes it back from an owner that dies.

Use one around every access to data that several processes share: a record in
shared memory, a file that is rewritten. It keeps out other processes, and other
threads of the same process. A `multiprocessing.Lock` is several times as
fast, and is lost for ever when a process is killed while it holds it: all others
wait for it until they are killed too.

    >>> from concur import ProcessMutex
    >>> ledger = ProcessMutex(name="ledger")
    >>> with ledger:
    ...     ledger.locked(), ledger.owner_died
    (True, False)
    >>> ledger.release()
    Traceback (most recent call last):
        ...
    concur.errors.NotOwnerError: thread 'MainThread' released process mutex 'ledger', but nobody holds it.
    Only the owner may release a mutex. For a signal between processes use ProcessSemaphore(0).

An owner that was killed may have left the data half written. The next one is
told: `owner_died` is true until it releases, so that it can repair before it goes
on. If that one dies too before it has released, the one after it is told. ::

    with ledger:
        if ledger.owner_died:
            repair(accounts)
        transfer(accounts, "Ann", "Bob", 5)

Give it to a child process as an argument; it works under `fork`, `spawn` and
`forkserver`. A forked child does not hold what its parent held.

How it works: waiting is done by a lock on a file without a name (`flock`), behind
a lock between the threads of the process. A word in the memory of that file says
who is inside. It is set after the lock was taken and cleared before it is given
back; who takes the lock and finds the word still set comes after one who died.

It is not fair, and not for waits that are counted in microseconds: to wait with
a time-out it looks again and again, in steps of up to 5 ms. A wait lets other
threads of the process run, and so does a call that need not wait. Where the file
cannot be opened once more, which needs Linux, `lockf` takes the place of `flock`.
"""

import fcntl
import os
import threading
import time
from types import TracebackType
from typing import Any

from concur.errors import DeadlockError, NotOwnerError
from concur.process import _file_locks
from concur.process._forks import after_fork
from concur.process._segment import WORD, Segment

LONGEST_NAP = 0.005  # seconds between two looks of a wait with a time-out
_NOBODY = 0


class ProcessMutex:
    """A lock that one thread of one process holds at a time, and that outlives the death of its owner."""

    def __init__(self, *, name: str | None = None) -> None:
        self.name = name
        self._segment = Segment(WORD)  # the process that is inside, or died there
        self._file = -1
        self._begin_here()
        after_fork(self, ProcessMutex._begin_here)

    def _begin_here(self) -> None:
        """Set up what this process has for itself: at first, and anew in a forked child."""
        self._inside = self._segment.words
        self._me = os.getpid()
        # Held together with the lock on the file. It knows its owner, also in the middle of acquire and release.
        self._threads: Any = threading.RLock()
        self._owner: int | None = None  # for messages: the thread of this process that holds it
        self._died = False
        self._lock = _file_locks.whole_file
        opened, self._file = self._file, -1
        if opened not in {-1, self._segment.fd}:
            os.close(
                opened
            )  # the parent's: while it is open here, what the parent holds would outlive the parent
        self._file = _file_locks.own(self._segment.fd)

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Take the mutex; False if it was not to be had, within *timeout* seconds if that is given.

        Waiting without a limit for what the calling thread holds itself raises :class:`DeadlockError`.
        """
        threads = self._threads
        if threads._is_owned():
            return self._not_again(blocking, timeout)
        found = None
        try:
            if blocking and timeout == -1:
                threads.acquire()
                self._lock(self._file, fcntl.LOCK_EX)
            elif not self._acquire_within(blocking, timeout):
                return False
            found = self._inside[0]
            self._inside[0] = self._me
            self._died = found != _NOBODY
            self._owner = threading.get_ident()
        except BaseException:
            if threads._is_owned():  # interrupted half way
                self._undo(found)
            raise
        return True

    def _acquire_within(self, blocking: bool, timeout: float) -> bool:
        """Take the locks of the threads and of the file, if both are to be had in time."""
        deadline = time.monotonic() + timeout if blocking else 0.0
        if not self._threads.acquire(blocking, timeout):
            return False
        nap = 0.0
        while True:
            try:
                self._lock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return True
            except (BlockingIOError, PermissionError):  # POSIX allows both
                left = deadline - time.monotonic() if blocking else 0.0
            if left <= 0:
                self._threads.release()
                return False
            nap = min(LONGEST_NAP, 2 * nap + 0.0001, left)
            time.sleep(nap)

    def release(self) -> None:
        """Give the mutex back; in a thread that does not hold it, raise :class:`NotOwnerError`."""
        if not self._threads._is_owned():
            raise NotOwnerError(self._not_yours())
        self._owner = None
        self._died = False
        self._inside[0] = _NOBODY
        try:
            self._lock(self._file, fcntl.LOCK_UN)
        finally:
            self._threads.release()

    def _undo(self, found: int | None) -> None:
        """Give both locks back after half an acquire; the word is to say what was *found*, if that far it came."""
        self._owner = None
        self._died = False
        if found is not None:
            self._inside[0] = found
        try:
            self._lock(self._file, fcntl.LOCK_UN)
        finally:
            self._threads.release()

    @property
    def owner_died(self) -> bool:
        """Whether the last owner died while it held the mutex; asked by the thread that holds it now."""
        return self._died and bool(self._threads._is_owned())

    def locked(self) -> bool:
        """Whether some thread of some process holds the mutex now."""
        if self._inside[0] == _NOBODY or self._owner is not None:
            return self._inside[0] != _NOBODY
        # Somebody is inside, or has died there.
        if _file_locks.CAN_OPEN_AGAIN:
            return _file_locks.is_locked(self._segment.fd)
        # To ask would take away the lock of another thread of this process, one that is on its way in or out.
        if not self._threads.acquire(blocking=False):
            return True
        try:
            return _file_locks.is_locked(self._segment.fd)
        finally:
            self._threads.release()

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def __repr__(self) -> str:
        name = "" if self.name is None else f" {self.name!r}"
        state = f"locked by {self._holder()}" if self.locked() else "unlocked"
        return f"<{type(self).__name__}{name} {state}>"

    def __getstate__(self) -> tuple[str | None, Segment]:
        return self.name, self._segment

    def __setstate__(self, state: tuple[str | None, Segment]) -> None:
        self.name, self._segment = state
        self._file = -1
        self._begin_here()
        after_fork(self, ProcessMutex._begin_here)

    def __del__(self) -> None:
        if self._file not in {-1, self._segment.fd}:
            os.close(self._file)

    def _is_owned(self) -> bool:
        """Whether the calling thread holds the mutex; condition variables ask."""
        return bool(self._threads._is_owned())

    def _is_orphaned(self) -> bool:
        """Whether an owner seems to have died and nobody has come since; who has to know takes it."""
        return bool(self._inside[0] != _NOBODY and not self.locked())

    def _not_again(self, blocking: bool, timeout: float) -> bool:
        """What becomes of an acquire by the thread that holds the mutex."""
        if blocking and timeout == -1:
            raise DeadlockError(
                f"thread {threading.current_thread().name!r} waits for {self._called()}, which it holds itself.\n"
                "A mutex is taken once: release it first."
            )
        taken = threading.Lock()
        taken.acquire()
        return taken.acquire(blocking, timeout)  # in vain, as long as the caller wants to wait

    def _called(self) -> str:
        return "a process mutex" if self.name is None else f"process mutex {self.name!r}"

    def _holder(self) -> str:
        owner, process = self._owner, self._inside[0]
        if owner is None:
            return f"process {process}"
        names = [thread.name for thread in threading.enumerate() if thread.ident == owner]
        return repr(names[0]) if names else f"a thread of process {process}"

    def _not_yours(self) -> str:
        holder = f"{self._holder()} holds it" if self.locked() else "nobody holds it"
        return (
            f"thread {threading.current_thread().name!r} released {self._called()}, but {holder}.\n"
            "Only the owner may release a mutex. For a signal between processes use ProcessSemaphore(0)."
        )
