"""`Lock`, `RLock`, `Thread` and `local` for code under the checker, and its clock.

These are all that CPython's own `threading.py` and `queue.py` stand on; see
`library.py`. Outside a run (while a module is loaded) they act at once.
"""

import itertools
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from concur.check import engine as runs, hooks, ops
from concur.check.engine import Engine

__concur__ = True  # what is defined here announces by itself

TIMEOUT_MAX = 4294967.0
_MAIN = 0


def get_ident() -> int:
    """The number of the current thread, from 1."""
    run = runs.active
    return 1 if run is None else run.current.tid + 1


def _timed(run: Engine, kind: int, place: Any, thing: Any, timeout: float) -> bool:
    """Take part in a timed wait; returns whether the time-out may end it now."""
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


def _timed_out(run: Engine) -> None:
    """The time-out has fired: the clock is at its deadline."""
    if run.timer is not None:
        run.now = max(run.now, run.timer)


def _in_time(run: Engine) -> None:
    """The wait ended before its time-out: the clock was not touched."""
    if run.timer is not None:
        last = run.current.last
        tid, op = run.trace[last]
        run.trace[last] = (tid, (*op[:4], None))


class Lock:
    """``threading.Lock``."""

    def __init__(self) -> None:
        self.owner: int | None = None
        self.taken_at: Any = None

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        if not blocking and timeout != -1:
            raise ValueError("can't specify a timeout for a non-blocking call")
        if timeout < 0 and timeout != -1:
            raise ValueError("timeout value must be a non-negative number")
        if timeout > TIMEOUT_MAX:
            raise OverflowError("timeout value is too large")
        return self._acquire(blocking, timeout)

    def _acquire(self, blocking: bool, timeout: float) -> bool:
        run = runs.active
        if run is None:
            return self._acquire_outside(blocking, timeout)
        me = run.current.tid
        if run.alone and not run.dead and self.owner is None:
            self.owner = me
            if run.recording:
                self.taken_at = run.recorder.here()
            return True
        if run.alone and not run.dead and blocking and timeout > 0:  # nobody else is there to release it
            run.now += timeout
            return False
        place = (id(self), "lock")
        if not blocking or timeout == 0:
            run.step((ops.TRY, place, self, None, None))
        elif timeout < 0:
            run.step((ops.ACQUIRE, place, self, None, None))
        else:
            _timed(run, ops.TIMED_ACQUIRE, place, self, timeout)
        if self.owner is None:
            if blocking and timeout > 0 and run.options.timeouts == "any":
                _in_time(run)
            self.owner = me
            if run.recording:
                self.taken_at = run.current.site
            return True
        run.fail_step()
        if blocking and timeout > 0 and run.options.timeouts == "any":
            _timed_out(run)
        return False

    def _acquire_outside(self, blocking: bool, timeout: float) -> bool:
        if self.owner is None:
            self.owner = _MAIN
            return True
        if not blocking or timeout >= 0:
            return False
        raise RuntimeError("this lock is held, and nobody can release it while the file is being imported")

    def release(self) -> None:
        run = runs.active
        if run is not None and run.dead:
            return
        if run is not None and not run.alone:
            run.step((ops.RELEASE, (id(self), "lock"), self, None, None))
            if self.owner is None:
                run.fail_step()
        if self.owner is None:
            raise RuntimeError("release unlocked lock")
        self.owner = None

    def locked(self) -> bool:
        run = runs.active
        if run is not None and not run.alone:
            run.step((ops.READ, (id(self), "lock"), self, None, None))
        return self.owner is not None

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *exception: object) -> None:
        self.release()

    def __repr__(self) -> str:
        return f"<{'unlocked' if self.owner is None else 'locked'} lock>"

    def _at_fork_reinit(self) -> None:
        self.owner = None


