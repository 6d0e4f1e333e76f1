"""Threads of the operating system that are started below the code under test: they cannot be controlled.

Rewritten code has a virtual ``threading``. A function that was not rewritten has
the real one, and what it starts would run beside the run, unseen: its steps are
in no schedule, and a failure in it is nobody's. So to start a thread there ends
the run as uncheckable, with the name of the function.

A library may start threads of its own when it is imported; those are let through.
"""

import _thread
import contextlib
import functools
import os
import sys
import threading
import types
from collections.abc import Callable, Iterator
from typing import Any

from concur.check import engine as runs
from concur.check.variables import LoadingError
from concur.check.visibility import MARK

_IMPORT = "<frozen importlib"
_MACHINERY = os.path.dirname(__file__) + os.sep

# Where Python code has its threads from. What was taken out of `_thread` before is reached through threading.Thread.
_DOORS: tuple[tuple[Any, str], ...] = (
    (threading.Thread, "start"),
    (_thread, "start_new_thread"),
    (_thread, "start_new"),
    (_thread, "start_joinable_thread"),
)


@contextlib.contextmanager
def refused() -> Iterator[None]:
    """While runs are made, the thread that makes them starts no thread from below the code under test."""
    explorer = _thread.get_ident()

    def guarded(start: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(start)
        def guard(*args: Any, **kwargs: Any) -> Any:
            if _thread.get_ident() == explorer:
                _refuse(sys._getframe(1))
            return start(*args, **kwargs)

        return guard

    before = [(holder, name, getattr(holder, name)) for holder, name in _DOORS if hasattr(holder, name)]
    for holder, name, start in before:
        setattr(holder, name, guarded(start))
    try:
        yield
    finally:
        for holder, name, start in before:
            setattr(holder, name, start)


def _refuse(frame: types.FrameType | None) -> None:
    """End the run, if the code under test is what called."""
    inner = None
    while frame is not None:
        code = frame.f_code
        if code.co_filename.startswith(_IMPORT):
            return
        if MARK in frame.f_globals:
            _give_up(f"{code.co_filename}:{frame.f_lineno}", inner)
        if not code.co_filename.startswith(_MACHINERY) and code.co_filename != threading.__file__:
            inner = code
        frame = frame.f_back


def _give_up(site: str, inner: types.CodeType | None) -> None:
    if inner is None:
        who, why = f"the call at {site}", "use threading.Thread"
    else:
        who = f"{inner.co_qualname}() in {inner.co_filename}, called at {site},"
        why = "it is not rewritten; put it into the folder of the scenario, or leave it out"
    reason = f"{who} starts a thread of the operating system, which cannot be controlled: {why}"
    run = runs.active
    if run is None:
        raise LoadingError(reason)
    run.give_up(reason)
