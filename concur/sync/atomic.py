"""Atomics: an integer and a reference whose every call is one step, whatever other threads do.

Use one for a single value that several threads read and change: a counter, a
flag, a ticket dispenser, the head of a linked list. Two calls are two steps:
``n.set(n.get() + 1)`` loses updates, ``n.fetch_add(1)`` does not. Where several
values have to change together, use a mutex; to wait until a value changes, a
condition.

    >>> from concur import AtomicInteger, AtomicReference
    >>> tickets = AtomicInteger()
    >>> tickets.fetch_add(), tickets.fetch_add()
    (0, 1)
    >>> tickets.compare_and_set(2, 10), tickets
    (True, <AtomicInteger 10>)
    >>> draft, final = ["a", "draft"], ["final"]
    >>> text = AtomicReference(draft)
    >>> text.compare_and_set(["a", "draft"], final)  # equal, but another list
    False
    >>> text.compare_and_set(draft, final), text
    (True, <AtomicReference ['final']>)

The names are those of ``java.util.concurrent.atomic``; ``fetch_add`` and
``exchange`` are called so in C++. ``compare_and_set`` is enough to build any
other object without a lock (Herlihy: "Wait-free synchronization", TOPLAS 1991).

How it works: a lock around the value. It is taken for reading too, so that all
calls on all atomics lie in one order that every thread agrees on: a program
that shares nothing but atomics behaves as if its threads took turns, also on a
free-threaded build. It is held for a few instructions only, and no code of the
caller runs under it. Other than an atomic of the hardware it is not for signal
handlers: one that interrupts a call and makes another waits for ever.
"""

import threading
from typing import Generic, TypeVar, overload

T = TypeVar("T")


class AtomicInteger:
    """An integer that is read and changed in one step."""

    __slots__ = ("__weakref__", "_lock", "_value")

    def __init__(self, value: int = 0) -> None:
        self._value = value  # read and written under _lock
        self._lock = threading.Lock()

    def get(self) -> int:
        """The value."""
        with self._lock:
            return self._value

    def set(self, value: int) -> None:
        """Replace the value."""
        with self._lock:
            self._value = value

    def exchange(self, new: int) -> int:
        """Replace the value; the old one is returned."""
        with self._lock:
            old = self._value
            self._value = new
            return old

    def fetch_add(self, n: int = 1) -> int:
        """Add *n*, which may be negative; the value before that is returned."""
        with self._lock:
            old = self._value
            self._value = old + n
            return old

    def compare_and_set(self, expected: int, new: int) -> bool:
        """Replace the value by *new* if it equals *expected*; whether it did."""
        with self._lock:
            if self._value != expected:
                return False
            self._value = new
            return True

    def __repr__(self) -> str:
        return f"<AtomicInteger {self._value}>"


class AtomicReference(Generic[T]):
    """A reference to an object that is read and changed in one step; the object itself is not protected.

    ``compare_and_set`` compares with ``is``: it succeeds only if the very object
    that was read before is still there. For numbers and texts that is not what
    one means, since two equal ones may be different objects: use
    :class:`AtomicInteger`, or keep the object that :meth:`get` returned.
    """

    __slots__ = ("__weakref__", "_lock", "_value")

    @overload
    def __init__(self: "AtomicReference[T | None]", value: None = None) -> None: ...

    @overload
    def __init__(self, value: T) -> None: ...

    def __init__(self, value: T | None = None) -> None:
        self._value: T = value  # type: ignore[assignment]  # None only where T allows it
        self._lock = threading.Lock()

    def get(self) -> T:
        """The object."""
        with self._lock:
            return self._value

    def set(self, value: T) -> None:
        """Replace the object."""
        self.exchange(
            value
        )  # which keeps the old one until the lock is free: its finalizer is the caller's code

    def exchange(self, new: T) -> T:
        """Replace the object; the old one is returned."""
        with self._lock:
            old = self._value
            self._value = new
            return old

    def compare_and_set(self, expected: T, new: T) -> bool:
        """Replace the object by *new* if it is *expected* itself, not an equal one; whether it did."""
        with self._lock:
            if self._value is not expected:
                return False
            self._value = new
            return True

    def __repr__(self) -> str:
        return f"<AtomicReference {self._value!r}>"
