"""A fair mutex: strictly first come, first served.

Use one where nobody may be passed over: under a ``Mutex`` a thread that
releases and comes back at once may take it again and again while others wait.
The price is speed when many threads want it: each release hands the mutex to
the one who has waited longest, and that one must first be woken.

    >>> from concur import FairMutex
    >>> counter = FairMutex(name="counter")
    >>> with counter:
    ...     counter
    <FairMutex 'counter' locked by 'MainThread'>

How it works: there is one line, and *the head of the line is the owner*. A
thread comes with a turn of its own, a closed lock, and puts it at the end of
the line. If it is then at the head, the mutex is its own; if not, it sleeps
until its turn is opened. Who leaves, as the owner or having given up, takes its
turn out of the line and opens the one that is at the head then.

Why no turn is left closed for ever: the line is changed and looked at in single
steps, all of which lie in one order. A thread that looked and was not at the
head stood in line before the one ahead of it left; so that one, which looks
after it has left, sees it. To open a turn that is open, or that of an owner who
has long been running, does no harm: each turn is used once.

Owner and errors are those of ``Mutex``. The order is that in which threads came
to the line, also of those that try, or wait for a limited time. A Ctrl-C in the
wait leaves the line; the gap after it is the same as in ``Mutex``.
"""

import threading
from collections import deque

from concur.errors import NotOwnerError
from concur.sync._owned import Owned, here, meet


class FairMutex(Owned):
    """A mutex that is given to those who wait in the order in which they came; drop-in for ``threading.Lock``."""

    def __init__(self, *, name: str | None = None) -> None:
        super().__init__(name=name)
        # Invariant: the thread whose turn is at the head owns the mutex, and nobody else does.
        self._line: deque[threading.Lock] = deque()
        self._giving_up = threading.Lock()

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Take the mutex; False if it was not to be had, within *timeout* seconds if that is given.

        Waiting without a limit for what the calling thread holds itself raises :class:`DeadlockError`.
        """
        try:
            me = here.me
        except AttributeError:
            me = meet()
        if self in me.held and blocking and timeout == -1:
            raise self._deadlock()
        turn = threading.Lock()
        turn.acquire(blocking, timeout)  # nobody else knows it: this closes it, or refuses the time-out
        try:
            self._line.append(turn)
            if self._line[0] is not turn and not turn.acquire(blocking, timeout) and not self._is_mine(turn):
                return False
            self._owner = me
            me.held[self] = 1
            return True
        except BaseException:  # Ctrl-C
            self._leave(turn)
            raise

    def release(self) -> None:
        """Give the mutex to the one who has waited longest; in a thread that does not hold it, raise
        :class:`NotOwnerError`.
        """
        try:
            del here.me.held[self]
        except (AttributeError, KeyError):
            raise NotOwnerError(self._not_yours()) from None
        self._owner = None
        try:
            self._line.popleft()
        finally:  # also when Ctrl-C strikes in between
            if self._line:
                try:  # as _open_the_first, which is not called: Ctrl-C strikes where a call begins
                    self._line[0].release()
                except (IndexError, RuntimeError):
                    pass

    def locked(self) -> bool:
        """Whether some thread holds the mutex now."""
        return bool(self._line)

    def _is_mine(self, turn: threading.Lock) -> bool:
        """Give up waiting; True if the mutex was handed to *turn* before."""
        # One at a time: while a turn that will be given up is at the head, nobody may be told
        # that the mutex is taken and give up because of it.
        with self._giving_up:
            if self._line[0] is turn:
                return True
            self._leave(turn)
            return False

    def _leave(self, turn: threading.Lock) -> None:
        try:
            if turn in self._line:
                self._line.remove(turn)
        finally:
            self._open_the_first()

    def _open_the_first(self) -> None:
        try:
            self._line[0].release()
        except (IndexError, RuntimeError):
            pass  # nobody is there, or it was open
