"""Classes of locks under watch: their methods are replaced, and they keep their own way of waiting.

Before a lock of such a class makes its caller wait, the lock is tried: one that
is free is taken in the same step, and only for one that is not the wait-for graph
is asked. Who holds it stands in a :class:`Record` beside the lock.
"""

import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from concur.deadlock import live
from concur.deadlock.graphs import Node
from concur.deadlock.locks import is_taken_again
from concur.deadlock.ordered import note, order
from concur.deadlock.parties import Hold, calling
from concur.deadlock.sites import Made, Site, caller, site_of
from concur.errors import DeadlockError, UsageError


class Record:
    """Who holds a lock of a watched class."""

    __slots__ = ("__weakref__", "_count", "_made", "_node", "_owner", "_site")

    def __init__(self, made: Any) -> None:
        self._owner: Hold | None = None  # written by the thread that holds the lock
        self._count = 0  # how often it has taken it
        self._site: Site | None = None
        self._made = made
        self._node = Node(made)

    def __del__(self) -> None:
        order.forget(self._node)

    def is_signal(self) -> bool:
        return False

    def is_exclusive(self) -> bool:
        return True  # a class of locks that another thread may release has no owners to watch

    def is_free(self) -> bool:
        return self._owner is None

    def taken_at(self) -> str | None:
        return None if self._site is None else str(self._site)

    def __str__(self) -> str:
        return str(self._made)

    def taken(self, hold: Hold, frame: FrameType | None, waited: bool) -> None:
        """*hold* has taken the lock; *frame* is where, or None where no order is kept."""
        self._count += 1
        if self._count > 1:
            return
        self._owner = hold
        if frame is None:
            return
        self._site = site_of(frame)
        if waited:
            for other in hold.held:
                if other._node not in self._node.before:
                    note(other, self, hold)
        hold.held.append(self)

    def gone(self, times: int = 1) -> None:
        """The owner is about to give the lock back, *times* over."""
        self._count -= times
        if self._count == 0:
            owner, self._owner = self._owner, None
            if owner is not None and self in owner.held:
                owner.held.remove(self)


class _Named:
    """A lock that has a name of its own."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __str__(self) -> str:
        return self._name


@contextmanager
def watched_class(cls: type, *, order: bool) -> Iterator[None]:
    """Watch every lock of class *cls*, also those that exist already, if nobody holds them."""
    missing = [name for name in ("acquire", "release") if not callable(getattr(cls, name, None))]
    if missing:
        raise UsageError(f"{cls.__name__} cannot be watched: it has no {' and no '.join(missing)}.")
    if any("Semaphore" in base.__name__ for base in cls.__mro__):
        raise UsageError(f"{cls.__name__} cannot be watched: permits have no owner that could be waited for.")
    records: weakref.WeakKeyDictionary[Any, Record] = weakref.WeakKeyDictionary()

    def record_of(lock: Any) -> Record:
        record = records.get(lock)
        if record is None:
            name = getattr(lock, "name", None)
            made = _Named(str(name)) if name else Made(site_of(caller()), cls.__name__)
            record = records.setdefault(lock, Record(made))
        return record

    replacements = _replacements(cls, record_of, order)
    before: dict[str, Any] = {name: vars(cls).get(name) for name in replacements}
    for name, function in replacements.items():
        setattr(cls, name, function)
    try:
        yield
    finally:
        for name, function in before.items():
            if function is None:
                delattr(cls, name)
            else:
                setattr(cls, name, function)


def _replacements(cls: Any, record_of: Callable[[Any], Record], order: bool) -> dict[str, Callable[..., Any]]:
    make, take, give = cls.__init__, cls.acquire, cls.release

    def here() -> FrameType | None:
        return caller() if order else None

    def init(self: Any, *arguments: Any, **more: Any) -> None:
        make(self, *arguments, **more)
        record_of(self)  # now, while the place that makes it can be seen

    def wait(self: Any, record: Record, how: Callable[[], Any]) -> Any:
        party = calling.party
        party.at = site_of(caller())
        try:
            live.begin_wait(party, record)
            return how()
        except DeadlockError:
            if is_taken_again():
                party.forgiven.append(record)
            raise
        finally:
            live.end_wait(party)

    def acquire(self: Any, blocking: bool = True, timeout: float | None = -1) -> bool:
        record = record_of(self)
        waits = bool(blocking) and timeout in (None, -1)
        if waits:
            got = take(self, False) or wait(self, record, lambda: take(self))
        else:
            got = take(self, blocking, timeout)
        if got:
            record.taken(calling.hold, here(), waits)
        return bool(got)

    def release(self: Any) -> None:
        record, party = record_of(self), calling.party
        owner = record._owner
        if owner is not None and owner.party is party:
            record.gone()
        elif record in party.forgiven:
            party.forgiven.remove(record)
            return
        give(self)

    def enter(self: Any) -> Any:
        return self.acquire()

    def leave(self: Any, *error: object) -> None:
        self.release()

    found: dict[str, Callable[..., Any]] = {
        "__init__": init,
        "acquire": acquire,
        "release": release,
        "__enter__": enter,
        "__exit__": leave,
    }
    if hasattr(cls, "_release_save") and hasattr(cls, "_acquire_restore"):
        give_whole, take_whole = cls._release_save, cls._acquire_restore

        def _release_save(self: Any) -> Any:
            record = record_of(self)
            count = record._count
            if record._owner is not None and record._owner.party is calling.party:
                record.gone(count)
            return give_whole(self), count

        def _acquire_restore(self: Any, saved: Any) -> None:
            record, (state, count) = record_of(self), saved
            wait(self, record, lambda: take_whole(self, state))
            record.taken(calling.hold, here(), True)
            record._count = max(count, 1)

        found |= {"_release_save": _release_save, "_acquire_restore": _acquire_restore}
    return found
