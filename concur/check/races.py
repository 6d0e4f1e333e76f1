"""Data races by happens-before: accesses of one place that no synchronisation orders.

A *data race* is two accesses of one place by different threads, at least one of which changes it, such that
neither happens before the other. Places are fields, variables and the contents of containers. What happens before
what is known from vector clocks over synchronisation alone (Lamport 1978; Flanagan, Freund: "FastTrack", PLDI 2009):

- the order of the steps of one thread; the start of a thread before all it does;
- the end of a thread before a join, or an ``is_alive()``, that saw the end;
- a release of a lock before every later acquire of it that took it, with a time-out or by trying as well. A try
  or a timed acquire that failed gives no order, nor does ``locked()``;
- the steps taken as one on the same object (``atomic=...``), in both directions;
- inside the primitives of this package, which are more than locks: every change of a place before every later access;
- a write before a read that *polls* the place, such as ``while not self.ready``, and saw it (for which reads poll,
  see `race_text.py`). So what a flag protects is ordered by the flag, as with Peterson's algorithm; the accesses of
  the flag itself are still a race, which `race_kinds.py` calls a note.

So a race is found in a run that ended well, and in one in which the threads took turns. Runs that differ only in
the order of independent steps have the same races, so one run of each class shows all of them.
"""

import re
from pathlib import Path
from typing import Any, NamedTuple

from concur.check.engine import Engine
from concur.check.generators import generator_of
from concur.check.ops import (
    ACQUIRE,
    ATOMIC,
    CLOCK,
    ELSEWHERE,
    FIELDS,
    ITERATOR,
    LOCK,
    READ,
    RELEASE,
    THREAD,
    TIMED_ACQUIRE,
    TRY,
    WRITE,
    Op,
    accesses,
)
from concur.check.race_text import CONTENT, text_of
from concur.check.whereabouts import is_pythons

Clock = list[int]  # for each thread, the index of its latest step that is known
Site = tuple[str, int]


class Access(NamedTuple):
    """One side of a race."""

    site: Site
    mode: int


class Pair(NamedTuple):
    """Two kinds of accesses of one place that were seen unordered; the smaller first."""

    first: Access
    second: Access
    name: str  # of the field or variable; "[]": the content of a container
    owner: str  # the class whose field it is, or the type of the container


class Seen(NamedTuple):
    """Where a pair was seen."""

    threads: tuple[str, str]
    at: int  # index of the later step


class Finder:
    """Collects the pairs of all runs of one exploration."""

    def __init__(self) -> None:
        self.pairs: dict[Pair, Seen] = {}
        _polling.clear()
        # Pairs as the search comes across them again and again, with the ids of sites, to be quick about them.
        self.known: dict[str, set[tuple[int, int, int, int]]] = {}
        self._kept: list[Site] = []  # so that their ids stay theirs
        self._since = 0  # the first step at which the next run can show something new

    def skip(self, base: int) -> None:
        """A run that is not looked at: the next one may share steps with it."""
        self._since = min(self._since, max(base, 0))

    def look(self, engine: Engine, base: int = 0) -> None:
        """Find the races of a run whose steps before `base` are those of the run before."""
        since, self._since = min(self._since, max(base, 0)), len(engine.trace)
        _Run(self, engine, since).go()

    def found(self, engine: Engine, op: Op, place: Any, one: Any, other: Any, at: int) -> None:
        """Note a pair of accesses, each (thread, site, mode)."""
        self._kept += (one[1], other[1])
        name, owner = _name(place, op)
        names = engine.threads[one[0]].name, engine.threads[other[0]].name
        sides = sorted(((Access(*one[1:]), names[0]), (Access(*other[1:]), names[1])))
        pair = Pair(sides[0][0], sides[1][0], name, owner)
        threads = sides[0][1], sides[1][1]
        before = self.pairs.get(pair)
        if before is None:
            self.pairs[pair] = Seen(threads, at)
        else:
            self.pairs[pair] = Seen(min(before.threads, threads), min(before.at, at))


