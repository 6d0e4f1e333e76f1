"""What takes steps on an event loop: a task, the loop's callbacks, a timer.

Each is a virtual thread. A step is what one handle of the loop runs: from where a task
goes on to its next await. Nothing else on the loop runs meanwhile, so it is one atomic
operation; all that it touches is noted with it, as `sections.py` does for calls.
"""

import collections
import math
from typing import TYPE_CHECKING, Any

from concur.check import ops
from concur.check.engine import Engine
from concur.check.ops import (
    ACQUIRE,
    FIRE,
    LOCK,
    MODES,
    READ,
    RESUME,
    SLEEP,
    TIMED_ACQUIRE,
    TIMED_JOIN,
    TRY,
    WRITE,
    Op,
)
from concur.check.threads import VirtualThread
from concur.check.touch import keep

if TYPE_CHECKING:
    from concur.check.aio.loop import Loop

__concur__ = True  # what is defined here announces by itself


class Step:
    """One step, while it runs. It stands where `Section` stands for a call that is one step."""

    __slots__ = ("apart", "index", "joins", "locks", "loop", "touched")

    def __init__(self, run: Engine, loop: "Loop") -> None:
        self.loop = loop
        self.apart = False  # that is asked of a call, and means nothing here
        self.index = run.current.last
        self.touched: dict[tuple[Any, int], None] = {}  # places with modes, in the order in which they came
        self.locks: dict[Any, list[Any]] = {}  # place -> the lock, whether it was taken
        # The one run that is shown is spelled out: each operation has its own entry.
        self.joins = not (run.recording and (run.cycles is None or run.cycles.recorder is not None))

    def takes(self, run: Engine, op: Op) -> bool:
        """Make an operation a part of the step; not if it would have to wait, and the whole loop with it."""
        thread = run.current
        kind, place, thing, _, _ = op
        thread.minor = False
        before, thread.op = thread.op, op
        if kind >= ACQUIRE and not run.enabled(thread):
            if kind in (SLEEP, TIMED_ACQUIRE, TIMED_JOIN):
                run.give_up(
                    f"task '{thread.name}' waits for time to pass without an await, which stops the event loop; with"
                    ' timeouts="idle" that is not followed: use asyncio.sleep(), asyncio.timeout()'
                )
            self.touched[(id(self.loop), ops.GATE), WRITE] = None
            self.close(run)
            self.loop.blocked = True
            thread.section = None
            return False
        if not self.joins:
            self._spell_out(run, thread, op)
            return True
        thread.op = before
        keep(thing)
        if op[4] is None:
            if place is not None:
                self.touched[place, MODES[kind]] = None
        else:
            self.touched.update(dict.fromkeys(ops.accesses(op)))
        if type(place) is tuple and place[1] == LOCK:
            known = self.locks.setdefault(place, [thing, False])
            known[1] = known[1] or (kind in (ACQUIRE, TRY, TIMED_ACQUIRE) and thing.owner is None)
        if MODES[kind] != READ or op[4] is not None:
            run.note_change(thread, op)
        elif run.undo:
            run.undo = []
        return True

    def _spell_out(self, run: Engine, thread: VirtualThread, op: Op) -> None:
        thread.site = run.recorder.site(op)
        thread.last = len(run.trace)
        run.inner.add(thread.last)
        run.trace.append((thread.tid, op))
        run.note_change(thread, op)
        run.recorder.performed(run, thread)

    def touch(self, run: Engine, kind: int, place: Any, thing: Any = None) -> None:
        """Note what the loop itself does within the step."""
        self.takes(run, (kind, place, thing, None, None))

    def close(self, run: Engine) -> None:
        """The step is over: write down all that it touched."""
        if not self.joins:
            return
        tid, op = run.trace[self.index]
        assert op[4] is not None
        gate, *before = op[4]  # of the loop: it stays in front
        pairs = {**dict.fromkeys(before), **self.touched}
        written = {op[1], *(place for place, mode in pairs if mode == WRITE)}
        more = (each for each in pairs if (each[1] == WRITE or each[0] not in written) and each[0] != op[1])
        run.trace[self.index] = (tid, (*op[:4], (gate, *more)))
        for place, (lock, taken) in self.locks.items():
            run.locked.setdefault(self.index, {})[place] = (taken, lock.owner is not None)


