"""A readers-writer lock: many threads read at the same time, one writes alone.

Use one for data that is read often and long, and changed now and then: a table of
routes, a cache, a configuration. For sections of a few lines a mutex is no slower
and simpler: on a build with the GIL, readers that only compute take turns anyway.

    >>> from concur import ReadWriteLock
    >>> routes, table = ReadWriteLock(name="routes"), {"home": 1}
    >>> with routes.read():
    ...     table["home"], routes
    (1, <ReadWriteLock 'routes' reading=1 waiting=0>)
    >>> with routes.write():
    ...     table["work"] = 2
    ...     routes
    <ReadWriteLock 'routes' writing waiting=0>
    >>> routes.write().acquire(timeout=0.5)
    True
    >>> routes.write().release()
    >>> with routes.read(), routes.write():
    ...     pass
    Traceback (most recent call last):
        ...
    concur.errors.DeadlockError: thread 'MainThread' waits to write under rwlock 'routes', where it reads itself.
    End reading first, or take the lock for writing from the start.

What is promised, of fairness: threads that cannot go in at once stand in one line,
readers and writers alike, and go in in that order, readers that stand next to each
other together. A reader that comes while nobody writes or waits goes in at once;
one that comes later stands behind those who wait. So neither starves the other: a
writer waits for the readers that are inside when it comes, and for those who stand
before it, and for no others.

What is promised, of threads that come again: a thread that reads may read again
inside, and never waits for that, also if a writer waits. Anything else would wait
for itself: to write where the thread reads, to write or to read where it writes. It
raises ``DeadlockError``; with a time-out, or without waiting, it returns False. Only
who reads may end its reading, and only who writes its writing.

What is not promised: a call with ``blocking=False`` may also fail because another
thread was just coming in or leaving (as ``try_lock`` of C++ may). Ctrl-C while a call
waits leaves no claim behind; Ctrl-C just after a call has returned, and before the
``with`` statement or ``try`` around it has begun, cannot be caught in Python.

How it works (after Courtois, Heymans and Parnas: "Concurrent Control with Readers
and Writers", CACM 1971, with one line for all): who writes holds the *turn*, a lock
that is taken in order, and has *closed* the room. A reader that finds the room open
and nobody in line puts its name on the list of those inside, and then looks once
more whether the room is open: if so, it is inside, and no lock was taken. A writer
closes first and then reads the list. So of a reader and a writer that come at the
same time at least one sees the other; this holds on free-threaded builds too, since
writing a name and copying the list are each one step of the list. The last reader
to leave a closed room wakes the writer. A reader that finds the room closed waits
for its turn as a writer does, puts its name on the list, and passes the turn on.
"""

import threading
import time
from collections import deque
from threading import get_ident
from types import TracebackType

from concur.errors import DeadlockError, NotOwnerError
from concur.sync._parking import Place, leave


class ReadWriteLock:
    """Many threads read at the same time, or one writes; neither starves the other."""

    def __init__(self, *, name: str | None = None) -> None:
        self._room = _Room(name)
        self._reading = ReadLock(self._room)
        self._writing = WriteLock(self._room)

    @property
    def name(self) -> str | None:
        """What it is called in messages."""
        return self._room.name

    def read(self) -> "ReadLock":
        """The side of readers: ``with lock.read(): ...``. It is always the same, and any thread may use it."""
        return self._reading

    def write(self) -> "WriteLock":
        """The side of writers: ``with lock.write(): ...``. It is always the same, and any thread may use it."""
        return self._writing

    def __repr__(self) -> str:
        room = self._room
        name = "" if room.name is None else f" {room.name!r}"
        state = "writing" if room.is_closed and not room.readers else f"reading={len(room.readers)}"
        return f"<ReadWriteLock{name} {state} waiting={len(room.line)}>"


