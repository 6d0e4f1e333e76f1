"""Run one schedule of every class of equivalent ones.

Dynamic partial-order reduction with source sets and sleep sets (Abdulla,
Aronis, Jonsson, Sagonas: "Optimal dynamic partial order reduction", POPL 2014;
Flanagan, Godefroid, POPL 2005 for the idea). After each run, every pair of
dependent operations that no other order ties together, a *race*, asks for a
schedule in which it is the other way round. A schedule that would only repeat
an earlier class is given up as soon as a sleeping thread shows it.

A blocked operation races too: what the threads had announced when the run
ended is analysed as if it came next.
"""

from concur.check.analysis import RULES, Analysis, Clock, Node, shape
from concur.check.divergence import describe
from concur.check.engine import Engine
from concur.check.ops import Op, dependent
from concur.check.threads import VirtualThread


class Search:
    """The strategy: pick along the schedule, then analyse the run and plan the next one."""

    rules = RULES

    def __init__(self) -> None:
        self.stack: list[Node] = []
        self.depth = 0
        self.base = -1  # the step that differs from the last run; new steps follow it
        self.sleep = 0
        self.pruned = 0
        self.clocks: list[Clock] = []  # of the last run, which the next one shares up to its base

    def start(self) -> None:
        """Begin a run."""
        self.depth = 0
        self.sleep = 0
        self.base = len(self.stack) - 1

    def pick(self, engine: Engine, current: VirtualThread | None) -> VirtualThread | None:
        depth = self.depth
        self.depth = depth + 1
        if depth < len(self.stack):
            return self._replay(engine, depth)
        sleep = self.sleep
        if current is not None and not sleep >> current.tid & 1 and engine.enabled(current):
            picked = current
        else:
            able = engine.enabled_threads()
            if not able:
                return None
            awake = [thread for thread in able if not sleep >> thread.tid & 1]
            if not awake:
                engine.pruned = True
                self.pruned += 1
                return None
            picked = awake[0]
        assert picked.op is not None
        self.stack.append(Node(picked.tid, sleep, shape(picked.op)))
        if sleep:
            self.sleep = self._still_asleep(engine, sleep, picked.op)
        return picked

    def stay(self, engine: Engine, thread: VirtualThread) -> None:
        """The thread takes a step where no other can be picked."""
        depth = self.depth
        self.depth = depth + 1
        assert thread.op is not None
        if depth >= len(self.stack):
            self.stack.append(Node(thread.tid, self.sleep, shape(thread.op)))
        elif self.stack[depth].picked != thread.tid:
            self._diverged(engine, depth)
        self.sleep = self._still_asleep(engine, self.sleep & ~(1 << thread.tid), thread.op)

    def _still_asleep(self, engine: Engine, sleep: int, op: Op) -> int:
        if "sleep-wakes" not in self.rules:
            return sleep
        left = 0
        for thread in engine.alive:
            if sleep >> thread.tid & 1 and thread.op is not None and not dependent(thread.op, op):
                left |= 1 << thread.tid
        return left

    def _replay(self, engine: Engine, depth: int) -> VirtualThread | None:
        node = self.stack[depth]
        if node.picked >= len(engine.threads):
            self._diverged(engine, depth)
            return None
        picked = engine.threads[node.picked]
        op = picked.op
        if op is None or picked.done:
            self._diverged(engine, depth)
            return None
        if not engine.enabled(picked) and (picked not in engine.enabled_threads()):
            self._diverged(engine, depth)
            return None
        if depth == self.base:
            node.shape = shape(op)
            self.sleep = self._still_asleep(engine, (node.sleep | node.done) & ~(1 << node.picked), op)
        elif node.shape != shape(op):
            self._diverged(engine, depth)
            return None
        return picked

    def _diverged(self, engine: Engine, depth: int) -> None:
        node = self.stack[depth]
        expected = None if depth == self.base else node.shape  # at the base another thread is picked
        engine.uncheckable = describe(engine, depth + 1, node.picked, expected)

    def next(self, engine: Engine) -> bool:
        """Plan the next run; False when every class has been run."""
        if engine.cycle is not None:  # here every thread gets its turn
            first, able = engine.cycle
            self.stack[first].todo |= able
        if self.stack:
            analysis = Analysis(self.stack, engine, self.base, self.rules)
            analysis.run(self.clocks)
            self.clocks = analysis.after
        while self.stack:
            node = self.stack[-1]
            node.done |= 1 << node.picked
            todo = node.todo & ~node.done & ~node.sleep
            if todo:
                node.picked = (todo & -todo).bit_length() - 1
                return True
            self.stack.pop()
        return False