class _Run:
    """The clocks of one run."""

    def __init__(self, finder: Finder, engine: Engine, since: int) -> None:
        self.finder = finder
        self.engine = engine
        self.since = since
        count = len(engine.threads)
        # A clock is replaced when it grows, never changed, so that it can be kept without copying it.
        self.clocks: list[Clock] = [[-1] * count for _ in range(count)]
        self.born = {thread.born: thread for thread in engine.threads[1:]}
        self.released: dict[Any, Clock] = {}  # lock, ended thread -> what is known to those who come after
        self.after: list[Clock] = []  # for each step, what its thread knew then
        # place -> the steps there so far: the index of a change, and of a read the inverse, ~index
        self.steps: dict[Any, list[int]] = {}

    def go(self) -> None:
        engine, clocks, after, since, steps = self.engine, self.clocks, self.after, self.since, self.steps
        opaque = engine.opaque
        for index, (tid, op) in enumerate(engine.trace):
            after.append(clocks[tid])
            kind, first, _, site, more = op
            if site is None:
                if first is not None:
                    self._synchronise(index, tid, op)
                continue
            if index in opaque:
                continue
            if site[0] in _PRIMITIVES:
                self._synchronise_by_hand(index, tid, op)
                continue
            for place, mode in ((first, kind),) if more is None else accesses(op):
                if type(place) is tuple:
                    name = place[1]
                    if name == FIELDS:
                        continue
                elif place is None or place in (CLOCK, ELSEWHERE):
                    continue
                else:
                    name = place
                known = steps.get(place)
                if known is None:
                    steps[place] = [index if mode else ~index]
                    continue
                if index >= since:
                    self._compare(index, place, mode, known)
                known.append(index if mode else ~index)
                if not mode:
                    polled = _polling.get(id(site)) or _look_up(site)
                    if polled[1] and _plain(name) in polled[1]:
                        self._polled(tid, place)

    def _compare(self, index: int, place: Any, mode: int, known: list[int]) -> None:
        """Look for accesses at a place that are not ordered with this step."""
        trace = self.engine.trace
        tid, op = trace[index]
        clock = self.clocks[tid]
        if len(known) > _MANY:  # of the accesses that one thread makes on one line the latest will do
            latest = {(trace[max(at, ~at)][0], trace[max(at, ~at)][1][3], at < 0): at for at in known}
            known[:] = sorted(latest.values(), key=lambda at: max(at, ~at))
        name = place[1] if type(place) is tuple else place
        seen = self.finder.known.setdefault(name, set())
        site = op[3]
        mine, line = tid * 2 + mode, id(site)
        for at in known:
            if at < 0:
                if not mode:
                    continue
                at = ~at
                other, its = trace[at]
                key = (other * 2, id(its[3]), mine, line)
            else:
                other, its = trace[at]
                key = (other * 2 + 1, id(its[3]), mine, line)
            if at > clock[other] and other != tid and key not in seen:
                seen.add(key)
                self.finder.found(
                    self.engine, op, place, (other, its[3], key[0] & 1), (tid, site, mode), index
                )

    def _synchronise(self, index: int, tid: int, op: Op) -> None:
        kind, engine = op[0], self.engine
        for place, _ in accesses(op):
            if type(place) is not tuple or index in engine.failed:
                continue
            if place[1] == ATOMIC or (kind == WRITE and place[1] == LOCK):  # a whole call
                self._acquire(tid, place)
                self._release(index, tid, place)
            elif place[1] == LOCK:
                if kind == RELEASE:
                    self._release(index, tid, place)
                elif kind in (TRY, ACQUIRE, TIMED_ACQUIRE):
                    self._acquire(tid, place)
            elif place[1] == THREAD:
                if kind != WRITE:
                    self._acquire(tid, place)
                elif index in self.born:
                    self.clocks[self.born[index].tid] = self._now(index, tid)
                elif engine.threads[tid].last == index and op[2] in (
                    engine.threads[tid],
                    engine.threads[tid].object,
                ):
                    self._release(index, tid, place)  # it has ended

    def _synchronise_by_hand(self, index: int, tid: int, op: Op) -> None:
        """A step inside a primitive of this package, which orders its callers by more than locks."""
        for place, mode in accesses(op):
            self._acquire(tid, place)
            if mode != READ:
                self._release(index, tid, place)

    def _now(self, index: int, tid: int) -> Clock:
        """All that a thread knows after a step of its own."""
        clock = self.clocks[tid][:]
        clock[tid] = index
        return clock

    def _release(self, index: int, tid: int, place: Any) -> None:
        now, before = self._now(index, tid), self.released.get(place)
        self.released[place] = now if before is None else list(map(max, now, before))

    def _acquire(self, tid: int, place: Any) -> None:
        before = self.released.get(place)
        if before is not None:
            self.clocks[tid] = list(map(max, self.clocks[tid], before))

    def _polled(self, tid: int, place: Any) -> None:
        """A read of a field saw the last write; one of a container may have seen any."""
        trace, clock = self.engine.trace, self.clocks[tid]
        writes = [at for at in self.steps[place] if at >= 0]
        for at in writes if type(place) is tuple and place[1] == CONTENT else writes[-1:]:
            writer = trace[at][0]
            if writer != tid:
                clock = list(map(max, clock, self.after[at]))
                clock[writer] = max(clock[writer], at)
        self.clocks[tid] = clock


_MANY = 40
_PRIMITIVES = frozenset(map(str, Path(__file__).parent.parent.joinpath("sync").glob("*.py")))
_Polls = tuple[Site, frozenset[str]]
_polling: dict[int, _Polls] = {}  # id of a site -> the site, and the places that a read there polls


def _look_up(site: Site) -> _Polls:
    polls = () if is_pythons(site[0]) else text_of(site[0]).polls
    polled = _polling[id(site)] = (site, frozenset(name for name, line in polls if line == site[1]))
    return polled


def _plain(name: str) -> str:
    """A field or a variable as the text names it."""
    if name in (CONTENT, ITERATOR):
        return CONTENT
    name = name.rpartition(":")[2].rpartition(".")[2]
    return re.sub(r"^_[^_]\w*?(?=__)", "", name)  # a private name of a class


def _name(place: Any, op: Op) -> tuple[str, str]:
    """What a place is called, and the class that it belongs to."""
    if type(place) is str:
        owner = op[2]
        named = owner if isinstance(owner, type) else type(owner)
        return _plain(place), "" if owner is None else named.__name__
    thing = generator_of(op[2]) if place == op[1] else None
    owner = "" if thing is None else thing.__name__ if isinstance(thing, type) else type(thing).__name__
    return _plain(place[1]), owner
