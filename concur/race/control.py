"""Control: ``list.append`` from two threads loses nothing, since one call in C is one step.

A demonstration of races must be able to find none. Appending is documented as atomic, with the global lock and
without it. That is true of the one call: a test before it, or a second call after it, is a step of its own.
"""

from collections.abc import Callable

from concur.race.measure import SHORT, Seen, at_the_same_time, measure, switching_every

UPDATES = 50_000  # by each of two threads
RUNS = 20


def count() -> int:
    """How long the list is when two threads have appended to it."""
    items: list[int] = []

    def add() -> None:
        for number in range(UPDATES):
            items.append(number)  # noqa: PERF402  # one call, one step: this is the point

    at_the_same_time(add)
    return len(items)


def look(runs: int = RUNS) -> Seen:
    """What is seen at a short switch interval."""
    with switching_every(SHORT):
        return measure(count, runs, 2 * UPDATES)


def demo(say: Callable[[str], None]) -> None:
    seen = look()
    say(f"{RUNS} runs, two threads, {UPDATES:,} times `items.append(number)` each:")
    say(f"  one microsecond:         {seen}")
    say("The same threads, the same number of steps, and nothing to lose.")
    assert not seen.losing
