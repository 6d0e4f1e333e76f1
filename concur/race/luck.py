"""Luck: ``+=`` through a property loses updates now and then; how often is measured, not promised.

The getter and the setter are Python functions, and CPython may switch threads where a function begins: between the
read and the write. Whether it does within a run depends on the switch interval, which is 5 ms by default and is
set to a microsecond here, and back again afterwards.
"""

from collections.abc import Callable

from concur.race.measure import SHORT, Seen, at_the_same_time, measure, switching_every

UPDATES = 20_000  # by each of two threads
RUNS = 20


class Counter:
    """A counter whose value is a property."""

    def __init__(self) -> None:
        self._value = 0

    @property
    def value(self) -> int:
        return self._value

    @value.setter
    def value(self, new: int) -> None:
        self._value = new


def count() -> int:
    """What two threads come to."""
    counter = Counter()

    def add() -> None:
        for _ in range(UPDATES):
            counter.value += 1

    at_the_same_time(add)
    return counter.value


def look(runs: int = RUNS) -> tuple[Seen, Seen]:
    """What is seen at the default switch interval, and at a short one."""
    usual = measure(count, runs, 2 * UPDATES)
    with switching_every(SHORT):
        short = measure(count, runs, 2 * UPDATES)
    return usual, short


def demo(say: Callable[[str], None]) -> None:
    usual, short = look()
    say(f"{RUNS} runs, two threads, {UPDATES:,} times `counter.value += 1` each:")
    say(f"  default switch interval: {usual}")
    say(f"  one microsecond:         {short}")
    say("The same program: a test that runs it finds the fault, or does not.")