class Process:
    """A virtual thread that takes the steps of one task, or runs the callbacks of the loop in their order."""

    kind = RESUME

    def __init__(self, loop: "Loop", run: Engine, name: str, task: Any = None) -> None:
        self.loop = loop
        self.task = task
        self.handles: collections.deque[Any] = collections.deque()
        self.done = 0  # how many handles it has run
        self.path: tuple[int, ...] = loop.next_path()
        self.site: Any = None
        self.thread = run.prepare(name, self._live, daemon=True, thing=self)
        self.thread.quiet = True
        loop.processes[self.thread.tid] = self
        run.launch(self.thread)

    # What a Thread of the program has, and reports ask for.
    @property
    def _cc_name(self) -> str:
        return self.thread.name

    def stand(self, recorder: Any) -> Any:
        """Where it is, for a report."""
        from concur.check.aio.told import stand  # which knows the processes

        return stand(self, recorder)

    def ready(self) -> bool:
        """Whether its next step can be taken now."""
        loop = self.loop
        return bool(self.handles) and loop.goes_round() and (loop.order is None or loop.order[0] is self)

    def counts(self) -> bool:
        """Whether, at the end of a run, it could have taken a step had the loop not been stopped."""
        return bool(self.handles) and (self.loop.order is None or self.loop.order[0] is self)

    def place(self) -> Any:
        """What whoever lets it go on writes."""
        return (id(self), ops.READY)

    def _op(self) -> Op:
        loop = self.loop
        place = self.place() if loop.order is None else (id(loop), ops.READY)
        return (self.kind, place, self, None, (((id(loop), ops.GATE), READ),))

    def _live(self) -> None:
        loop = self.loop
        run = loop.run
        assert run is not None
        while True:
            run.step(self._op())
            self._step(run)
            if self._is_over():
                return

    def _is_over(self) -> bool:
        return self.task is not None and not self.handles and self.task._state != "PENDING"

    def _step(self, run: Engine) -> None:
        loop, thread = self.loop, run.current
        handle = self.handles.popleft()
        self.done += 1
        if loop.order is not None:
            loop.order.popleft()
        thread.section = step = Step(run, loop)
        loop.enter(self)
        try:
            if not run.alone:
                step.touch(run, READ, (id(handle), "_cancelled"), handle)
            if not handle._cancelled:
                loop.run_handle(handle, step)
        finally:
            loop.leave()
            if thread.section is step:
                thread.section = None
                if not run.dead:
                    step.close(run)

    def schedule(self, run: Engine, handle: Any) -> None:
        """Let it run a handle; announced as a part of what the current step does."""
        self.handles.append(handle)
        loop = self.loop
        if loop.order is not None:
            loop.order.append(self)
        if run.alone:
            _note_alone(run, self.place())
        elif loop.order is not None:
            run.step((WRITE, (id(loop), "tail"), loop, None, None))
        else:
            run.step((WRITE, self.place(), self, None, None))


def _note_alone(run: Engine, place: Any) -> None:
    """The main thread, between two runs of the loop, lets a task go on: that is part of its last step."""
    last = run.current.last
    if run.current.tid == 0 and last >= 0:
        tid, op = run.trace[last]
        run.trace[last] = (tid, (*op[:4], (*(op[4] or ()), (place, WRITE))))


class Callbacks(Process):
    """All callbacks of a loop that are no steps of tasks: they run in the order in which they were registered."""

    def place(self) -> Any:
        """A place for each callback, so that running one does not conflict with registering the next."""
        return (id(self), f"callback {self.done}")

    def schedule(self, run: Engine, handle: Any) -> None:
        number = self.done + len(self.handles)
        self.handles.append(handle)
        if self.loop.order is not None:
            self.loop.order.append(self)
        place = (id(self), f"callback {number}")
        if run.alone:
            _note_alone(run, place)
        elif self.loop.order is not None:
            run.step((WRITE, (id(self.loop), "tail"), self.loop, None, None))
        else:
            run.step((WRITE, (id(self), "the last callback"), self, None, ((place, WRITE),)))

    def _is_over(self) -> bool:
        return False


class Timer(Process):
    """A callback that the loop runs later: its time may come at any moment, or only when nobody can go on."""

    kind = FIRE

    def __init__(self, loop: "Loop", run: Engine, name: str, handle: Any) -> None:
        self.handle = handle
        self.cancelled = False
        self.cancelled_at = -1  # how many steps had been taken then
        self.fired = False
        super().__init__(loop, run, name)
        self.watch_clock(run)

    def watch_clock(self, run: Engine) -> None:
        """With timeouts="idle", time passes up to its moment when nobody can go on."""
        if run.options.timeouts == "idle" and self.handle._when != math.inf:
            self.thread.deadline = self.handle._when
            self.thread.expired = self.handle._when <= run.now

    def ready(self) -> bool:
        """Whether it may fire now; or, once it has fired in first-in first-out order, run."""
        if self.fired:
            return super().ready()
        return self.loop.goes_round() and not self.cancelled and self.counts()

    def counts(self) -> bool:
        """Whether it could fire, or could have fired before it was cancelled."""
        if self.fired:
            return super().counts()
        run = self.loop.run
        assert run is not None
        return self.thread.expired if run.options.timeouts == "idle" else self.handle._when != math.inf

    def _op(self) -> Op:
        run = self.loop.run
        assert run is not None
        gate = ((id(self.loop), ops.GATE), READ)
        if self.fired:
            return (RESUME, (id(self.loop), ops.READY), self, None, (gate,))
        moves = run.options.timeouts == "any" and run.knowledge.clock
        more = (gate, (ops.CLOCK, ops.ADVANCE)) if moves else (gate,)
        return (FIRE, self.place(), self, None, more)

    def _live(self) -> None:
        loop = self.loop
        run = loop.run
        assert run is not None
        run.step(self._op())
        self.fired = True
        self.thread.deadline = None
        if run.options.timeouts == "any" and run.knowledge.clock:
            run.now = max(run.now, self.handle._when)
        if loop.order is not None:
            self.thread.section = step = Step(run, loop)
            self.schedule(run, self.handle)
            self.thread.section = None
            step.close(run)
            run.step(self._op())
        else:
            self.handles.append(self.handle)
        self._step(run)

    def cancel(self, run: Engine) -> None:
        """It is not to fire any more."""
        self.cancelled = True
        self.cancelled_at = len(run.trace)
        if not run.alone:
            run.step((WRITE, self.place(), self, None, None))
        self.thread.deadline = None
