"""A reentrant mutex: its owner may take it again, and gives it back as often.

Use one where a method that holds the mutex calls another that takes it too,
such as the public methods of a class that use each other. Where you can, have
the inner one say in its name that the mutex must be held, and use ``Mutex``:
then it is plain where the data is consistent, since it is consistent wherever
nobody holds the mutex. Inside a nested call that need not be so.

    >>> from concur import ReentrantMutex
    >>> account = ReentrantMutex(name="account")
    >>> with account:
    ...     with account:
    ...         account
    <ReentrantMutex 'account' locked by 'MainThread'>
    >>> account
    <ReentrantMutex 'account' unlocked>

How it works: as ``Mutex``; beside which mutexes it holds, each thread keeps
how many times over. A condition variable gives it up whole, and takes it back
as often as it was held.

It is not fair, and Ctrl-C leaves the same gap as in ``Mutex``.
"""

import threading

from concur.errors import NotOwnerError
from concur.sync._owned import Owned, meet


class ReentrantMutex(Owned):
    """A mutex that its owner may take several times over; drop-in for ``threading.RLock``."""

    def __init__(self, *, name: str | None = None) -> None:
        super().__init__(name=name)
        self._lock = threading.Lock()  # held by _owner, once, however often that one has taken the mutex

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Take the mutex, at once if the calling thread holds it; False if it was not to be had (in time)."""
        me = meet()
        if self in me.held:
            me.held[self] += 1
            return True
        if not self._lock.acquire(blocking, timeout):
            return False
        me.held[self] = 1
        self._owner = me
        return True

    def release(self) -> None:
        """Give the mutex back once; it is free when that was done as often as it was taken."""
        held = meet().held
        times = held.get(self, 0)
        if times == 0:
            raise NotOwnerError(self._not_yours())
        if times > 1:
            held[self] = times - 1
        else:
            self._release_save()

    def locked(self) -> bool:
        """Whether some thread holds the mutex now."""
        return self._lock.locked()

    # What condition variables do with it, under the names that threading.RLock has for it.

    def _release_save(self) -> int:
        """Give the mutex up whole, and say how many times over it was held."""
        held = meet().held
        try:
            times = held[self]
        except KeyError:
            raise NotOwnerError(self._not_yours()) from None
        # From here to the lock nothing is called: Python notices Ctrl-C only after a call.
        del held[self]
        self._owner = None
        self._lock.release()
        return times

    def _acquire_restore(self, times: int) -> None:
        """Take back what was given up."""
        self._lock.acquire()
        me = meet()
        me.held[self] = times
        self._owner = me

    def _recursion_count(self) -> int:
        """How many times over the calling thread holds it; 0 if another does, or none."""
        return meet().held.get(self, 0)
