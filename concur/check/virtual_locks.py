"""`threading.Lock` and `threading.RLock` for code under the checker.

All other primitives stand on them. Outside a run, while a file is imported,
they act at once.
"""

from typing import Any

from concur.check import engine as runs
from concur.check import ops
from concur.check.virtual_time import begin_timed, in_time, timed_out
from concur.check.wakeups import Whenever

__concur__ = True  # what is defined here announces by itself

TIMEOUT_MAX = 4294967.0
_MAIN = 0


def get_ident() -> int:
    """The number of the current thread, from 1."""
    run = runs.active
    return 1 if run is None else run.current.ident + 1


class WouldBlock(RuntimeError):
    """Outside a run, a lock that is held is never released."""


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
        place = (id(self), ops.LOCK)
        if isinstance(timeout, Whenever):
            run.step((ops.TRY, place, self, None, None))
            if self.owner is None:
                self.owner = me
                return True
            run.fail_step()
            run.woken_without_reason.add(me)
            return False
        if not blocking or timeout == 0:
            run.step((ops.TRY, place, self, None, None))
        elif timeout < 0:
            run.step((ops.ACQUIRE, place, self, None, None))
        else:
            begin_timed(run, ops.TIMED_ACQUIRE, place, self, timeout)
        if self.owner is None:
            if blocking and timeout > 0 and run.options.timeouts == "any":
                in_time(run)
            self.owner = me
            if run.recording:
                self.taken_at = run.current.site
            return True
        run.fail_step()
        if blocking and timeout > 0 and run.options.timeouts == "any":
            timed_out(run)
        return False

    def _acquire_outside(self, blocking: bool, timeout: float) -> bool:
        if self.owner is None:
            self.owner = _MAIN
            return True
        if not blocking or timeout >= 0:
            return False
        raise WouldBlock("this lock is held, and nobody can release it while the file is being imported")

    def release(self) -> None:
        run = runs.active
        if run is not None and run.dead:
            return
        if run is not None and not run.alone:
            run.step((ops.RELEASE, (id(self), ops.LOCK), self, None, None))
            if self.owner is None:
                run.fail_step()
        if self.owner is None:
            raise RuntimeError("release unlocked lock")
        self.owner = None

    def locked(self) -> bool:
        run = runs.active
        if run is not None and not run.alone:
            run.step((ops.READ, (id(self), ops.LOCK), self, None, None))
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
        if self.owner is None or run is None:
            return self.owner == _MAIN
        return run.threads[self.owner].ident == run.current.ident

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
