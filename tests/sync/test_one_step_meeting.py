"""Calls of condition, event, barrier, latch or readers-writer lock as one step: the same outcomes as in many."""

from pathlib import Path
from typing import Any

import pytest

from concur.check.options import Options
from tests.soundness.enumeration import outcomes

# Each program notes in SEEN what its threads were told, in an order that does not depend on who noted first.
PROGRAMS = {
    "event": (
        "concur.Event",
        """
from concur.sync import Event
event = Event()
def one():
    SEEN.append(("one", event.wait(1)))
def other():
    SEEN.append(("other", event.is_set(), event.wait(1)))
def third():
    event.set()
    event.clear()
THREADS = [one, other, third]
""",
    ),
    "latch": (
        "concur.CountDownLatch",
        """
from concur.sync import CountDownLatch
latch = CountDownLatch(2)
def one():
    latch.count_down()
    SEEN.append(("one", latch.wait(1)))
def other():
    SEEN.append(("other", latch.count, latch.wait(1)))
    latch.count_down()
THREADS = [one, other]
""",
    ),
    "barrier": (
        "concur.Barrier",
        """
from threading import BrokenBarrierError
from concur.sync import Barrier
barrier = Barrier(2)
def meet(name, timeout):
    try:
        SEEN.append((name, barrier.wait(timeout)))
    except BrokenBarrierError:
        SEEN.append((name, "broken"))
def one():
    meet("one", 1)
def other():
    meet("other", None)
def third():
    SEEN.append(("third", barrier.n_waiting))
    barrier.reset()
    barrier.abort()
THREADS = [one, other, third]
""",
    ),
    "condition": (
        "concur.Condition",
        """
from concur.sync import Condition
condition = Condition()
post = []
def one():
    with condition:
        SEEN.append(("one", condition.wait(1), len(post)))
def other():
    with condition:
        SEEN.append(("other", condition.wait(1), len(post)))
def third():
    with condition:
        post.append("letter")
        condition.notify()
THREADS = [one, other, third]
""",
    ),
    "rwlock": (
        "concur.sync.rwlock.ReadLock concur.sync.rwlock.WriteLock",
        """
from concur.sync import ReadWriteLock
lock = ReadWriteLock()
page = [0]
def one():
    with lock.read():
        SEEN.append(("one", page[0]))
def other():
    if lock.write().acquire(timeout=1):
        page[0] += 1
        lock.write().release()
    else:
        SEEN.append(("other", "gave up"))
THREADS = [one, other]
""",
    ),
}

ENDING = """
import threading
def scenario():
    threads = [threading.Thread(target=each) for each in THREADS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
"""


def seen(engine: Any, scenario: Any) -> Any:
    """What the threads noted, and how the run ended."""
    module = scenario.loader.main_module()
    return (
        tuple(sorted(module.SEEN)),
        tuple(sorted(type(failure.error).__name__ for failure in engine.failures)),
        len(engine.deadlocked),
    )


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_same_outcomes(name: str, tmp_path: Path) -> None:
    """Whether calls are one step or many makes no difference to what a program can observe."""
    classes, program = PROGRAMS[name]
    file = tmp_path / "program.py"
    file.write_text(f"SEEN = []\n{program}{ENDING}", encoding="utf-8")
    in_steps, many = outcomes(file, observe=seen)
    at_once, few = outcomes(file, options=Options(atomic=tuple(classes.split())), observe=seen)
    assert at_once == in_steps
    assert few < many
