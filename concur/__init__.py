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
    BoundedQueue,
    BoundedSemaphore,
    Condition,
    CountDownLatch,
    Event,
    FairMutex,
    FairSemaphore,
    Future,
    MonitorQueue,
    Mutex,
    PlainMutex,
    ReadWriteLock,
    ReentrantMutex,
    Semaphore,
    ThreadPool,
)

if TYPE_CHECKING:
    from concur.check import Failure, Race, Status, Step, Verdict, explore, linearizable, replay
    from concur.check.exploration import sample  # concur.check.sample is a module as well
    from concur.process import (
        ProcessBarrier,
        ProcessCondition,
        ProcessMutex,
        ProcessQueue,
        ProcessSemaphore,
        SharedCounter,
    )

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
    "BoundedQueue",
    "MonitorQueue",
    "ThreadPool",
    "Future",
    "Event",
    "Barrier",
    "CountDownLatch",
    "ReadWriteLock",
    # Between processes
    "ProcessMutex",
    "ProcessQueue",
    "ProcessSemaphore",
    "ProcessCondition",
    "ProcessBarrier",
    "SharedCounter",
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
    # These are loaded when one of their names is asked for. A program that imports a lock need not wait for the
    # checker or for multiprocessing, nor have greenlet, which free-threaded builds cannot use without their
    # lock coming back, nor be on a system that has what is needed between processes.
    _LATER = {
        **dict.fromkeys(__all__[: __all__.index("AtomicInteger")], "concur.check"),
        **dict.fromkeys(
            __all__[__all__.index("ProcessMutex") : __all__.index("ConcurError")], "concur.process"
        ),
    }

    def __getattr__(name: str) -> Any:
        if name not in _LATER:
            raise AttributeError(f"module 'concur' has no attribute {name!r}")
        value = globals()[name] = getattr(importlib.import_module(_LATER[name]), name)
        return value

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
