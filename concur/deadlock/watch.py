"""Watch a program that uses ``threading``: find its deadlocks when they happen, and those that could.

Use it in a test suite, or while a program that hangs is looked into. Nothing in
the program is changed. In place of a deadlock there is an error, in the thread
that would have closed the circle:

    >>> import threading
    >>> from concur.deadlock import watch
    >>> with watch():  # doctest: +ELLIPSIS
    ...     log = threading.Lock()
    ...     with log:
    ...         log.acquire()
    Traceback (most recent call last):
        ...
    concur.errors.DeadlockError: MainThread will wait for itself for ever
      MainThread holds log (...:3) and waits for log (...:4)
    Release the lock first, or use threading.RLock where calls nest.

Locks that are taken in orders which contradict each other are told of although
nothing has happened; it takes no bad luck to find them, only two runs through
the code, and one thread can make both.

    >>> with watch(on_potential=lambda report: None) as watching:
    ...     log, disk = threading.Lock(), threading.Lock()
    ...     with log, disk:
    ...         pass
    ...     with disk, log:
    ...         pass
    >>> [(report.kind, report.locks) for report in watching.reports]
    [('inversion', ('disk', 'log'))]

What is watched: the locks that are made by ``threading.Lock()``,
``threading.RLock()`` and ``threading.Condition()`` while the watch is on, by any
module that calls them so; on request those of modules that have imported the
names before, and of other classes, such as :class:`concur.Mutex`; and threads
that join each other. What is not: locks made before; waiting for a semaphore, an
event, a queue or a notification, which have no owner whose fault it could be;
locks between processes.

What the two words promise: a *deadlock* is one. There is no time-out in it and no
guess, and none between watched locks is missed; :mod:`concur.deadlock.live` has the
argument. An *inversion* is a possibility. It may be that the program never is at
both places at the same time, because another lock or the end of a thread forbids
it: that is not looked at.
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
    """A watch that is on, or was; :func:`watch` and :func:`install` return it."""

    def __init__(self, on_deadlock: Tell | None, on_potential: Tell) -> None:
        self.reports: list[Report] = []  #: what was found, in the order in which it was
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

    def suspicion(self, report: Report) -> None:
        self.inversion(report)


@contextmanager
def watch(
    *also: type | ModuleType,
    order: bool = True,
    on_deadlock: Tell | None = None,
    on_potential: Tell = to_stderr,
) -> Iterator[Watching]:
    """Watch the locks that are made inside the with statement, and yield a :class:`Watching`.

    *also* are modules that have imported ``Lock`` or ``RLock`` by name, and classes
    of locks: those with an owner, and with ``acquire(blocking, timeout)`` and
    ``release()``. *order* says whether lock orders are noted, and where locks were
    taken; without it a lock costs less than half as much. *on_deadlock* is called
    with the :class:`Report` of a deadlock, once, and the threads then wait as they
    would have; without it :class:`concur.DeadlockError` is raised in the thread that closes
    the circle. *on_potential* is called with what has not happened but can; without
    it that is printed on standard error. Both may be called by any thread, with locks
    of the program held, and must take none.

    Afterwards ``threading`` is what it was before. Locks that were made meanwhile
    go on to work, unwatched. There is one watch at a time: UsageError otherwise.
    """
    if live.listener is not None:
        raise UsageError("a watch is on already, and there is one at a time: end it, or use that one.")
    watching = Watching(on_deadlock, on_potential)
    with patched(also, order=order):
        number_afresh()
        live.listener = watching
        try:
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
    """Begin to watch, until :func:`uninstall`; the parameters are those of :func:`watch`.

    >>> from concur import deadlock
    >>> watching = deadlock.install()
    >>> deadlock.uninstall()
    >>> watching.reports
    []
    """
    global _installed
    entered = watch(*also, order=order, on_deadlock=on_deadlock, on_potential=on_potential)
    watching = entered.__enter__()
    _installed = entered
    return watching


def uninstall() -> None:
    """End what :func:`install` began; UsageError if it did not."""
    global _installed
    if _installed is None:
        raise UsageError("no watch is installed.")
    entered, _installed = _installed, None
    entered.__exit__(None, None, None)
