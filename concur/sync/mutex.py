"""A mutex: a lock that one thread holds at a time, and knows which one.

Use one around every access to data that several threads share. Unlike
``threading.Lock`` it has an owner: only the thread that took it may release
it, and a thread that waits for what it holds itself is told so at once
instead of waiting for ever. Where calls nest, ``ReentrantMutex`` may be
taken again by its owner; where everybody must get a turn, ``FairMutex``
serves in the order of arrival; and ``PlainMutex`` shows what is left
without an owner. To let one thread signal another, use a semaphore.

    >>> from concur import Mutex
    >>> log = Mutex(name="log")
    >>> with log:
    ...     log
    <Mutex 'log' locked by 'MainThread'>
    >>> log.release()
    Traceback (most recent call last):
        ...
    concur.errors.NotOwnerError: thread 'MainThread' released mutex 'log', but nobody holds it.
    Only the owner may release a mutex. For a signal between threads use Semaphore(0).

How it works: the waiting is done by a lock of the machine. Beside it each
thread keeps, for itself alone, which mutexes it holds: ``_owned.py``.

It is not fair: which of several waiting threads comes next is up to the
operating system. A Ctrl-C that ends a wait leaves the mutex as it was; one
that comes after the wait has ended and before the caller's ``try`` begins
leaves it taken, as with every lock in Python: ``with`` makes that gap small.
"""

import threading

from concur.errors import NotOwnerError
from concur.sync._owned import Owned, here, meet


class Mutex(Owned):
    """A lock with an owner; drop-in for ``threading.Lock``."""

    def __init__(self, *, name: str | None = None) -> None:
        super().__init__(name=name)
        self._lock = threading.Lock()  # held by _owner

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Take the mutex; False if it was not to be had, within *timeout* seconds if that is given.

        Waiting without a limit for what the calling thread holds itself raises :class:`DeadlockError`.
        """
        try:
            me = here.me
        except AttributeError:
            me = meet()
        if blocking and timeout == -1:
            if self in me.held:
                raise self._deadlock()
            self._lock.acquire()
        elif not self._lock.acquire(blocking, timeout):
            return False
        me.held[self] = 1
        self._owner = me
        return True

    def release(self) -> None:
        """Give the mutex back; in a thread that does not hold it, raise :class:`NotOwnerError`."""
        try:
            del here.me.held[self]
        except (AttributeError, KeyError):
            raise NotOwnerError(self._not_yours()) from None
        # From here to the lock nothing is called: Python notices Ctrl-C only after a call.
        self._owner = None
        self._lock.release()

    def locked(self) -> bool:
        """Whether some thread holds the mutex now."""
        return self._lock.locked()
