"""Watched locks that also note where they were taken, and which other locks were held then.

What is noted about a lock is a code object and an offset. What is noted about
two locks is noted once: after that, taking them in the same order again costs a
look into a set.
"""

import sys
import threading
from types import FrameType, TracebackType
from typing import Any

from concur.deadlock import live
from concur.deadlock.graphs import LockOrderGraph, Node, Step
from concur.deadlock.locks import WatchedLock, WatchedRLock
from concur.deadlock.parties import Hold, calling
from concur.deadlock.reports import Report
from concur.deadlock.sites import Made, Site, caller

order = LockOrderGraph()
_getframe = sys._getframe
_THREADING = vars(threading)


def note(first: Any, then: Any, hold: Hold) -> None:
    """*then* was waited for while *first* was held, for the first time."""
    if live.listener is None or first is then or first.is_signal() or then.is_signal():
        return
    step = Step(first._made, then._made, hold.party.name, first.taken_at(), then.taken_at())
    circle = order.add(step, first._node, then._node)
    if circle is not None:
        live.listener.inversion(Report.inversion(circle))


class OrderedLock(WatchedLock):
    """A watched lock that notes where it is taken and under which others."""

    __slots__ = ("_before", "_code", "_node", "_offset")

    def __init__(self, made: Made) -> None:
        super().__init__(made)
        self._node = Node(made)
        self._before = self._node.before
        self._code: Any = None
        self._offset = 0

    def __del__(self) -> None:
        order.forget(self._node)

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Take the lock; False if it was not to be had (in time)."""
        if timeout == -1:
            try:
                self._take()
            except IndexError:
                pass
            else:
                self._owner = hold = calling.hold
                frame = _getframe(1)
                if frame.f_globals is _THREADING:
                    frame = caller()
                self._code = frame.f_code
                self._offset = frame.f_lasti
                held = hold.held
                if held and blocking:
                    before = self._before
                    for other in held:
                        if other._node not in before:
                            note(other, self, hold)
                held.append(self)
                return True
        return self._acquire(calling.hold, blocking, timeout)

    def release(self) -> None:
        """Give the lock back."""
        hold = calling.hold
        if self._owner is not hold:
            self._release_otherwise()
            return
        self._owner = None
        held = hold.held
        if held and held[-1] is self:
            del held[-1]
        else:
            self._unown(hold)
        self._put(None)
        if self._line:
            self._wake()

    def __enter__(self) -> bool:
        try:
            self._take()
        except IndexError:
            return self._acquire(calling.scope, True, -1)
        self._owner = hold = calling.scope
        self._taken(hold, _getframe(1), True)
        return True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        hold = calling.scope
        if self._owner is not hold:
            self._release_otherwise()
            return
        self._owner = None
        held = hold.held
        if held and held[-1] is self:
            del held[-1]
        else:
            self._unown(hold)
        self._put(None)
        if self._line:
            self._wake()

    def taken_at(self) -> str | None:
        return None if self._code is None else str(Site(self._code, self._offset))

    def _acquire(self, hold: Hold, blocking: bool, timeout: float) -> bool:
        if not super()._acquire(hold, blocking, timeout):
            return False
        self._taken(hold, caller(), blocking and timeout == -1)
        return True

    def _taken(self, hold: Hold, frame: FrameType, waited: bool) -> None:
        if frame.f_globals.get("__name__") == "threading":  # a condition variable, on behalf of its caller
            frame = caller()
        self._code = frame.f_code
        self._offset = frame.f_lasti
        held = hold.held
        if held and waited:
            before = self._before
            for other in held:
                if other._node not in before:
                    note(other, self, hold)
        held.append(self)

    def _unown(self, owner: Hold | None) -> None:
        self._owner = None
        if owner is not None:
            held = owner.held
            if held and held[-1] is self:
                del held[-1]
            elif self in held:
                held.remove(self)


class OrderedRLock(OrderedLock, WatchedRLock):
    """The same, and its owner may take it several times."""

    __slots__ = ()

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Take the lock, or take it once more; False if it was not to be had (in time)."""
        hold = calling.hold
        if timeout == -1:
            if self._owner is hold:
                self._count += 1
                return True
            try:
                self._take()
            except IndexError:
                pass
            else:
                self._owner = hold
                frame = _getframe(1)
                if frame.f_globals is _THREADING:
                    frame = caller()
                self._code = frame.f_code
                self._offset = frame.f_lasti
                held = hold.held
                if held and blocking:
                    before = self._before
                    for other in held:
                        if other._node not in before:
                            note(other, self, hold)
                held.append(self)
                return True
        return self._acquire(hold, blocking, timeout)

    def __enter__(self) -> bool:
        hold = calling.hold
        if self._owner is hold:
            self._count += 1
            return True
        try:
            self._take()
        except IndexError:
            return self._acquire(hold, True, -1)
        self._owner = hold
        self._taken(hold, _getframe(1), True)
        return True

    def release(self) -> None:
        """Give the lock back as often as it was taken; only the owner may."""
        hold = calling.hold
        if self._owner is not hold:
            self._release_otherwise()
            return
        if self._count:
            self._count -= 1
            return
        self._owner = None
        held = hold.held
        if held and held[-1] is self:
            del held[-1]
        else:
            self._unown(hold)
        self._put(None)
        if self._line:
            self._wake()

    __exit__ = WatchedRLock.__exit__

    def _taken(self, hold: Hold, frame: FrameType, waited: bool) -> None:
        if self._count == 0:  # else it was noted the first time
            super()._taken(hold, frame, waited)
