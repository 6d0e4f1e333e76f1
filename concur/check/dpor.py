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
from concur.check.ops import ATOMIC, RESUME, Op, dependent
from concur.check.threads import VirtualThread


class Search:
    """The strategy: pick along the schedule, then analyse the run and plan the next one."""

    rules = RULES

    def __init__(self, stack: list[Node] | None = None, root: int = -1) -> None:
        """A search from the beginning, or of what begins with the steps of `stack`.

        Args:
            stack: the next schedule, as far as it is fixed.
            root: of these steps the last in whose place this search tries nothing else; see `lines.py`.
        """
        self.stack = stack or []
        self.root = root
        self.asked: dict[tuple[int, int], int] = {}  # what it would have tried there, and did not
        self.taken: set[tuple[int, int]] = set()  # step and thread: what others try
        self.blocked = False  # one of these comes next
        self.depth = 0
        self.base = -1  # the step that differs from the last run; new steps follow it
        self.sleep = 0  # who sleeps, as a bit mask; after the latest step, if that is settled
        self.settled = True
        self.pruned = 0
        self.clocks: list[Clock] = []  # of the last run, which the next one shares up to its base

    def start(self) -> None:
        """Begin a run."""
        self.depth = 0
        self.sleep = 0
        self.settled = True
        self.base = len(self.stack) - 1

    def pick(self, engine: Engine, current: VirtualThread | None) -> VirtualThread | None:
        depth = self.depth
        self.depth = depth + 1
        if depth < len(self.stack):
            return self._replay(engine, depth)
        sleep = self._settled(engine)
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
        self.settled = False
        return picked

    def stay(self, engine: Engine, thread: VirtualThread) -> None:
        """The thread takes a step where no other can be picked."""
        depth = self.depth
        self.depth = depth + 1
        assert thread.op is not None
        sleep = self._settled(engine)
        if depth >= len(self.stack):
            self.stack.append(Node(thread.tid, sleep, shape(thread.op)))
        elif self.stack[depth].picked != thread.tid:
            self._diverged(engine, depth)
        self.sleep = sleep & ~(1 << thread.tid)
        self.settled = False

    def choose(self, engine: Engine, count: int) -> int:
        """Which alternative of the step just taken is tried in this run."""
        node = self.stack[engine.current.last]
        node.choices = count
        return node.choice

    def _settled(self, engine: Engine) -> int:
        """Who sleeps on after the latest step. What that step touched is known only now: it may be a whole call."""
        if not self.settled:
            self.settled = True
            if self.sleep and "sleep-wakes" in self.rules:
                self.sleep = self._still_asleep(engine, self.sleep, engine.trace[-1][1])
        return self.sleep

    def _still_asleep(self, engine: Engine, sleep: int, op: Op) -> int:
        left = 0
        by_daemon = engine.threads[
            engine.trace[-1][0]
        ].daemon  # then it matters whether the run had ended before
        for thread in engine.alive:
            if sleep >> thread.tid & 1 and thread.op is not None:
                wakes = _may_depend(thread.op, op) or (by_daemon and thread.ending and not thread.daemon)
                if not wakes:
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
            self.sleep = (node.sleep | node.done) & ~(1 << node.picked)
            self.settled = False
        elif node.shape != shape(op):
            self._diverged(engine, depth)
            return None
        return picked

    def covered(self, steps: int) -> str:
        """What the search has covered when it is stopped between two runs, of which the last had so many steps."""
        same = len(self.stack)
        return f"every schedule that begins with the first {same:,} of the {steps:,} steps of the last one was covered"

    def _diverged(self, engine: Engine, depth: int) -> None:
        node = self.stack[depth]
        expected = None if depth == self.base else node.shape  # at the base another thread is picked
        engine.uncheckable = describe(engine, depth + 1, node.picked, expected)

    def next(self, engine: Engine) -> bool:
        """Plan the next run; False when every class has been run."""
        self.analyse(engine)
        return self.plan()

    def analyse(self, engine: Engine) -> None:
        """See which schedules the run that is over asks for."""
        if engine.cycle is not None:  # here every thread gets its turn
            first, able = engine.cycle
            while able:
                one, able = able & -able, able & able - 1
                self.ask(first, one, one)
        if self.stack:
            analysis = Analysis(self.stack, engine, self.base, self.ask, self.rules)
            analysis.run(self.clocks)
            self.clocks = analysis.after

    def plan(self) -> bool:
        """Go to the next schedule; False when there is none, or another line has it."""
        self.blocked = False
        stack = self.stack
        while len(stack) > max(self.root, 0):
            node = stack[-1]
            if node.choice + 1 < node.choices:
                node.choice += 1
                return True
            node.done |= 1 << node.picked
            tried = node.done | node.sleep
            while node.queue:
                picked, *rest = node.queue
                if (len(stack) - 1, picked) in self.taken:
                    self.blocked = True
                    return False
                node.queue = tuple(rest)
                if not tried >> picked & 1:
                    node.picked, node.choices, node.choice = picked, 1, 0
                    return True
            stack.pop()
        return False

    def ask(self, step: int, initials: int, best: int) -> None:
        """Have one of these threads tried in the place of a step: `best`, if none of them is to be anyway.

        They are tried in the order of asking. So what is to be tried is known as soon as it has been asked for,
        with what will have been tried before it.
        """
        node = self.stack[step]
        if node.todo & initials:
            return
        if step <= self.root:
            self.asked.setdefault((step, initials), best)
            return
        node.todo |= best
        node.queue += (best.bit_length() - 1,)


def _may_depend(pending: Op, op: Op) -> bool:
    """Whether what a thread is about to do depends on a step."""
    if dependent(pending, op) or pending[0] >= RESUME:  # what a task is about to touch is not known
        return True
    place = pending[1]
    return type(place) is tuple and place[1] == ATOMIC and pending[2].might_touch(op)
