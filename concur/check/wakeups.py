"""Which waiter a condition wakes, and whether one wakes without being notified.

CPython wakes the longest waiter, and nobody else. Other languages promise less, and
a program that is right only in CPython is easily wrong elsewhere; so both can be made
a choice: ``notify="any"`` and ``spurious_wakeups=True``. The text of the condition
stays as it is; before ``notify`` runs, its line of waiters is put in another order.
"""

import functools
import sys
from collections.abc import Callable
from typing import Any

from concur.check import engine as runs
from concur.check.engine import Engine
from concur.check.ops import WRITE
from concur.check.touch import place_of

__concur__ = True  # what is defined here announces by itself

# Module -> its class of conditions, and the field that holds the line of waiters, the longest first.
CONDITIONS = {"threading": ("Condition", "_waiters"), "concur.sync.condition": ("Condition", "_line")}


class Whenever(float):
    """The time-out of a wait that may end at any moment, or never."""


WHENEVER = Whenever(1)


def make_choices(module: Any) -> None:
    """Let the options decide about the conditions of a module that was just loaded."""
    if module.__name__ in CONDITIONS:
        cls, line = CONDITIONS[module.__name__]
        condition = getattr(module, cls)
        condition.notify = _in_any_order(condition.notify, line)
        condition.wait = _perhaps_spurious(condition.wait)


def _in_any_order(notify: Callable[..., Any], line: str) -> Callable[..., Any]:
    @functools.wraps(notify)
    def choose(self: Any, n: int = 1) -> Any:
        run = runs.active
        if run is not None and run.options.notify == "any" and not run.alone and not run.dead:
            _bring_forward(run, getattr(self, line), n)
        return notify(self, n)

    return choose


def _bring_forward(run: Engine, line: Any, count: int) -> None:
    """Move `count` waiters, any of those in line, to its front."""
    for place in range(count):
        left = len(line) - place
        if left < 2 or len(line) <= count:
            return
        run.step((WRITE, place_of(line), line, None, None))
        chosen = place + run.choose(left)
        waiter = line[chosen]
        del line[chosen]
        line.insert(place, waiter)


def _perhaps_spurious(wait: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(wait)
    def sleep(self: Any, timeout: float | None = None) -> Any:
        run = runs.active
        if (
            run is None
            or not run.options.spurious_wakeups
            or timeout is not None
            or run.alone
            or run.dead
            or run.current.tid in run.woken_without_reason
            or sys._getframe(1).f_globals["__name__"] == "threading"  # Event.wait believes every wake-up
        ):
            return wait(self, timeout)
        wait(self, WHENEVER)
        return True

    return sleep
