"""Primitives between threads: plain programs over locks, deques and the clock."""

from concur.sync.atomic import AtomicInteger, AtomicReference
from concur.sync.condition import Condition
from concur.sync.future import Future
from concur.sync.monitor_queue import MonitorQueue
from concur.sync.mutex import Mutex
from concur.sync.pool import ThreadPool
from concur.sync.queue import BoundedQueue
from concur.sync.semaphore import Semaphore

__all__ = [
    "AtomicInteger",
    "AtomicReference",
    "BoundedQueue",
    "Condition",
    "Future",
    "MonitorQueue",
    "Mutex",
    "Semaphore",
    "ThreadPool",
]
