"""Learn concurrency by building it; check programs under every interleaving.

The package is silent until a program says ``loguru.logger.enable("concur")``.
"""

import importlib
from typing import TYPE_CHECKING, Any

from loguru import logger

from concur.errors import (
    Closed,
    ConcurError,
    DeadlockError,
    NotLinearizableError,
    NotOwnerError,
    TokenError,
    UsageError,
)
from concur.sync import (
    AtomicInteger,
    AtomicReference,
    Barrier,
    BoundedSemaphore,
    Condition,
    CountDownLatch,
    Event,
    FairMutex,
    FairSemaphore,
    Mutex,
    PlainMutex,
    ReadWriteLock,
    ReentrantMutex,
    Semaphore,
)

if TYPE_CHECKING:
    from concur.check import Failure, Race, Status, Step, Verdict, explore, linearizable, replay
    from concur.check.exploration import sample  # concur.check.sample is a module as well

__all__ = [  # noqa: RUF022  # a table of contents, in the order in which it is read
    # Checking
    "explore",
    "sample",
    "replay",
    "linearizable",
    "Status",
    "Verdict",
    "Failure",
    "Step",
    "Race",
    # Between threads
    "AtomicInteger",
    "AtomicReference",
    "Mutex",
    "PlainMutex",
    "ReentrantMutex",
    "FairMutex",
    "Semaphore",
    "BoundedSemaphore",
    "FairSemaphore",
    "Condition",
    "Event",
    "Barrier",
    "CountDownLatch",
    "ReadWriteLock",
    # What goes wrong
    "ConcurError",
    "UsageError",
    "TokenError",
    "NotOwnerError",
    "DeadlockError",
    "NotLinearizableError",
    "Closed",
]

logger.disable("concur")

if not TYPE_CHECKING:
    # The checker is loaded when one of its names is asked for. A program that imports a lock need not wait
    # for it, nor have greenlet, which free-threaded builds cannot use without their lock coming back.
    def __getattr__(name: str) -> Any:
        if name not in __all__:
            raise AttributeError(f"module 'concur' has no attribute {name!r}")
        value = globals()[name] = getattr(importlib.import_module("concur.check"), name)
        return value

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