class ReadLock:
    """The side of readers; it is used like a lock, and any number of threads hold it at a time."""

    __slots__ = ("_room",)

    def __init__(self, room: "_Room") -> None:
        self._room = room

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Begin to read; False if that was not possible (within *timeout* seconds).

        A thread that reads already reads once more, without waiting. Raises ``DeadlockError`` if
        the thread writes.
        """
        if timeout != -1:
            _check(blocking, timeout)
        room = self._room
        if not room.is_closed and not room.line:
            me = get_ident()
            try:
                room.readers.append(me)
                if not room.is_closed:
                    return True
            except BaseException:  # Ctrl-C
                self.release()
                raise
            self.release()
        return self._wait(blocking, timeout)

    def release(self) -> None:
        """End reading; raises ``NotOwnerError`` if the thread does not read."""
        room = self._room
        try:
            room.readers.remove(get_ident())
        except ValueError:
            raise NotOwnerError(room.not_inside("reading")) from None
        finally:  # also when Ctrl-C strikes in between
            if room.is_closed:
                room.tell_the_writer()

    __enter__ = acquire  # not a call of it: this is the path that is worth its nanoseconds

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        room = self._room
        try:
            room.readers.remove(get_ident())
        except ValueError:
            raise NotOwnerError(room.not_inside("reading")) from None
        finally:
            if room.is_closed:
                room.tell_the_writer()

    def _is_owned(self) -> bool:
        return self._room.is_read_by_me()

    def _wait(self, blocking: bool, timeout: float) -> bool:
        room = self._room
        if room.is_read_by_me():
            room.readers.append(get_ident())
            return True
        if room.turn._is_owned():  # type: ignore[attr-defined]
            return room.refuse(blocking, timeout, "read", "writes")
        if not blocking or not room.take_turn(_deadline(timeout), closing=False):
            return False
        try:
            room.readers.append(get_ident())
        finally:
            room.turn.release()
        return True


class WriteLock:
    """The side of writers; it is used like a lock, and one thread holds it at a time."""

    __slots__ = ("_room",)

    def __init__(self, room: "_Room") -> None:
        self._room = room

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Begin to write; False if that was not possible (within *timeout* seconds).

        Raises ``DeadlockError`` if the thread reads or writes already.
        """
        if timeout != -1:
            _check(blocking, timeout)
        room = self._room
        if not room.is_closed and not room.line:
            try:
                if room.turn.acquire(False):
                    room.is_closed = True
                    if not room.readers.copy():
                        return True
                    room.open()
            except BaseException:  # Ctrl-C
                if self._is_owned():  # since this call: the room would have been closed otherwise
                    room.open()
                raise
        return self._wait(blocking, timeout)

    def release(self) -> None:
        """End writing; raises ``NotOwnerError`` if the thread does not write."""
        room = self._room
        try:
            is_mine = room.turn._is_owned()  # type: ignore[attr-defined]
        except BaseException:  # Ctrl-C
            if self._is_owned():
                room.open()
            raise
        if not is_mine:
            raise NotOwnerError(room.not_inside("writing"))
        room.is_closed = False
        room.turn.release()

    __enter__ = acquire

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def _is_owned(self) -> bool:
        owned: bool = self._room.turn._is_owned()  # type: ignore[attr-defined]
        return owned

    def _wait(self, blocking: bool, timeout: float) -> bool:
        room = self._room
        if self._is_owned():
            return room.refuse(blocking, timeout, "write", "writes")
        if room.is_read_by_me():
            return room.refuse(blocking, timeout, "write", "reads")
        if not blocking:
            return False
        deadline = _deadline(timeout)
        if not room.take_turn(deadline, closing=True):
            return False
        is_alone = False
        try:
            is_alone = room.wait_for_readers(deadline)
        finally:
            if not is_alone:  # the time is up, or Ctrl-C: no claim is left behind
                room.open()
        return is_alone


