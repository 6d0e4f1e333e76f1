"""The races of a run: which pairs of its steps could have come in the other order.

Steps are ordered by vector clocks: program order, the starting of a thread, and
the order of dependent steps. A blocked operation races too: what the threads had
announced when the run ended is analysed as if it came next.
"""

import dataclasses
from collections.abc import Callable, Iterable
from typing import Any

from concur.check import ops
from concur.check.engine import Engine
from concur.check.ops import (
    ACQUIRE,
    ADVANCE,
    FIRE,
    GATE,
    JOIN,
    READ,
    RELEASE,
    RESUME,
    SPIN,
    TIMED_ACQUIRE,
    TIMED_JOIN,
    TRY,
    Op,
    dependent,
)

Clock = list[int]  # for each thread, the index of its latest step that is known


# Rules of the analysis; the mutation tests switch them off, to see that the soundness tests notice.
RULES = frozenset(("pending", "initials", "failed-try", "sleep-wakes", "opener", "readers"))


class Node:
    """One step of the current schedule, and what is to be tried in its place. Thread sets are bit masks."""

    __slots__ = ("choice", "choices", "done", "picked", "queue", "shape", "sleep", "todo")

    def __init__(self, picked: int, sleep: int, shape: Any) -> None:
        self.picked = picked
        self.choices = 1  # alternatives that the step has
        self.choice = 0
        self.todo = 1 << picked  # who has been asked for
        self.queue: tuple[int, ...] = ()  # those of them that are still to come, in the order of asking
        self.done = 0
        self.sleep = sleep
        self.shape = shape


class Location:
    """What has happened so far at one place."""

    __slots__ = ("advances", "opener", "readers", "reading", "taken", "writer")

    def __init__(self) -> None:
        self.writer = -1  # the last step that changed it
        self.readers: dict[int, int] = {}  # thread -> its last step that only looked, since then
        self.opener = -1  # the last step that made others wait: a lock taken, a thread started
        self.taken = False  # a lock that is held
        # Of the clock, or of a history:
        self.advances: list[int] = []  # they commute with each other, not with a reading
        self.reading = True  # the latest step was a reading


def shape(op: Op) -> Any:
    """What must be the same when a step is replayed."""
    place = op[1]
    return (op[0], op[3], place[1] if type(place) is tuple else place)


_AT_GATE = -1  # what is done to the gate of an event loop, but by the main thread, which waits for it


def _kind_at(place: Any, mode: int) -> int:
    """The kind of what a step does besides."""
    return _AT_GATE if type(place) is tuple and place[1] == GATE else mode


@dataclasses.dataclass(slots=True)
class _Event:
    """A step, or, at the end, what a thread had announced."""

    index: int
    tid: int
    op: Op
    before: Clock  # what the thread knew, without this step's own conflicts
    early: Clock  # the same when it was announced; another one only if it waited while time moved
    opaque: str | None


