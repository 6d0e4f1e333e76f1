"""How far a long exploration is, said once a second.

A run that has no end says nothing, since only the end of a run is counted.
"""

from collections.abc import Callable
from time import monotonic

_EVERY = 1.0  # seconds


class Pace:
    """The ``progress`` of an exploration: tells *say* what is going on, at most once a second."""

    def __init__(self, what: str, say: Callable[[str], object]) -> None:
        self._what = what
        self._say = say
        self._began = self._said = monotonic()

    def __call__(self, schedules: int) -> None:
        now = monotonic()
        if now - self._said >= _EVERY:
            self._said = now
            plural = "" if schedules == 1 else "s"
            self._say(f"{self._what}: {schedules:,} schedule{plural}, {now - self._began:.0f} s")
