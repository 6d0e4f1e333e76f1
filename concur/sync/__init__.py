"""Primitives between threads: plain programs over locks, deques and the clock."""

from concur.sync.atomic import AtomicInteger, AtomicReference
from concur.sync.barrier import Barrier
from concur.sync.bounded_semaphore import BoundedSemaphore
from concur.sync.condition import Condition
from concur.sync.event import Event
from concur.sync.fair_mutex import FairMutex
from concur.sync.fair_semaphore import FairSemaphore
from concur.sync.latch import CountDownLatch
from concur.sync.mutex import Mutex
from concur.sync.plain_mutex import PlainMutex
from concur.sync.reentrant_mutex import ReentrantMutex
from concur.sync.rwlock import ReadWriteLock
from concur.sync.semaphore import Semaphore

__all__ = [
    "AtomicInteger",
    "AtomicReference",
    "Barrier",
    "BoundedSemaphore",
    "Condition",
    "CountDownLatch",
    "Event",
    "FairMutex",
    "FairSemaphore",
    "Mutex",
    "PlainMutex",
    "ReadWriteLock",
    "ReentrantMutex",
    "Semaphore",
]
