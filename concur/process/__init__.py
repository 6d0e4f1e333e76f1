"""Primitives between processes, and what survives a kill.

They share memory that has no name, and go to child processes as arguments::

    ProcessMutex        one owner at a time; the kernel releases it when the owner dies
    ProcessSemaphore    permits that processes take and give back; it has no owner
    ProcessCondition    waiting under a ProcessMutex until somebody notifies
    ProcessBarrier      all go on together, or none does: a party that dies breaks it
    ProcessQueue        at most so many items and bytes, first in, first out
    SharedCounter       a number that is added to in one step

`multiprocessing` and `fcntl` are under them, so they are for Linux and macOS.
"""

try:
    import fcntl  # noqa: F401  # asked for here, so that the reason is given here
except ImportError:
    raise ImportError(
        "concur.process needs locks on files that Windows does not have. Use it on Linux or macOS, or under WSL."
    ) from None

from concur.process.barrier import ProcessBarrier
from concur.process.condition import ProcessCondition
from concur.process.counter import SharedCounter
from concur.process.mutex import ProcessMutex
from concur.process.queue import ProcessQueue
from concur.process.semaphore import ProcessSemaphore

__all__ = [  # noqa: RUF022  # in the order in which they are read
    "ProcessMutex",
    "ProcessSemaphore",
    "ProcessCondition",
    "ProcessBarrier",
    "ProcessQueue",
    "SharedCounter",
]
