"""The clock of code under the checker: `time.sleep`, `time.monotonic`, and the time-outs of waits.

With ``timeouts="any"`` a time-out may fire at any moment, and moves the clock
to its deadline; with ``"idle"`` time passes only when nobody can run. Whether
the clock is watched at all is learnt: a program that never reads it cannot
tell how far it has moved.
"""

from collections.abc import Callable
from typing import Any

from concur.check import engine as runs
from concur.check import ops
from concur.check.engine import Engine

__concur__ = True  # what is defined here announces by itself

BEGINNING = 1_600_000_000.0  # the wall clock when a run begins


def begin_timed(run: Engine, kind: int, place: Any, thing: Any, timeout: float) -> bool:
    """Take part in a timed wait; returns whether the time-out may end it now."""
    if run.current.section is not None:
        run.current.section.apart = bool(
            thing.owner is not None if kind == ops.TIMED_ACQUIRE else not thing.over()
        )
    if run.options.timeouts == "idle":
        return run.wait_until((kind, place, thing, None, None), timeout)
    if run.knowledge.clock or run.full:
        run.minor = not run.knowledge.clock
        run.step((ops.READ, ops.CLOCK, None, None, None))
        deadline = run.now + timeout
        untimed = ops.TRY if kind == ops.TIMED_ACQUIRE else ops.READ
        run.step((untimed, place, thing, None, ((ops.CLOCK, ops.ADVANCE),)))
        run.timer = deadline
    else:
        run.step((ops.TRY if kind == ops.TIMED_ACQUIRE else ops.READ, place, thing, None, None))
        run.timer = None
    return True


def timed_out(run: Engine) -> None:
    """The time-out has fired: the clock is at its deadline."""
    if run.timer is not None and run.timer > run.now and run.knowledge.clock:
        run.now = run.timer
        run.current.changes += 1
        run.changed[ops.CLOCK] = run.current.last


def in_time(run: Engine) -> None:
    """The wait ended before its time-out: the clock was not touched."""
    if run.timer is not None:
        last = run.current.last
        tid, op = run.trace[last]
        run.trace[last] = (
            tid,
            (*op[:4], tuple(each for each in op[4] or () if each[0] != ops.CLOCK) or None),
        )


def sleep(seconds: float) -> None:
    """``time.sleep``, in virtual time."""
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    run = runs.active
    if run is None:
        return
    if run.alone:
        if run.dead:
            run.refuse()
        run.now += seconds
        return
    if run.current.section is not None:
        run.current.section.apart = True
    if run.options.timeouts == "idle":
        run.wait_until((ops.SLEEP, None, None, None, None), seconds)
    elif seconds and (run.knowledge.clock or run.full):  # sleep(0) gives way, and no time passes
        run.minor = not run.knowledge.clock
        run.step((ops.READ, ops.CLOCK, None, None, None))
        deadline = run.now + seconds
        run.step((ops.ADVANCE, ops.CLOCK, None, None, None))
        if not run.knowledge.clock:
            run.unchanged()  # nobody looks at the clock
        run.now = max(run.now, deadline)
    else:
        run.step((ops.READ, None, None, None, None))


def monotonic() -> float:
    """``time.monotonic``, in virtual time: seconds since the run began."""
    run = runs.active
    if run is None:
        return 0.0
    run.current.changes += 1  # a loop that reads the clock does not wait for another thread
    if run.options.timeouts == "any":
        if not run.knowledge.clock and len(run.threads) > 1:
            run.knowledge.learn_clock()
        if not run.alone:
            run.step((ops.READ, ops.CLOCK, None, None, None))
    return run.now


def wall_clock() -> float:
    """``time.time``, in virtual time: the run begins at a fixed moment."""
    return BEGINNING + monotonic()


def nanoseconds(clock: Callable[..., float]) -> Callable[..., int]:
    """The same clock in nanoseconds."""

    def read(*which: int) -> int:
        return round(clock(*which) * 1_000_000_000)

    return read
