"""Deadlocks: found when they happen, found before they happen, and avoided.

:class:`WaitForGraph` and :class:`LockOrderGraph` are the two graphs behind it,
:func:`watch` looks for both in a running program, :class:`Banker` keeps to safe states.
"""

from concur.deadlock.banker import Banker, safe_order
from concur.deadlock.graphs import LockOrderGraph, Step, WaitForGraph
from concur.deadlock.reports import Report
from concur.deadlock.watch import Watching, install, uninstall, watch

__all__ = [
    "Banker",
    "LockOrderGraph",
    "Report",
    "Step",
    "WaitForGraph",
    "Watching",
    "install",
    "safe_order",
    "uninstall",
    "watch",
]