class _Room:
    """What readers and writers share."""

    __slots__ = ("emptied", "guard", "is_closed", "line", "name", "readers", "turn")

    def __init__(self, name: str | None) -> None:
        self.name = name
        # The threads inside, one as often as it reads. A reader that came when the room was just being
        # closed is on the list for a moment, until it sees that.
        self.readers: list[int] = []
        # Held by who writes, or waits for the readers inside to leave; and by a reader from the line,
        # while it goes in. Invariant: is_closed is changed by the holder of the turn alone.
        self.turn = threading.RLock()
        self.is_closed = False
        self.guard = threading.Lock()  # of what follows
        # Those who wait for the turn. Invariant: the first one's place was woken.
        self.line: deque[Place] = deque()
        self.emptied: Place | None = None  # where the holder of the turn waits for the last reader

    def open(self) -> None:
        """Give up the turn, and let readers in."""
        self.is_closed = False
        self.turn.release()

    def take_turn(self, deadline: float | None, *, closing: bool) -> bool:
        """Stand in line for the turn, and take it, *closing* the room or not; False if the time is up first."""
        place = Place()
        is_taken = False
        try:
            with self.guard:
                self.line.append(place)
                if len(self.line) == 1:
                    place.wake()
            if place.sleep(_left(deadline)):
                left = _left(deadline)
                is_taken = self.turn.acquire(True, -1 if left is None else left)
            if is_taken and closing:
                self.is_closed = True  # before we leave the line, so that nobody passes in between
        except BaseException:  # Ctrl-C
            if self.turn._is_owned():  # type: ignore[attr-defined]
                self.open()
            raise
        finally:
            with self.guard:
                leave(self.line, place)
                if self.line and not self.line[0].woken:
                    self.line[0].wake()
        return is_taken

    def wait_for_readers(self, deadline: float | None) -> bool:
        """Sleep until the closed room is empty; False if the time is up first."""
        place = Place()
        try:
            with self.guard:
                if not self.readers.copy():
                    return True
                self.emptied = place
            place.sleep(_left(deadline))
        finally:
            with self.guard:
                self.emptied = None
        return place.woken

    def tell_the_writer(self) -> None:
        """Somebody has left the closed room: if that was the last one, wake who waits for it."""
        with self.guard:
            if self.emptied is not None and not self.emptied.woken and not self.readers.copy():
                self.emptied.wake()

    def is_read_by_me(self) -> bool:
        """Whether the thread that calls is inside as a reader."""
        return get_ident() in self.readers.copy()

    def called(self) -> str:
        return "an unnamed rwlock" if self.name is None else f"rwlock {self.name!r}"

    def not_inside(self, what: str) -> str:
        me = threading.current_thread().name
        return (
            f"thread {me!r} ended {what} under {self.called()}, but it was not {what}.\n"
            "Each side is released by the thread that took it: use `with lock.read():` and `with lock.write():`."
        )

    def refuse(self, blocking: bool, timeout: float, to: str, does: str) -> bool:
        """What becomes of a call that would wait for the thread that makes it."""
        if not blocking or timeout != -1:
            return False
        waits = f"thread {threading.current_thread().name!r} waits to {to} under {self.called()}"
        if does == "reads":
            rule = "End reading first, or take the lock for writing from the start."
        elif to == "read":
            rule = "Who writes can read: no reading side is needed inside."
        else:
            rule = "A thread takes the writing side once: release it first."
        raise DeadlockError(f"{waits}, where it {does} itself.\n{rule}")


def _deadline(timeout: float) -> float | None:
    return None if timeout == -1 else time.monotonic() + timeout


def _left(deadline: float | None) -> float | None:
    return None if deadline is None else max(0.0, deadline - time.monotonic())


def _check(blocking: bool, timeout: float) -> None:
    """Refuse what ``threading.Lock`` refuses."""
    if not blocking:
        raise ValueError("a call that does not block takes no timeout")
    if timeout < 0:
        raise ValueError(f"a timeout is -1, for none, or 0 or more seconds, not {timeout}")
    if timeout > threading.TIMEOUT_MAX:
        raise OverflowError(f"a timeout is at most {threading.TIMEOUT_MAX:.0f} seconds, not {timeout}")