class Analysis:
    """The races of one run."""

    def __init__(
        self,
        stack: list[Node],
        engine: Engine,
        base: int,
        ask: Callable[[int, int, int], None],
        rules: frozenset[str] = RULES,
    ) -> None:
        self.stack = stack
        self.ask = ask  # told a step, threads of which one is to be tried in its place, and the best of them
        self.engine = engine
        self.trace = engine.trace
        self.base = max(base, 0)
        self.rules = rules
        self.after: list[Clock] = []  # for each step, what its thread knew after it
        self.places: dict[Any, Location] = {}
        # What a thread knew when it began to wait, if time has moved since.
        self.early: dict[int, Clock] = {}

    def run(self, last: list[Clock]) -> None:
        """Find every race whose later step is new in this run, and ask for the schedule that reverses it.

        Args:
            last: what the threads knew in the last run; it is the same in this one, up to the base.
        """
        engine, trace = self.engine, self.trace
        count = len(engine.threads)
        clocks: list[Clock | None] = [None] * count
        clocks[0] = [-1] * count
        barriers = set(engine.barriers)
        shared = 0 if engine.opaque or not last or len(last[0]) != count else min(self.base, len(last))
        for index, (tid, op) in enumerate(trace):
            if index in barriers:
                self._barrier(clocks, index)
            if index < shared:
                clock = clocks[tid] = last[index]
                self.after.append(clock)
                self.early.pop(tid, None)
                for _, known, kind, mode in self._effects(index, op):
                    self._enter(known, kind, mode, tid, index)
                self._enter_locks(index)
                continue
            clock = self._clock(clocks, tid)
            event = _Event(index, tid, op, clock, self.early.pop(tid, clock), engine.opaque.get(index))
            clocks[tid] = self._performed(event)
        if engine.pruned or "pending" not in self.rules:
            return
        if len(trace) in barriers:
            self._barrier(clocks, len(trace))
        # Of tasks, those that can go on, but for the end of the loop.
        waiting = [(thread, op) for thread, op in engine.pending if op[0] < RESUME or op[2].counts()]
        ended = len(trace) - 1  # the run is over with this step, if no daemon holds it up
        for thread, op in waiting:
            clock = self._clock(clocks, thread.tid)
            if op[0] == RESUME:
                clock = self._let_on(clock, op)
            event = _Event(
                len(trace), thread.tid, op, clock, self.early.get(thread.tid, clock), thread.opaque
            )
            kind = self._waiting_kind(op[0], expired=thread.expired)
            if thread.tid in engine.outlived and ended > clock[trace[ended][0]]:
                self._reverse(ended, event, clock)
            for place, mode in ops.accesses(op):
                if place in self.places:
                    known = self.places[place]
                    fails = known.taken if kind == TRY else not known.taken
                    looks = kind in (TRY, RELEASE) and fails and "failed-try" in self.rules
                    part = kind if place == op[1] else _kind_at(place, mode)
                    if part == _AT_GATE and kind == FIRE and -1 < op[2].cancelled_at <= known.opener:
                        continue  # it could not have fired when the loop was stopped
                    self._races(event, known, part, READ if looks else mode)

    def _clock(self, clocks: list[Clock | None], tid: int) -> Clock:
        clock = clocks[tid]
        if clock is None:  # a thread knows what its creator knew when it started it
            born = self.engine.threads[tid].born
            clock = clocks[tid] = self.after[born] if born >= 0 else [-1] * len(clocks)
        return clock

    def _barrier(self, clocks: list[Clock | None], index: int) -> None:
        """Time moved because nobody could run: all steps before come before all that was announced after.

        What a thread had announced before could also have happened before, had nobody been in its way.
        """
        known = [-1] * len(clocks)
        for step, (tid, _) in enumerate(self.trace[:index]):
            known[tid] = step
        for tid in range(len(clocks)):
            if clocks[tid] is not None or self.engine.threads[tid].born < index:
                self.early.setdefault(tid, self._clock(clocks, tid))
                clocks[tid] = known

    def _effects(self, index: int, op: Op) -> list[tuple[Any, Location, int, int]]:
        """What a step did: the place, what is known of it, and in which kind and mode it was touched."""
        kind = op[0]
        if kind in (TIMED_ACQUIRE, TIMED_JOIN):
            kind = self._waiting_kind(kind, expired=index in self.engine.expired_steps)
        found = []
        for place, mode in ((op[1], ops.MODES[op[0]]),) if op[4] is None else ops.accesses(op):
            if place is None:
                continue
            known = self.places.get(place) or self.places.setdefault(place, Location())
            if op[4] is not None and place != op[1]:
                found.append((place, known, _kind_at(place, mode), mode))
            elif kind in (TRY, RELEASE) and index in self.engine.failed and "failed-try" in self.rules:
                found.append((place, known, kind, READ))  # it changed nothing
            else:
                found.append((place, known, kind, mode))
        return found

    def _performed(self, event: _Event) -> Clock:
        """Let a step happen: its races, and then what its thread knows."""
        known_after = event.before[:]
        effects = self._effects(event.index, event.op)
        rest = self._once_enabled(event)
        gate = event
        if event.op[0] == RESUME:
            clock = self._let_on(event.before, event.op)
            gate = dataclasses.replace(event, before=clock, early=clock)
        for place, known, kind, mode in effects:
            whole = event if rest is None or place == event.op[1] else rest
            if kind == _AT_GATE and mode == READ:
                whole = gate
            self._races(whole, known, kind, mode)
            if known.writer >= 0:  # never where steps advance
                self._join(known_after, known.writer)
            for step in known.advances if mode == READ else known.readers.values():
                self._join(known_after, step)
        for _, known, kind, mode in effects:  # it may touch one place twice
            self._enter(known, kind, mode, event.tid, event.index)
        self._enter_locks(event.index)
        known_after[event.tid] = event.index
        self.after.append(known_after)
        return known_after

    def _once_enabled(self, event: _Event) -> _Event | None:
        """What follows within the same step on an operation that may have to wait, if anything does.

        It cannot come before whatever let that operation take place.
        """
        kind, place, _, _, more = event.op
        if kind < ACQUIRE or kind == SPIN or more is None or place is None:
            return None
        before = event.before[:]
        for enabling in (
            (place, more[0][0]) if kind >= RESUME else (place,)
        ):  # the second: the gate of the loop
            known = self.places.get(enabling)
            if known is not None and known.writer >= 0:
                self._join(before, known.writer)
        return dataclasses.replace(event, before=before, early=before)

    def _let_on(self, clock: Clock, op: Op) -> Clock:
        """What a task knows when it can go on: what whoever let it go on did."""
        known = self.places.get(op[1])
        if known is None or known.writer < 0:
            return clock
        clock = clock[:]
        self._join(clock, known.writer)
        return clock

    def _enter(self, known: Location, kind: int, mode: int, tid: int, index: int) -> None:
        """Note at a place what a step did there."""
        if mode == READ:
            if known.advances and not known.reading:  # readings commute, and so do advances
                known.readers = {}
            known.reading = True
            known.readers[tid] = index
        elif mode == ADVANCE:
            if known.reading:
                known.advances = []
            known.reading = False
            known.advances.append(index)
        else:
            if known.readers:
                known.readers = {}
            if kind in (ACQUIRE, TRY, _AT_GATE) or (known.writer < 0 and kind == ops.WRITE):
                known.opener = index
                known.taken = kind != ops.WRITE
            elif kind == RELEASE:
                known.taken = False
            known.writer = index

    def _enter_locks(self, index: int) -> None:
        """Note what a call that is one step has done to locks."""
        for place, (taken, held) in self.engine.locked.get(index, {}).items():
            known = self.places[place]
            if taken:
                known.opener = index
            known.taken = held

    def _waiting_kind(self, kind: int, *, expired: bool) -> int:
        """What a timed wait amounts to: before its deadline it waits, after it, it only tries."""
        if kind == TIMED_ACQUIRE:
            return TRY if expired else ACQUIRE
        if kind == TIMED_JOIN:
            return READ if expired else JOIN
        return kind

    def _join(self, clock: Clock, step: int) -> None:
        for tid, index in enumerate(self.after[step]):
            if index > clock[tid]:
                clock[tid] = index

    # Races

    def _races(self, event: _Event, known: Location, kind: int, mode: int) -> None:
        """The earlier steps at one place that could have come after this one instead."""
        if event.index < self.base and event.opaque is None and not self.engine.opaque:
            return
        for step, before in self._rivals(event, known, kind, mode):
            opaque = event.opaque or self.engine.opaque.get(step)
            if opaque is not None and self.engine.uncheckable is None:
                self._explain_opaque(opaque, step, event)
            if event.index >= self.base:
                self._reverse(step, event, before)

    def _rivals(self, event: _Event, known: Location, kind: int, mode: int) -> list[tuple[int, Clock]]:
        """The steps to reverse, each with what the event's thread knows if it comes first."""
        now, early = event.before, event.early
        if kind == RESUME:  # because it was let on, or, in the main thread, because the loop has ended
            return []
        if kind == _AT_GATE and mode == READ:  # before the loop was stopped, if it could go on then
            return self._concurrent(event, (known.opener,), now)
        if event.op[0] == SPIN:  # it waited for a change: it comes before this one only if another woke it
            later = self._concurrent(event, (known.writer,), early)
            return [rival for rival in later if self._woken_without(event, rival[0])]
        if mode == ADVANCE:
            return self._concurrent(event, known.readers.values(), now)
        if known.advances and mode == READ:
            return self._concurrent(event, known.advances, now)
        if kind == JOIN and event.index not in self.engine.failed:
            return self._concurrent(
                event, (known.opener,), early
            )  # a thread that has not ended cannot be joined
        if kind == ACQUIRE:  # a lock that is held cannot be taken: only before it was taken
            if known.taken or "opener" not in self.rules:
                return self._concurrent(event, (known.opener,), early)
            readers = self._concurrent(event, known.readers.values(), early)
            return readers or self._concurrent(event, (known.opener,), early)
        # A timed wait that is over could have ended well earlier, before somebody was in its way.
        waited = self._concurrent(event, (known.opener,), early) if early is not now else []
        if mode == READ:
            return waited + self._concurrent(event, (known.writer,), now)
        readers = self._concurrent(event, known.readers.values(), now) if "readers" in self.rules else []
        return waited + (readers or self._concurrent(event, (known.writer,), now))

    def _woken_without(self, event: _Event, step: int) -> bool:
        """Whether a waiting loop could have gone on if that step had come later, with all that follows from it."""
        reads, rival = event.op[2].reads, self.trace[step][0]
        return any(
            place in reads and mode != READ and other > reads[place]
            for other in range(min(reads.values()), min(event.index, len(self.trace)))
            if other in self.engine.changing and self.after[other][rival] < step
            for place, mode in ops.accesses(self.trace[other][1])
        )

    def _concurrent(self, event: _Event, steps: Iterable[int], before: Clock) -> list[tuple[int, Clock]]:
        trace = self.trace
        return [
            (step, before)
            for step in steps
            if step >= 0 and trace[step][0] != event.tid and step > before[trace[step][0]]
        ]

    def _explain_opaque(self, call: str, step: int, event: _Event) -> None:
        names = [self.engine.threads[tid].name for tid in (self.trace[step][0], event.tid)]
        self.engine.uncheckable = (
            f"{call} is not rewritten, and what it touches is touched at the same time by another thread"
            f" ('{names[0]}' and '{names[1]}'); hold a lock around it, or write it out"
        )

    def _reverse(self, step: int, event: _Event, before: Clock) -> None:
        """Ask for a schedule that runs this event before that step: one of the initials of what leads to it."""
        node = self.stack[step]
        trace, after = self.trace, self.after
        rival = trace[step][0]
        first: dict[int, int] = {}  # thread -> its first step that does not depend on the rival step
        initials = best = 0
        tid, op = event.tid, event.op
        free = True  # nothing in between depends on the event itself
        for index in range(step + 1, min(event.index, len(trace))):
            clock = after[index]
            if clock[rival] >= step:
                continue
            other = trace[index][0]
            if free and other != tid and dependent(trace[index][1], op):
                free = "initials" not in self.rules
            if other in first:
                continue
            if all(clock[earlier] < at for earlier, at in first.items()):
                if node.todo >> other & 1:
                    return
                best = best or 1 << other
                initials |= 1 << other
            first[other] = index
        if tid not in first and free and all(before[earlier] < at for earlier, at in first.items()):
            if node.todo >> tid & 1:
                return
            best = 1 << tid
            initials |= best
        assert best
        self.ask(step, initials, best)
