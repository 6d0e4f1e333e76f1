"""A bell that wakes threads of other processes. It is heard soon, or at the latest when patience ends.

What was rung for is in shared memory, never in the bell: a token that a killed
process took along is only a hint lost, and who waits looks again after
`PATIENCE` at the latest. So nobody hangs because somebody else died.
"""

import os
import select
import weakref
from typing import Any

from concur.process._segment import passed

PATIENCE = 0.05  # seconds


class Bell:
    """Tokens: `ring` leaves some, and each `wait` takes one. More than enough of them do no harm."""

    def __init__(self, *, by_pipe: bool = not hasattr(os, "eventfd")) -> None:
        if by_pipe:
            reading, writing = os.pipe()
            os.set_blocking(reading, False)
            os.set_blocking(writing, False)
            self._attach((reading, writing))
        else:
            self._attach((os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK | os.EFD_SEMAPHORE),))

    def _attach(self, descriptors: tuple[int, ...]) -> None:
        self._descriptors = descriptors
        for descriptor in descriptors:
            weakref.finalize(self, os.close, descriptor).atexit = False

    def ring(self, n: int = 1) -> None:
        """Leave *n* tokens: so many that wait will look again."""
        try:
            if len(self._descriptors) == 1:
                os.eventfd_write(self._descriptors[0], n)
            else:
                os.write(self._descriptors[1], bytes(n))
        except BlockingIOError:
            pass  # full: there are more tokens than anybody waits for

    def wait(self, timeout: float = PATIENCE) -> bool:
        """Whether a token was taken, within *timeout* seconds or `PATIENCE`, whichever is less."""
        poll = select.poll()  # one of its own: threads cannot share one
        poll.register(self._descriptors[0], select.POLLIN)
        if timeout > 0 and not poll.poll(min(timeout, PATIENCE) * 1000):
            return False
        try:
            os.read(self._descriptors[0], 8 if len(self._descriptors) == 1 else 1)
        except BlockingIOError:
            return False  # somebody else was faster
        return True

    def __getstate__(self) -> tuple[Any, ...]:
        return tuple(passed(self, descriptor) for descriptor in self._descriptors)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self._attach(tuple(descriptor.detach() for descriptor in state))
