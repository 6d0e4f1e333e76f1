"""States that come back: threads that go round for ever although they change something.

Looked for only in programs in which a loop was seen to go round often with the same
local variables (`spin.Loop`). From then on the state is taken whenever a thread is at
the top of a loop. If it is one that the run was in before, the run could repeat what lies
between for ever. When every thread that could have run in between did run, no fair
scheduler prevents that: a livelock. Otherwise the run ends here; what would follow
follows from the earlier moment too, and there every thread gets its turn (the cycle
proviso of partial-order reduction: Peled, "All from one, one for all", CAV 1993).

While it watches, it stands in the place of the recorder: what a thread has read
is part of the state, since it may still be needed in the middle of an expression.
"""

from typing import Any

from concur.check import engine as runs
from concur.check import ops
from concur.check.engine import Engine
from concur.check.ops import Op
from concur.check.state import state_of
from concur.check.threads import VirtualThread

_MOST_MISSED = 20  # times that a state cannot be written down; then it is not tried again in this run


class Cycles:
    """Watches one run."""

    def __init__(self, recorder: Any = None) -> None:
        self.recorder = recorder  # the one whose place it takes
        self.histories: dict[int, list[Any]] = {}
        self.enabled: list[int] = []  # for each step, who could run before it, as a bit mask
        self.seen: dict[Any, int] = {}  # state -> how many steps had been taken
        self.latest = -1  # how many had been taken when the state was last asked for
        self.missed = 0  # how often there was none

    def mark(self, run: Engine) -> int:
        """How much the current thread has read before it enters a loop."""
        return len(self.histories.get(run.current.tid, ()))

    def at_the_top(self, run: Engine, mark: int, site: tuple[str, int]) -> None:
        """The current thread is at the top of a loop: whatever it read in the last iteration is used up."""
        history = self.histories.setdefault(run.current.tid, [])
        del history[mark:]
        now = len(run.trace)
        if self.missed > _MOST_MISSED or now == self.latest or run.loops:
            return
        self.latest = now
        state = state_of(run, self.histories)
        if state is None:
            self.missed += 1
            return
        first = self.seen.setdefault(state, now)
        if first == now:
            return
        ran = could = 0
        for step in range(first, now):
            ran |= 1 << run.trace[step][0]
            could |= self.enabled[step]
        run.end_in_cycle(first, self.enabled[first], site, fair=not could & ~ran)

    # In the place of the recorder

    def site(self, op: Op) -> Any:
        return None if self.recorder is None else self.recorder.site(op)

    def here(self) -> Any:
        return None if self.recorder is None else self.recorder.here()

    def performed(self, run: Engine, thread: VirtualThread) -> None:
        if self.recorder is not None:
            self.recorder.performed(run, thread)
        op = thread.op
        assert op is not None
        able = 1 << thread.tid
        for other in run.alive:
            if other is not thread and other.op is not None and run.enabled(other):
                able |= 1 << other.tid
        self.enabled += [0] * (thread.last - len(self.enabled)) + [able]
        self._note(thread.tid, (op[0], self._looked_at(op)))

    def _looked_at(self, op: Op) -> Any:
        """The answer of a step that only looks at a lock or a thread, or only tries."""
        kind, place, thing, _, _ = op
        if thing is None:  # all threads were counted
            return None
        if kind in (ops.TRY, ops.READ) and type(place) is tuple and place[1] in (ops.LOCK, ops.THREAD):
            return thing.owner is None if place[1] == ops.LOCK else thing.over()
        return None

    def value(self, value: Any) -> None:
        if self.recorder is not None:
            self.recorder.value(value)
        run = runs.active
        if self._tid is not None and run is not None and run.current.section is None:
            self._note(self._tid, value)

    def called(self, function: str, owner: Any, read: list[Any], args: tuple[Any, ...]) -> None:
        if self.recorder is not None:
            self.recorder.called(function, owner, read, args)

    def __getattr__(self, name: str) -> Any:
        """What else hooks tell a recorder: names and items, for the one run that is shown."""
        return _ignore if self.recorder is None else getattr(self.recorder, name)

    def finished(self, run: Engine) -> None:
        if self.recorder is not None:
            self.recorder.finished(run)

    _tid: int | None = None

    def _note(self, tid: int, fact: Any) -> None:
        self._tid = tid
        self.histories.setdefault(tid, []).append(fact)


def _ignore(*told: Any) -> None:
    """Nobody wants to know."""
