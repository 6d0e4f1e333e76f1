"""Primitives between threads: plain programs over locks, deques and the clock."""

from concur.sync.atomic import AtomicInteger, AtomicReference
from concur.sync.bounded_semaphore import BoundedSemaphore
from concur.sync.condition import Condition
from concur.sync.fair_mutex import FairMutex
from concur.sync.fair_semaphore import FairSemaphore
from concur.sync.mutex import Mutex
from concur.sync.plain_mutex import PlainMutex
from concur.sync.reentrant_mutex import ReentrantMutex
from concur.sync.semaphore import Semaphore

__all__ = [
    "AtomicInteger",
    "AtomicReference",
    "BoundedSemaphore",
    "Condition",
    "FairMutex",
    "FairSemaphore",
    "Mutex",
    "PlainMutex",
    "ReentrantMutex",
    "Semaphore",
]
