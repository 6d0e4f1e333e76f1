"""A mutex: a lock that one thread holds at a time, and knows which one.

Use one around every access to data that several threads share. Unlike
``threading.Lock`` it has an owner: only the thread that took it may release
it, and a thread that waits for what it holds itself is told so at once
instead of waiting for ever. Unlike ``threading.RLock`` it is not taken twice
by the same thread. To let one thread signal another, use a semaphore.

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
thread keeps, for itself alone, the set of mutexes that it holds. So the two
questions "is it mine?" and "do I hold it already?" are answered without
looking at anything that another thread may be writing.

It is not fair: which of several waiting threads comes next is up to the
operating system.
"""

import threading
from types import TracebackType

from concur.errors import DeadlockError, NotOwnerError


class Mutex:
    """A lock with an owner; drop-in for ``threading.Lock``."""

    def __init__(self, *, name: str | None = None) -> None:
        self.name = name
        self._lock = threading.Lock()
        # Who holds _lock, for messages only; written by the holder, None while it is free.
        self._owner: _Self | None = None

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Take the mutex; False if it was not to be had (in time)."""
        me = _calling.thread
        if self in me.held and blocking and timeout == -1:
            raise DeadlockError(
                f"thread {me.name!r} waits for {self._called()}, which it holds itself.\n"
                "A mutex is taken once: release it first, or use threading.RLock where calls nest."
            )
        if not self._lock.acquire(blocking, timeout):
            return False
        me.held.add(self)
        self._owner = me
        return True

    def release(self) -> None:
        """Give the mutex back; only its owner may."""
        me = _calling.thread
        if self not in me.held:
            raise NotOwnerError(self._not_yours(me))
        try:
            self._owner = None
            me.held.remove(self)
        finally:  # also when Ctrl-C strikes in between
            self._lock.release()

    def locked(self) -> bool:
        """Whether some thread holds the mutex now."""
        return self._lock.locked()

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def __repr__(self) -> str:
        owner = self._owner
        state = "unlocked" if owner is None else f"locked by {owner.name!r}"
        return f"<Mutex {state}>" if self.name is None else f"<Mutex {self.name!r} {state}>"

    def _is_owned(self) -> bool:
        """Whether the calling thread holds the mutex; condition variables ask."""
        return self in _calling.thread.held

    def _called(self) -> str:
        return "an unnamed mutex" if self.name is None else f"mutex {self.name!r}"

    def _not_yours(self, me: "_Self") -> str:
        owner = self._owner
        holder = "nobody holds it" if owner is None else f"{owner.name!r} holds it"
        return (
            f"thread {me.name!r} released {self._called()}, but {holder}.\n"
            "Only the owner may release a mutex. For a signal between threads use Semaphore(0)."
        )


class _Self:
    """What a thread knows of itself."""

    __slots__ = ("_thread", "held")

    def __init__(self) -> None:
        self._thread = threading.current_thread()
        self.held: set[Mutex] = set()  # the mutexes that this thread holds; no other thread looks

    @property
    def name(self) -> str:
        return self._thread.name


class _Calling(threading.local):
    """The thread that is calling."""

    def __init__(self) -> None:
        self.thread = _Self()


_calling = _Calling()