class RLock(Lock):
    """``threading.RLock``: taken again by its owner without a step, since nobody else can tell."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        if self._is_owned():
            self.count += 1
            return True
        taken = super().acquire(blocking, timeout)
        if taken:
            self.count = 1
        return taken

    def release(self) -> None:
        run = runs.active
        if run is not None and run.dead:
            return
        if not self._is_owned():
            raise RuntimeError("cannot release un-acquired lock")
        if self.count > 1:
            self.count -= 1
            return
        super().release()
        self.count = 0

    def __enter__(self) -> bool:
        return self.acquire()

    def _is_owned(self) -> bool:
        run = runs.active
        return self.owner is not None and self.owner == (_MAIN if run is None else run.current.tid)

    def _release_save(self) -> int:
        if not self._is_owned():
            raise RuntimeError("cannot release un-acquired lock")
        count, self.count = self.count, 0
        super().release()
        return count

    def _acquire_restore(self, count: int) -> None:
        super().acquire()
        self.count = count

    def _recursion_count(self) -> int:
        return self.count if self._is_owned() else 0


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
        return (id(self), "thread")

    def start(self) -> None:
        run = runs.active
        if run is None:
            raise hooks.LoadingError(
                "a thread is started while the file is being imported; start threads in a function"
            )
        if not hasattr(self, "_cc_name"):
            raise RuntimeError("thread.__init__() not called")
        if run.dead:
            run.refuse()
        run.step((ops.WRITE, self._place(), self, None, None))
        if self._cc_thread is not None:
            raise RuntimeError("threads can only be started once")
        if run.frozen is not None:
            run.give_up(f"{run.frozen} starts a thread; it is not rewritten, so that cannot be controlled")
        self._cc_thread = thread = run.prepare(self._cc_name, self.run, daemon=self._cc_daemon, thing=self)
        run.launch(thread)

    def run(self) -> None:
        if self._target is not None:
            hooks.callee(self._target, ("", 0))(*self._args, **self._kwargs)

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
            _timed(run, ops.TIMED_JOIN, self._place(), self, max(timeout, 0))
        if self._cc_thread is None:
            run.fail_step()
            raise RuntimeError("cannot join thread before it is started")
        if self._cc_thread.done:
            if timeout is not None and run.options.timeouts == "any":
                _in_time(run)
            if run.current.tid == _MAIN and not self._cc_thread.joined:
                self._cc_thread.joined = True
                run.joined()
        elif run.options.timeouts == "any":
            _timed_out(run)

    def is_alive(self) -> bool:
        run = runs.active
        if run is not None and not run.alone:
            run.step((ops.READ, self._place(), self, None, None))
        return self._cc_thread is not None and not self._cc_thread.done

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

    def getName(self) -> str:  # noqa: N802
        return self.name

    def setName(self, name: str) -> None:  # noqa: N802
        self.name = name

    def isDaemon(self) -> bool:  # noqa: N802
        return self.daemon

    def setDaemon(self, daemonic: bool) -> None:  # noqa: N802
        self.daemon = daemonic

    def __repr__(self) -> str:
        return f"<{type(self).__name__}({self._cc_name})>"


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
    if run is None or run.current.tid == _MAIN:
        return main_thread()
    return run.current.object  # type: ignore[no-any-return]


def enumerate_threads() -> list[Thread]:
    """``threading.enumerate``: looks at every thread."""
    run = runs.active
    if run is None:
        return [main_thread()]
    if not run.alone:
        places = [(thread.object._place(), ops.READ) for thread in run.threads[1:]]
        run.step((ops.READ, places[0][0], None, None, tuple(places[1:]) or None))
    return [main_thread(), *(thread.object for thread in run.threads[1:] if not thread.done)]


def active_count() -> int:
    """``threading.active_count``."""
    return len(enumerate_threads())


class local:  # noqa: N801
    """``threading.local``: every thread sees attributes of its own, so none of them is shared."""

    _concur_thread_local = True

    def __new__(cls, /, *args: Any, **kwargs: Any) -> "local":
        self = super().__new__(cls)
        object.__setattr__(self, "_cc_local", ({}, args, kwargs))
        return self

    def _cc_fields(self) -> dict[str, Any]:
        fields, args, kwargs = object.__getattribute__(self, "_cc_local")
        run = runs.active
        key = _MAIN if run is None else run.current.tid
        if key not in fields:
            fields[key] = {}
            if type(self).__init__ is not object.__init__ and len(fields) > 1:
                type(self).__init__(self, *args, **kwargs)
        return fields[key]  # type: ignore[no-any-return]

    def __getattribute__(self, name: str) -> Any:
        if name.startswith("__") and name != "__dict__":
            return object.__getattribute__(self, name)
        fields = local._cc_fields(self)
        if name == "__dict__":
            return fields
        if name in fields:
            return fields[name]
        return object.__getattribute__(self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        local._cc_fields(self)[name] = value

    def __delattr__(self, name: str) -> None:
        fields = local._cc_fields(self)
        if name not in fields:
            raise AttributeError(name)
        del fields[name]


# Time


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
    if run.options.timeouts == "idle":
        run.wait_until((ops.SLEEP, None, None, None, None), seconds)
    elif run.knowledge.clock or run.full:
        run.minor = not run.knowledge.clock
        run.step((ops.READ, ops.CLOCK, None, None, None))
        deadline = run.now + seconds
        run.step((ops.ADVANCE, ops.CLOCK, None, None, None))
        run.now = max(run.now, deadline)
    else:
        run.step((ops.READ, None, None, None, None))


def monotonic() -> float:
    """``time.monotonic``, in virtual time: seconds since the run began."""
    run = runs.active
    if run is None:
        return 0.0
    if run.options.timeouts == "any":
        if not run.knowledge.clock and len(run.threads) > 1:
            run.knowledge.learn_clock()
        if not run.alone:
            run.step((ops.READ, ops.CLOCK, None, None, None))
    return run.now


def wall_clock() -> float:
    """``time.time``, in virtual time: the run begins at a fixed moment."""
    return 1_600_000_000.0 + monotonic()


def nanoseconds(clock: Callable[[], float]) -> Callable[[], int]:
    """The same clock in nanoseconds."""

    def read() -> int:
        return round(clock() * 1_000_000_000)

    return read
