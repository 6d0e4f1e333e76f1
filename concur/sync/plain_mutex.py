"""A plain mutex: a lock and nothing else, for lessons, and to compare with.

It lets one thread in at a time. What it does *not* tell, ``Mutex`` does:

- who holds it, so that a thread that did not take it can release it, unnoticed,
  while the one that did is still inside;
- that a thread waits for what it holds itself: it waits for ever;
- in an error, which threads had a part in it.

    >>> from concur import PlainMutex
    >>> door = PlainMutex(name="door")
    >>> with door:
    ...     door
    <PlainMutex 'door' locked>
    >>> from threading import Thread
    >>> door.acquire()
    True
    >>> intruder = Thread(target=door.release)  # whoever it is
    >>> intruder.start(); intruder.join()
    >>> door
    <PlainMutex 'door' unlocked>

Use it in a program only where one thread must release what another took; a
semaphore says more clearly that this is meant. It is not fair.
"""

import threading
from types import TracebackType


class PlainMutex:
    """A lock without an owner; drop-in for ``threading.Lock``."""

    def __init__(self, *, name: str | None = None) -> None:
        self.name = name
        self._lock = threading.Lock()

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Take the mutex; False if it was not to be had, within *timeout* seconds if that is given."""
        if blocking and timeout == -1:
            return self._lock.acquire()  # a call without arguments is the faster one
        return self._lock.acquire(blocking, timeout)

    def release(self) -> None:
        """Give the mutex back, whoever took it; a ``RuntimeError`` if nobody did."""
        try:
            self._lock.release()
        except RuntimeError:
            name = "an unnamed plain mutex" if self.name is None else f"plain mutex {self.name!r}"
            raise RuntimeError(
                f"thread {threading.current_thread().name!r} released {name}, but nobody holds it.\n"
                "Release once for each acquire; `with` does so. Use Mutex to be told who held it."
            ) from None

    def locked(self) -> bool:
        """Whether it is taken now."""
        return self._lock.locked()

    def __enter__(self) -> bool:
        return self._lock.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def __repr__(self) -> str:
        state = "locked" if self._lock.locked() else "unlocked"
        return f"<PlainMutex {state}>" if self.name is None else f"<PlainMutex {self.name!r} {state}>"
