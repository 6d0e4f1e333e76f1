"""Carrying a plan out, in the thread that calls, and mending everything afterwards."""

import threading
import time
from collections.abc import Callable

from concur.errors import UsageError
from concur.pubsub.faults.steps import Faults, Plan, State, Step

_POLL = 0.005  # seconds between two looks at the number of acknowledged sends


def run(
    plan: Plan,
    faults: Faults,
    *,
    acked: Callable[[], int] | None = None,
    patience_ms: int = 5_000,
    until: threading.Event | None = None,
) -> list[Step]:
    """Carry the plan out in this thread; returns the steps that were done.

    Args:
        plan: the faults. Those of a time that has passed are done at once, one after the other.
        faults: the cluster.
        acked: how many sends were acknowledged so far, for plans with steps that wait for that.
        patience_ms: a step waits so long for acknowledged sends: the faults before it may be why there are none.
        until: once it is set the rest of the plan is left out, and everything is mended.

    Raises:
        UsageError: the plan counts acknowledged sends, and *acked* is missing.
        BaseException: what a fault raised; everything was mended as far as could be.
    """
    if acked is None and any(step.after_acks is not None for step in plan.steps):
        raise UsageError(
            "the plan waits for acknowledged sends: give run(acked=...), which says how many there were"
        )
    began = time.monotonic()
    state, done = State(), []
    try:
        for step in plan.steps:
            _wait(step, began, acked, patience_ms, until)
            if until is not None and until.is_set():
                break
            state.after(step)  # before it is done: if it fails half-way, there is something to mend
            step.do(faults)
            done.append(step)
    except BaseException:
        _mend(state, faults, quietly=True)
        raise
    return done + _mend(state, faults, quietly=False)


def _wait(
    step: Step,
    began: float,
    acked: Callable[[], int] | None,
    patience_ms: int,
    until: threading.Event | None,
) -> None:
    """Wait until the step is due."""
    if step.after_acks is None:
        _sleep(began + step.at_ms / 1000 - time.monotonic(), until)
        return
    assert acked is not None
    give_up = time.monotonic() + patience_ms / 1000
    while acked() < step.after_acks and time.monotonic() < give_up:
        if until is not None and until.is_set():
            return
        _sleep(_POLL, until)


def _sleep(seconds: float, until: threading.Event | None) -> None:
    if seconds <= 0:
        return
    if until is None:
        time.sleep(seconds)
    else:
        until.wait(seconds)


def _mend(state: State, faults: Faults, quietly: bool) -> list[Step]:
    steps = state.mending(0)
    for step in steps:
        try:
            step.do(faults)
        except Exception:
            if not quietly:
                raise
    return steps
