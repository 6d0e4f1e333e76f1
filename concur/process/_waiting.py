"""How a call on a queue waits: it looks a few times, then sleeps, over and over until the time is up."""

import os
import threading
import time
from collections.abc import Callable
from math import inf

from concur.process._bell import PATIENCE, Bell

_LOOKS = 30  # before going to sleep; a little longer than a call of somebody else takes


class Wait:
    """The wait of one call."""

    def __init__(
        self, deadline: float, bell: Bell, sleeps: Callable[[int], int], seems_over: Callable[[], bool]
    ) -> None:
        self._deadline, self._bell, self._sleeps, self._seems_over = deadline, bell, sleeps, seems_over
        self._has_looked = False
        self._ticket = 0

    def goes_on(self) -> bool:
        """Return True when the caller is to try again, False when the time is up."""
        left = left_until(self._deadline)
        if left <= 0:
            return False
        if not self._has_looked:
            self._has_looked = True
            for _ in range(_LOOKS):
                if self._seems_over():
                    break
                os.sched_yield()
            return True
        ticket = self._sleeps(self._ticket)
        if ticket != self._ticket:
            self._ticket = ticket
            return True  # once more, now that whoever changes something knows
        if self._bell.wait(min(left, PATIENCE)):
            self._ticket = 0  # a ring less for the others: if there is nothing, it must be asked for anew
        self._has_looked = False
        return True


def deadline_of(block: bool, timeout: float | None) -> float:
    """What the clock shows when the time is up; infinite for never, and minus infinite for at once."""
    if not block:
        return -inf
    if timeout is None:
        return inf
    if timeout < 0:
        raise ValueError(f"a queue waits for 0 seconds or more, not {timeout}")
    return time.monotonic() + timeout if timeout else -inf


def left_until(deadline: float) -> float:
    """How many seconds until then, 0 or less if the time is up."""
    if deadline in (inf, -inf):
        return deadline
    left = deadline - time.monotonic()
    if left > threading.TIMEOUT_MAX:
        raise OverflowError(f"{left:g} seconds are more than can be waited for")
    return left
