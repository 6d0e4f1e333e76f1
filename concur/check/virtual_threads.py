"""`threading.Thread` and what tells threads apart, for code under the checker."""

import itertools
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from concur.check import engine as runs
from concur.check import ops
from concur.check.calls import callee
from concur.check.hashes import number
from concur.check.variables import LoadingError
from concur.check.virtual_time import begin_timed, in_time, timed_out

__concur__ = True  # what is defined here announces by itself

_MAIN = 0


class Thread:
    """``threading.Thread``."""

    def __init__(
        self,
        group: None = None,
        target: Callable[..., object] | None = None,
        name: str | None = None,
        args: Iterable[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
        *,
        daemon: bool | None = None,
        context: Any = None,
    ) -> None:
        if group is not None:
            raise ValueError("group argument must be None for now")
        run = runs.active
        if name is None:
            number = next(_numbers) if run is None else run.next_thread_number()
            name = f"Thread-{number}"
            called = getattr(target, "__name__", "")
            if called:
                name += f" ({called})"
        self._cc_name = str(name)
        self._cc_thread: Any = None
        self._cc_daemon = bool(run is not None and run.current.daemon) if daemon is None else bool(daemon)
        self._target = target
        self._args = tuple(args)
        self._kwargs = dict(kwargs or {})

    def _place(self) -> Any:
        return (id(self), ops.THREAD)

    def start(self) -> None:
        run = runs.active
        if run is None:
            raise LoadingError(
                "a thread is started while the file is being imported; start threads in a function"
            )
        if not hasattr(self, "_cc_name"):
            raise RuntimeError("thread.__init__() not called")
        if run.dead:
            run.refuse()
        if run.current.quiet:
            run.give_up(
                f"{self._cc_name} is started beside an event loop: a task is one step for other tasks, not for"
                " threads; that is not explored"
            )
        run.step((ops.WRITE, self._place(), self, None, None))
        if self._cc_thread is not None:
            raise RuntimeError("threads can only be started once")
        if run.frozen is not None:
            run.give_up(f"{run.frozen} starts a thread; it is not rewritten, so that cannot be controlled")
        self._cc_thread = thread = run.prepare(self._cc_name, self.run, daemon=self._cc_daemon, thing=self)
        run.launch(thread)

    def run(self) -> None:
        if self._target is not None:
            callee(self._target, ("", 0))(*self._args, **self._kwargs)

    def over(self) -> bool:
        """Whether a join can return, or raise, now."""
        return self._cc_thread is None or self._cc_thread.done

    def join(self, timeout: float | None = None) -> None:
        run = runs.active
        if run is None:
            raise RuntimeError("cannot join thread before it is started")
        if self._cc_thread is not None and self._cc_thread is run.current:
            raise RuntimeError("cannot join current thread")
        if timeout is None:
            if run.alone and not run.dead and self.over():
                if self._cc_thread is None:
                    raise RuntimeError("cannot join thread before it is started")
                return
            run.step((ops.JOIN, self._place(), self, None, None))
        else:
            begin_timed(run, ops.TIMED_JOIN, self._place(), self, max(timeout, 0))
        if self._cc_thread is None:
            run.fail_step()
            raise RuntimeError("cannot join thread before it is started")
        if self._cc_thread.done:
            if timeout is not None and run.options.timeouts == "any":
                in_time(run)
            if run.current.tid == _MAIN and not self._cc_thread.joined:
                self._cc_thread.joined = True
                run.joined()
        elif run.options.timeouts == "any":
            timed_out(run)

    def is_alive(self) -> bool:
        run = runs.active
        if run is not None and not run.alone:
            run.step((ops.READ, self._place(), self, None, None))
        alive = self._cc_thread is not None and not self._cc_thread.done
        if run is not None and not run.alone and run.recording:
            run.recorder.value(alive)
        return alive

    @property
    def name(self) -> str:
        return self._cc_name

    @name.setter
    def name(self, name: str) -> None:
        self._cc_name = str(name)
        if self._cc_thread is not None:
            self._cc_thread.name = str(name)

    @property
    def daemon(self) -> bool:
        return self._cc_daemon

    @daemon.setter
    def daemon(self, daemon: bool) -> None:
        if self._cc_thread is not None:
            raise RuntimeError("cannot set daemon status of active thread")
        self._cc_daemon = bool(daemon)

    @property
    def ident(self) -> int | None:
        return None if self._cc_thread is None else self._cc_thread.tid + 1

    native_id = ident

    def getName(self) -> str:
        return self.name

    def setName(self, name: str) -> None:
        self.name = name

    def isDaemon(self) -> bool:
        return self.daemon

    def setDaemon(self, daemonic: bool) -> None:
        self.daemon = daemonic

    def __repr__(self) -> str:
        return f"<{type(self).__name__}({self._cc_name})>"


number(Thread)  # a pool of CPython has its threads in a set, and joins them in its order

_numbers = itertools.count(1)


class _MainThread(Thread):
    def __init__(self) -> None:
        super().__init__(name="MainThread")

    def join(self, timeout: float | None = None) -> None:
        raise RuntimeError("cannot join the main thread")


def main_thread() -> Thread:
    """``threading.main_thread``."""
    run = runs.active
    if run is None:
        return _MainThread()
    main = run.threads[0]
    if main.object is None:
        main.object = _MainThread()
        main.object._cc_thread = main
    return main.object  # type: ignore[no-any-return]


def current_thread() -> Thread:
    """``threading.current_thread``."""
    run = runs.active
    if run is None or run.current.ident == _MAIN:
        return main_thread()
    return run.current.object  # type: ignore[no-any-return]


def enumerate_threads() -> list[Thread]:
    """``threading.enumerate``: looks at every thread."""
    run = runs.active
    if run is None:
        return [main_thread()]
    if not run.alone:
        places = [(thread.object._place(), ops.READ) for thread in _started(run)]
        run.step((ops.READ, places[0][0], None, None, tuple(places[1:]) or None))
    return [main_thread(), *(thread.object for thread in _started(run) if not thread.done)]


def _started(run: runs.Engine) -> list[Any]:
    """The threads that the program has started; tasks of an event loop are none."""
    return [thread for thread in run.threads[1:] if not thread.quiet]


def active_count() -> int:
    """``threading.active_count``."""
    return len(enumerate_threads())
