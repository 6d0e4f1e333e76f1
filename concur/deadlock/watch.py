"""Watch a program that uses ``threading``: find its deadlocks when they happen, and those that could.

    >>> import threading
    >>> from concur.deadlock import watch
    >>> with watch() as watching:
    ...     log, disk = threading.Lock(), threading.Lock()
    ...     with log, disk:
    ...         pass
    ...     with disk, log:  # alone it can do no harm; beside a thread at the place above it can
    ...         pass
    potential deadlock: these locks are taken in orders that contradict each other
      disk, then log: MainThread held disk (<doctest concur.deadlock.watch[2]>:5) and waited for log (<doctest concur.deadlock.watch[2]>:5)
      log, then disk: MainThread held log (<doctest concur.deadlock.watch[2]>:3) and waited for disk (<doctest concur.deadlock.watch[2]>:3)
    Nobody waits for ever yet; threads that are at these places at the same time can.
    Take the locks in one agreed order, or take them all at once.
    >>> [report.kind for report in watching.reports]
    ['inversion']
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from types import ModuleType

from concur.deadlock import live
from concur.deadlock.patches import patched
from concur.deadlock.reports import Report
from concur.deadlock.sites import number_afresh
from concur.errors import DeadlockError, UsageError

Tell = Callable[[Report], object]


def to_stderr(report: Report) -> None:
    """Print *report* on standard error."""
    print(report, file=sys.stderr, flush=True)


class Watching:
    """A watch that is on, or was."""

    def __init__(self, on_deadlock: Tell | None, on_potential: Tell) -> None:
        self.reports: list[Report] = []
        self._on_deadlock = on_deadlock
        self._on_potential = on_potential

    def deadlock(self, report: Report) -> None:
        self.reports.append(report)
        if self._on_deadlock is None:
            raise DeadlockError(report.text)
        self._on_deadlock(report)

    def inversion(self, report: Report) -> None:
        self.reports.append(report)
        self._on_potential(report)

    suspicion = inversion


@contextmanager
def watch(
    *also: type | ModuleType,
    order: bool = True,
    on_deadlock: Tell | None = None,
    on_potential: Tell = to_stderr,
) -> Iterator[Watching]:
    """Watch the locks that are made inside the with statement."""
    if live.listener is not None:
        raise UsageError("a watch is on already, and there is one at a time: end it, or use that one.")
    watching = Watching(on_deadlock, on_potential)
    number_afresh()
    live.listener = watching
    try:
        with patched(also, order=order):
            yield watching
    finally:
        live.listener = None


_installed: AbstractContextManager[Watching] | None = None


def install(
    *also: type | ModuleType,
    order: bool = True,
    on_deadlock: Tell | None = None,
    on_potential: Tell = to_stderr,
) -> Watching:
    """Begin to watch, until :func:`uninstall`; the parameters are those of :func:`watch`."""
    global _installed
    entered = watch(*also, order=order, on_deadlock=on_deadlock, on_potential=on_potential)
    watching = entered.__enter__()
    _installed = entered
    return watching


def uninstall() -> None:
    """End what :func:`install` began."""
    global _installed
    if _installed is None:
        raise UsageError("no watch is installed.")
    entered, _installed = _installed, None
    entered.__exit__(None, None, None)

