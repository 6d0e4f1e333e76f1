"""Primitives between processes, and what survives a kill.

They share memory that has no name, and go to child processes as arguments::

    ProcessMutex        one owner at a time; the kernel releases it when the owner dies
    SharedCounter       a number that is added to in one step

`multiprocessing` and `fcntl` are under them, so they are for Linux and macOS.
"""

try:
    import fcntl  # noqa: F401  # asked for here, so that the reason is given here
except ImportError:
    raise ImportError(
        "concur.process needs locks on files that Windows does not have. Use it on Linux or macOS, or under WSL."
    ) from None

from concur.process.counter import SharedCounter
from concur.process.mutex import ProcessMutex

__all__ = ["ProcessMutex", "SharedCounter"]
