"""Primitives between threads: plain programs over locks, deques and the clock."""

from concur.sync.atomic import AtomicInteger, AtomicReference
from concur.sync.condition import Condition
from concur.sync.mutex import Mutex
from concur.sync.semaphore import Semaphore

__all__ = ["AtomicInteger", "AtomicReference", "Condition", "Mutex", "Semaphore"]
