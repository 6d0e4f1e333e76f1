"""A number that several processes add to, with no addition lost.

Use one to count what many processes do together, or to give out numbers of
which each is given once: `add` returns the new value. It is to processes what
:class:`concur.AtomicInteger` is to threads. ``value += 1`` on a
``multiprocessing.Value`` is three steps and loses updates; its lock, taken by
hand around them, is lost for ever with a process that is killed inside.

    >>> from concur import SharedCounter
    >>> pages = SharedCounter(name="pages")
    >>> pages.add()
    1
    >>> pages.add(10)
    11
    >>> pages.add(-1), pages.value
    (10, 10)
    >>> pages
    <SharedCounter 'pages' 10>

Give it to a child process as an argument; it works under `fork`, `spawn` and
`forkserver`.

How it works: the number is one word of shared memory. It is read without a lock,
and changed under a :class:`concur.ProcessMutex` by one store. A process that is
killed in the middle of `add` has therefore added all or nothing, and leaves
nothing behind that somebody would have to repair.
"""

import operator

from concur.process._segment import WORD, Segment
from concur.process.mutex import ProcessMutex

LEAST, MOST = -(2**63), 2**63 - 1


class SharedCounter:
    """A whole number of 64 bits that processes and threads share, 0 at first if no other *value* is given."""

    def __init__(self, value: int = 0, *, name: str | None = None) -> None:
        self.name = name
        value = self._whole(value)
        if not LEAST <= value <= MOST:
            raise OverflowError(f"{self._called()} cannot begin with {value}: {_RANGE}.")
        self._mutex = ProcessMutex()
        self._segment = Segment(WORD)
        self._segment.words[0] = value

    def add(self, n: int = 1) -> int:
        """Add *n*, which may be negative, and return the new value: one step for everybody else.

        If the process is killed meanwhile, *n* was added or it was not. The same is true of Ctrl-C, which a caller
        cannot tell from the exception. It takes a mutex, so a signal handler that may interrupt it must not call it.

        Raises:
            OverflowError: the new value would need more than 64 bits. Nothing is changed.
            TypeError: *n* is not a whole number.
        """
        n = self._whole(n)
        with self._mutex:  # whether its last owner died makes no difference: it has stored, or it has not
            words = self._segment.words
            value = words[0] + n
            if not LEAST <= value <= MOST:
                raise OverflowError(f"{self._called()} is {words[0]} and cannot take {n:+} more: {_RANGE}.")
            words[0] = value
        return value

    @property
    def value(self) -> int:
        """The number as it is now; it may have changed by the time the caller looks at it."""
        return self._segment.words[0]

    def __repr__(self) -> str:
        name = "" if self.name is None else f" {self.name!r}"
        return f"<{type(self).__name__}{name} {self.value}>"

    def _whole(self, number: int) -> int:
        try:
            return operator.index(number)
        except TypeError:
            kind = type(number).__name__
            raise TypeError(
                f"{self._called()} counts in whole numbers, and {number!r} is of type {kind}."
            ) from None

    def _called(self) -> str:
        return "a shared counter" if self.name is None else f"shared counter {self.name!r}"


_RANGE = f"it has 64 bits, for {LEAST} to {MOST}"
