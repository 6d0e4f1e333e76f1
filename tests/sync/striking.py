"""Ctrl-C at a chosen moment: at each point of a primitive's code where CPython notices a signal, one after the other.

CPython runs signal handlers in the main thread, at the beginning of a function, when a loop goes round, and after a
call of code written in C: not between just any two instructions. So there are only some tens of such points in a call
of a primitive, and a test can go through them all.
"""

import dis
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from concur import sync

HOME = str(Path(sync.__file__).parent)
_POINTS = ("RESUME", "JUMP_BACKWARD", "CALL")


def names_of(code: CodeType, known: dict[CodeType, dict[int, str]]) -> dict[int, str]:
    if code not in known:
        known[code] = {instruction.offset: instruction.opname for instruction in dis.get_instructions(code)}
    return known[code]


def strike(call: Callable[[], object], at: int, home: str = HOME) -> bool:
    """Run *call*, with a KeyboardInterrupt at the point number *at* of the code in *home*; False if it has none.

    *call* returns or raises as it does.
    """
    left, struck = at, False
    known: dict[CodeType, dict[int, str]] = {}
    before: dict[FrameType, int] = {}

    def in_frame(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal left, struck
        if event == "opcode" and not struck:
            last = before.get(frame, 0)
            before[frame] = frame.f_lasti
            if names_of(frame.f_code, known).get(last, "").startswith(_POINTS):
                left -= 1
                if left < 0:
                    struck = True
                    raise KeyboardInterrupt
        return in_frame

    def entering(frame: FrameType, event: str, argument: object) -> Any:
        if not frame.f_code.co_filename.startswith(home):
            return None
        frame.f_trace_opcodes = True
        return in_frame

    was = sys.gettrace()
    sys.settrace(entering)
    try:
        call()
    finally:
        sys.settrace(was)
    return struck


class Gate:
    """A lock of the machine that tells when the main thread is about to sleep at it, once."""

    def __init__(self, about_to_sleep: list[Callable[[], object]]) -> None:
        self._lock = threading.Lock()
        self._about_to_sleep = about_to_sleep

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        if self._lock.locked() and threading.current_thread() is threading.main_thread():
            while self._about_to_sleep:
                self._about_to_sleep.pop()()
        return self._lock.acquire(blocking, timeout)

    def release(self) -> None:
        self._lock.release()

    def locked(self) -> bool:
        return self._lock.locked()

    def __enter__(self) -> bool:
        return self._lock.__enter__()

    def __exit__(self, *exception: object) -> None:
        self._lock.release()
