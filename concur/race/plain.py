"""Plain: ``+=`` on an attribute, which may pass however often it is run, and is still wrong.

Since 3.10 CPython with its global lock looks whether to switch threads only where a function begins, after calls,
and at the end of a loop's body; none of these is inside a plain ``+=``. That is a habit of one interpreter and no
promise: before 3.10 and without the global lock the same line loses updates. The checker does not
depend on the habit. It tries every order of the read and the write, and refutes the scenario at the end of this file.
"""

from collections.abc import Callable
from threading import Thread

from concur.race.measure import SHORT, Seen, at_the_same_time, has_gil, measure, switching_every

UPDATES = 50_000  # by each of two threads
RUNS = 20


class Counter:
    """A counter without a lock."""

    def __init__(self) -> None:
        self.value = 0

    def increment(self) -> None:
        self.value += 1


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


def explanation(losing: int, gil: bool) -> tuple[str, ...]:
    """Why the runs went as they did, *losing* of them with updates lost."""
    if losing:
        where = "with the global lock" if gil else "without the global lock"
        return (f"So here, {where}, even this line is seen to lose updates.",)
    if gil:
        return ("It passes: this CPython does not switch threads inside a plain `+=`.",)
    return ("It passed this time, although nothing here keeps the two threads apart.",)


def demo(say: Callable[[str], None]) -> None:
    usual, short = look()
    say(f"{RUNS} runs, two threads, {UPDATES:,} times `counter.value += 1` each:")
    say(f"  default switch interval: {usual}")
    say(f"  one microsecond:         {short}")
    for line in explanation(usual.losing + short.losing, has_gil()):
        say(line)


def scenario() -> None:
    """Two increments count two."""
    counter = Counter()
    threads = [Thread(target=counter.increment), Thread(target=counter.increment)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counter.value == 2
