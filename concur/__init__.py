"""Learn concurrency by building it; check programs under every interleaving.

The package is silent until a program says ``loguru.logger.enable("concur")``.
"""

from loguru import logger

from concur.check import Failure, Race, Status, Step, Verdict, explore, linearizable, replay, sample
from concur.errors import (
    Closed,
    ConcurError,
    DeadlockError,
    NotLinearizableError,
    NotOwnerError,
    TokenError,
    UsageError,
)
from concur.sync import AtomicInteger, AtomicReference, Condition, Mutex, Semaphore

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
    "Semaphore",
    "Condition",
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
