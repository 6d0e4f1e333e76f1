"""Loops that wait: ``while not self.ready: pass`` blocks until something that it read is written.

An iteration that changed nothing and left its own variables as they were ends where
it began; run again, it would do the same, until another thread changes something
that it read. So the thread is not run again before that: it announces a SPIN,
which is enabled as soon as one of those places has another value. Runs in which it
goes round more often lead nowhere else, and are left out. (GenMC calls this the
spin-assume transformation: Kokologiannakis, Ren, Vafeiadis, "Dynamic partial order
reductions for spinloops", FMCAD 2021.)

What counts as a change: a store of another value, any change of a container, taking
or releasing a lock, the passing of time, moving an iterator, and whatever code that
was not rewritten might do. A loop that does such things is no waiting loop.
"""

import sys
import types
import weakref
from typing import Any

from concur.check import engine as runs
from concur.check.engine import Engine
from concur.check.frames import variables_of
from concur.check.ops import READ, SPIN, accesses
from concur.check.touch import Site
from concur.check.variables import tick

_MANY_ROUNDS = 10  # after so many it is worth while to look whether states come back
_UNBOUND = object()
_PLAIN = (int, bool, str, bytes, type(None))  # no floats: -0.0 == 0.0


class Wait:
    """What a loop waits for, at one moment: that something it has read changes."""

    __slots__ = ("reads",)

    def __init__(self, run: Engine, since: int) -> None:
        self.reads: dict[Any, int] = {}  # place that the last iteration touched -> the first step that did
        for step in range(since, len(run.trace)):
            tid, op = run.trace[step]
            if tid == run.current.tid:
                for place, _ in accesses(op):
                    self.reads.setdefault(place, step)

    def woken(self, changed: dict[Any, int]) -> bool:
        """Whether a place has another value than the one that the last iteration began with."""
        return any(changed.get(place, -1) > step for place, step in self.reads.items())


class Loop:
    """One entry into a ``while`` loop of a function, by one thread."""

    __slots__ = ("changes", "mark", "names", "rounds", "since", "site", "values")

    def __init__(self, names: tuple[str, ...], site: Site) -> None:
        self.names = names  # the local variables that the loop binds
        self.site = site
        self.changes = -1  # how much its thread had changed when it was last at the top of the loop
        self.since = 0  # how many steps had been taken then
        self.values: tuple[Any, ...] = ()  # of its variables then
        self.rounds = 0  # how often it has gone round with the same variables although something changed
        self.mark = 0  # see cycles.py

    def at_the_top(self, run: Engine, values: tuple[Any, ...]) -> None:
        """The thread is about to test the condition; it waits here if going round again would change nothing."""
        thread = run.current
        unmoved = self.changes >= 0 and _same_values(self.values, values)
        if unmoved and self.changes != thread.changes:
            self.rounds += 1
            looks = self.rounds > _MANY_ROUNDS and run.cycles is None and run.options.livelocks
            looks = looks and not run.loops  # what tasks hold while they wait is no part of a state
            if looks and run.knowledge.learn_cycles():
                run.cut_here(f"the loop at {self.site[0]}:{self.site[1]} goes round and round")
        if unmoved and self.changes == thread.changes:
            wait = Wait(run, self.since)
            run.step((SPIN, None, wait, self.site, tuple((place, READ) for place in wait.reads)))
        self.changes = thread.changes
        self.since = len(run.trace)
        self.values = values
        if run.cycles is not None:
            run.cycles.at_the_top(run, self.mark, self.site)


def _kept(value: Any) -> Any:
    """A value as it is remembered: a generator weakly, since dropping it closes it."""
    return weakref.ref(value) if type(value) is types.GeneratorType else value


def _same_values(before: tuple[Any, ...], now: tuple[Any, ...]) -> bool:
    return all(map(_same, before, now))


def _same(before: Any, now: Any) -> bool:
    """Whether a variable has the same value: the same object, or an equal one that nothing can change."""
    if before is now:
        return True
    kind = type(before)
    if kind is not type(now):
        return False
    if kind is tuple:
        return len(before) == len(now) and _same_values(before, now)
    return kind in _PLAIN and bool(before == now)


# By frame and line, not as a variable of the function, which would show in its `locals()`. The frame that
# enters a loop replaces what an earlier frame with the same id has left here.
_loops: dict[tuple[int, int], Loop] = {}


def new_run() -> None:
    """Forget the loops of the last run."""
    _loops.clear()


def enter(names: tuple[str, ...], site: Site) -> None:
    """A ``while`` loop begins."""
    run = runs.active
    if run is not None:
        loop = _loops[id(sys._getframe(1)), site[1]] = Loop(names, site)
        if run.cycles is not None:
            loop.mark = run.cycles.mark(run)


def top(site: Site) -> bool:
    """A ``while`` loop is about to test its condition. Always true, so that it can stand before it."""
    run = runs.active
    tick(*site)
    if run is None:
        return True
    frame = sys._getframe(1)
    loop = _loops.get((id(frame), site[1]))
    if loop is None:  # it was entered while nothing was watched
        return True
    if not run.alone and not run.dead and run.options.waiting_loops:
        values: tuple[Any, ...] = ()
        if loop.names:
            variables = variables_of(frame)
            values = tuple(_kept(variables.get(name, _UNBOUND)) for name in loop.names)
        loop.at_the_top(run, values)
    else:
        loop.changes = -1
    return True
