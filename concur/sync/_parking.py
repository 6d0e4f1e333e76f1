"""Where threads wait: the floor under every primitive with a line of its own.

A :class:`Place` is where one thread sleeps until another wakes it. A line is a
plain ``deque`` of places, the longest waiter first. Whoever changes a line
holds the lock that guards it; only sleeping is done without that lock:

    with guard:
        place = Place()
        line.append(place)
    place.sleep(timeout)

A place is used once. It tells for certain whether its thread was woken
(``woken``), also when the sleep ended by a time-out or by Ctrl-C at the very
moment of the wake-up; so a primitive can tell "I got nothing, and leave" from
"something was handed to me, and I must pass it on".
"""

import threading
from collections import deque


class Place:
    """Where one thread sleeps, once."""

    __slots__ = ("_gate", "woken")

    def __init__(self) -> None:
        self._gate = threading.Lock()  # open once the sleeper was woken
        self._gate.acquire()
        self.woken = False  # read and written under the guard of the line

    def sleep(self, timeout: float | None = None) -> bool:
        """Sleep until woken; False if *timeout* seconds passed first."""
        if timeout is None:
            return self._gate.acquire()
        if timeout > 0:
            return self._gate.acquire(True, timeout)
        return self._gate.acquire(False)

    def wake(self) -> None:
        self.woken = True
        self._gate.release()


def wake_first(line: deque[Place]) -> bool:
    """Wake the longest waiter of *line* and take it out; False if nobody was asleep."""
    while line:
        place = line[0]
        is_asleep = not place.woken  # a Ctrl-C may have struck between the two steps below
        if is_asleep:
            place.wake()
        line.popleft()  # after the wake-up: a place out of line that sleeps would sleep for ever
        if is_asleep:
            return True
    return False


def wake_all(line: deque[Place]) -> None:
    """Wake everybody in *line*, the longest waiter first."""
    while line:
        wake_first(line)


def leave(line: deque[Place], place: Place) -> None:
    """Take *place* out of *line*, if it is still there."""
    if place in line:
        line.remove(place)
