"""An event: a flag that threads wait for.

Use one to tell any number of threads that something has happened: started, shut
down, loaded. The flag stays up until it is cleared, so nobody comes too late.
For something that happens a number of times, use a semaphore; for a number of
things that must all have happened, a latch; for a state that comes and goes, a
condition, since nobody who waits for an event holds a lock when it looks.

    >>> from concur import Event
    >>> from threading import Thread
    >>> loaded, page = Event(name="loaded"), []
    >>> def load():
    ...     page.append("text")
    ...     loaded.set()
    >>> loader = Thread(target=load)
    >>> loader.start()
    >>> loaded.wait(), page
    (True, ['text'])
    >>> loader.join()
    >>> loaded
    <Event 'loaded' set waiting=0>

What is promised: ``set`` wakes everybody who waits at that moment, and each of
them returns True, also if ``clear`` comes before it runs again, and also if its
time is up in the same moment. So True says that the event *was* set during the
call, not that it still is.

How it works: a lock guards the flag and a line of places. Who finds the flag
down under the lock stands in line; ``set`` raises the flag and wakes the line.
Looking at the flag takes no lock.
"""

import threading
from collections import deque

from concur.sync._parking import Place, leave, wake_all


class Event:
    """A flag that threads wait for; drop-in for ``threading.Event``."""

    def __init__(self, *, name: str | None = None) -> None:
        self.name = name
        # Invariant, whenever nobody holds the guard: _is_set implies that nobody waits.
        self._is_set = False
        self._line: deque[Place] = deque()
        self._guard = threading.Lock()

    def is_set(self) -> bool:
        """Whether the flag is up."""
        return self._is_set

    def set(self) -> None:
        """Raise the flag, and wake everybody who waits for it."""
        with self._guard:
            self._is_set = True
            if self._line:
                wake_all(self._line)

    def clear(self) -> None:
        """Lower the flag: who waits from now on waits for the next ``set``."""
        with self._guard:
            self._is_set = False

    def wait(self, timeout: float | None = None) -> bool:
        """Return True as soon as the flag is up, or was; False if *timeout* seconds passed first."""
        if self._is_set:
            return True
        place: Place | None = None
        try:
            with self._guard:
                if self._is_set:
                    return True
                place = Place()
                self._line.append(place)
            if place.sleep(timeout):
                return True
        except BaseException:  # Ctrl-C
            if place is not None:
                self._was_woken(place)
            raise
        return self._was_woken(place)  # in the moment when the time was up

    def __repr__(self) -> str:
        name = "" if self.name is None else f" {self.name!r}"
        state = "set" if self._is_set else "unset"
        return f"<Event{name} {state} waiting={len(self._line)}>"

    def _was_woken(self, place: Place) -> bool:
        """Leave the line; True if *place* had been woken before."""
        with self._guard:
            leave(self._line, place)
            return place.woken
