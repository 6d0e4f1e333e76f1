"""A step under a mutex that is given back whatever strikes.

Python looks for Ctrl-C at the beginning of every function: also of the one that
would leave a `with`. A mutex of one object may then stay held for ever, and all
who use the object would wait for it.
"""

from collections.abc import Callable
from typing import TypeVar

from concur.process.mutex import ProcessMutex

T = TypeVar("T")


def inside(mutex: ProcessMutex, step: Callable[..., T], *given: object) -> T:
    """What *step* returns when it is called with what is *given* while *mutex* is held.

    An interrupt may come after the step, and take along what it returned.
    """
    try:
        mutex.acquire()
        result = step(*given)
        mutex.release()
        return result
    except BaseException:
        if mutex._is_owned():
            mutex.release()
        raise
