"""Forced: a barrier holds both threads between reading and writing, so the update is lost every time.

An update is three steps: read, add, write. If both threads have read before either writes, both write
the same number, and one of two additions is gone. Here a barrier sees to it that this is so; no luck is needed, on
any build of Python.
"""

import threading
from collections.abc import Callable

from concur.race.measure import at_the_same_time


def rounds(count: int) -> int:
    """So many rounds in which two threads add one each; how many additions were lost."""
    lost = 0
    for _ in range(count):
        value = 0
        both_have_read = threading.Barrier(2)

        def add_one() -> None:
            nonlocal value
            read = value
            both_have_read.wait()  # noqa: B023  # the threads end before the next round
            value = read + 1

        at_the_same_time(add_one)
        lost += 2 - value
    return lost


def demo(say: Callable[[str], None]) -> None:
    count = 100
    lost = rounds(count)
    say(f"{count} rounds of two additions: {lost} of {2 * count} were lost.")
    say("Both had read the same number before either wrote: one addition a round is")
    say("gone, by the order of the steps and not by chance.")
    assert lost == count
