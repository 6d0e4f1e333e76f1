"""End a call that waits for the real world, which no schedule can bring to an end.

A second thread of the operating system looks once a second whether anything
has moved: a run, a visible step, a round of a loop. After five looks without
movement and without work for the processor, something waits for real; it sends
the main thread a signal, whose handler ends the run as uncheckable, with the
name and the line of the call. The signal is SIGURG, since it is ignored where
nobody handles it and no timer sends it; so alarms of others stay theirs.

Code that computes without moving anything (a long call in a package that is
not rewritten) is given longer. What computes inside C cannot be interrupted
at all. There is no watch outside the main thread, on systems without the
signal (Windows), and for runs on threads of the operating system.
"""

import contextlib
import linecache
import os
import signal
import sys
import threading
import time
import types
from collections.abc import Iterator
from typing import Any

from concur.check.calls import Announced, Foreign
from concur.check.engine import Engine
from concur.check.frames import variables_of
from concur.check.threads import Abort
from concur.check.variables import LoadingError, loading
from concur.check.visibility import MARK

_LOOK = 1.0  # seconds between two looks
_WAITING = 5  # looks without movement; looks, not seconds: a machine that was asleep did not wait
_COMPUTING = 60  # the same, while the processor is used
_IDLE = 0.01  # seconds of processor time between two looks, below which nothing was computed
_MACHINERY = os.path.dirname(__file__) + os.sep


class Watch:
    """Watches one call of `explore` or `sample`."""

    def __init__(self) -> None:
        self.run: Engine | None = None  # the run in progress
        self.runs = 0
        self._over = threading.Event()
        self._thread: threading.Thread | None = None
        self._main = threading.get_ident()
        self._silent_at: Any = None  # the movement at which the signal was sent
        self._reason = ""

    def begin(self, run: Engine | None) -> None:
        """A run begins, or, with None, is over."""
        self.run = run
        self.runs += 1

    def _movement(self) -> tuple[int, int, int, int]:
        run = self.run
        steps, ticks = (0, 0) if run is None else (len(run.trace), run.ticks)
        return self.runs, steps, ticks, loading.ticks

    def look(self) -> None:
        """The life of the second thread."""
        seen, silent, idle = self._movement(), 0, 0
        used = time.process_time()
        while not self._over.wait(_LOOK):
            now, used_now = self._movement(), time.process_time()
            if now != seen:
                seen, silent, idle = now, 0, 0
            else:
                silent += 1
                idle = idle + 1 if used_now - used < _IDLE else 0
                if idle >= _WAITING or silent >= _COMPUTING:
                    waited = f"waited {idle * _LOOK:g} s for the world outside the program"
                    computed = f"computed for {silent * _LOOK:g} s without touching anything that is watched"
                    self._reason = waited if idle >= _WAITING else computed
                    self._silent_at = now
                    signal.pthread_kill(self._main, signal.SIGURG)
                    silent = idle = 0
            used = used_now

    def interrupt(self, number: int, frame: types.FrameType | None) -> None:
        """The handler: raise out of the call that does not end."""
        if self._silent_at is None or self._silent_at != self._movement():
            return  # it has moved since, or the signal is another's
        self._silent_at = None
        where = _where(frame)
        if where is None:
            return  # not in the code under test
        reason = f"{where} {self._reason}, which cannot be controlled; leave it out of the scenario"
        if self.run is None:
            raise LoadingError(reason)
        if self.run.uncheckable is None and not self.run.dead:
            self.run.uncheckable = reason
        self.run.dead = True
        raise Abort

    @contextlib.contextmanager
    def on(self) -> Iterator[None]:
        """Watch, where that is possible."""
        if sys.platform == "win32" or threading.current_thread() is not threading.main_thread():
            yield
            return
        before = signal.getsignal(signal.SIGURG)
        if before is None:  # a handler in C, which could not be put back
            yield
            return
        signal.signal(signal.SIGURG, self.interrupt)
        self.start()
        try:
            yield
        finally:
            self.stop()
            signal.signal(signal.SIGURG, before)

    def start(self) -> None:
        """Begin to look."""
        self._over = threading.Event()
        self._thread = threading.Thread(target=self.look, name="concur-watch", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop looking."""
        self._over.set()
        if self._thread is not None:
            self._thread.join()

    @contextlib.contextmanager
    def off(self) -> Iterator[None]:
        """Do not watch for a moment, in which there is no second thread; in a child process, watch there again."""
        if self._thread is None:
            yield
            return
        self.stop()
        try:
            yield
        finally:
            self._main = threading.get_ident()
            self.start()


def _where(frame: types.FrameType | None) -> str | None:
    """The call that does not end, and its line in the code under test; None if no such code is running."""
    name = inner = None
    while frame is not None:
        code = frame.f_code
        if not code.co_filename.startswith(_MACHINERY):
            if MARK in frame.f_globals:
                line = linecache.getline(code.co_filename, frame.f_lineno).strip()
                at = f"{code.co_filename}:{frame.f_lineno}"
                inside = f" (inside {inner})" if inner else ""
                return f"{name or repr(line)} at {at}{inside}"
            inner = inner or f"{code.co_qualname}() at {code.co_filename}:{frame.f_lineno}"
        called = variables_of(frame).get("self")
        if isinstance(called, (Announced, Foreign)):
            name = _name(called.function)
        frame = frame.f_back
    return None


def _name(function: Any) -> str:
    name = getattr(function, "__qualname__", type(function).__qualname__)
    owner = getattr(function, "__self__", None)
    module = owner.__name__ if isinstance(owner, types.ModuleType) else getattr(function, "__module__", None)
    module = {"posix": "os", "builtins": None, "io": None, "_io": None}.get(module or "builtins", module)
    return f"{module.lstrip('_')}.{name}()" if module and not name.startswith(f"{module}.") else f"{name}()"
