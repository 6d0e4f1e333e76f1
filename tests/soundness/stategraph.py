"""A second reference, for programs with loops that wait: every state that can be reached, each visited once.

Nothing is known here of waiting loops: the rule of `spin.py` is switched off, and a loop goes round as
often as the scheduler likes. The graph of states is finite, so the search ends where a state comes back.
A state is what the program's variables hold and where each thread stands, with its local variables. So the
programs must not keep a value that was read from elsewhere in the middle of an expression while they read
another one, nor iterate over shared containers.

From the graph follows what can happen: the ends of runs; the deadlocks; and where the threads can go round for
ever and nothing can change that any more, the strongly connected components that no edge leaves.
"""

import os
import sys
import types
from collections.abc import Iterator
from typing import Any

from concur.check import engine as runs
from concur.check.carriers import GreenletCarrier
from concur.check.engine import Engine
from concur.check.knowledge import Knowledge
from concur.check.options import Options
from concur.check.scenario import Scenario
from concur.check.threads import VirtualThread
from concur.check.virtual_locks import Lock
from concur.check.virtual_threads import Thread
from concur.check.visibility import MARK

from .enumeration import TooLarge, Uncheckable, outcome

_CHECK = os.path.dirname(runs.__file__)
State = Any


class _Writer:
    """Writes values down such that equal states are written equally; objects are numbered as they are met."""

    def __init__(self) -> None:
        self.numbers: dict[int, int] = {}

    def write(self, value: Any) -> Any:
        if value is None or isinstance(value, (int, str, bytes)):
            return value
        if isinstance(value, (type, types.FunctionType, types.ModuleType, types.BuiltinFunctionType)):
            return ("constant", getattr(value, "__qualname__", ""))
        if id(value) in self.numbers:
            return ("again", self.numbers[id(value)])
        self.numbers[id(value)] = len(self.numbers)
        if isinstance(value, Lock):
            return ("lock", value.owner, getattr(value, "count", 0))
        if isinstance(value, Thread):
            return ("thread", value.name, None if value._cc_thread is None else value._cc_thread.done)
        if isinstance(value, dict):
            return ("dict", tuple((self.write(key), self.write(element)) for key, element in value.items()))
        if isinstance(value, types.MethodType):
            return ("method", value.__func__.__qualname__, self.write(value.__self__))
        if isinstance(value, types.CellType):
            return ("cell", self.write(value.cell_contents))
        if hasattr(value, "__iter__") and not hasattr(value, "__next__"):
            return (type(value).__name__, tuple(self.write(element) for element in value))
        try:
            fields = object.__getattribute__(value, "__dict__")
        except AttributeError:
            fields = {}
        return (type(value).__name__, tuple((name, self.write(field)) for name, field in fields.items()))


def _frames(frame: types.FrameType | None) -> Iterator[types.FrameType]:
    while frame is not None:
        if MARK in frame.f_globals and not frame.f_code.co_filename.startswith(_CHECK):
            yield frame
        frame = frame.f_back


def state_of(engine: Engine, current: VirtualThread | None, module: Any) -> tuple[Any, State]:
    """What the threads share, and that with where each thread stands."""
    writer = _Writer()
    written: list[Any] = []
    for name in ("o", "locks", "threads", "State", "monitor"):
        value = getattr(module, name, None)
        written.append(writer.write(dict(vars(value)) if name == "State" and value else value))
        if name == "State" and value:
            written[-1] = value.total
    written.append(module.G)
    written.append(writer.write(object.__getattribute__(module.mine, "_cc_local")[0]))
    shared = repr(written)
    for thread in engine.threads:
        top = sys._getframe(1) if thread is current else getattr(thread.carrier, "gr_frame", None)
        stack = []
        if not thread.done:
            for frame in _frames(top):
                values = [
                    (name, writer.write(value))
                    for name, value in sorted(frame.f_locals.items())
                    if type(value).__name__ != "Loop"
                ]
                stack.append((frame.f_code.co_name, frame.f_lasti, tuple(values)))
        kind = None if thread.op is None or thread.done else thread.op[0]
        written.append((thread.name, thread.done, kind, tuple(stack)))
    written.append(tuple((failure.thread.name, type(failure.error).__name__) for failure in engine.failures))
    return shared, repr(written)


class Graph:
    """The strategy: depth first over states."""

    def __init__(self, scenario: Scenario, limit: int) -> None:
        self.scenario = scenario
        self.limit = limit
        self.stack: list[list[int]] = []
        self.depth = 0
        self.before: tuple[State, int] | None = None
        self.edges: dict[State, set[tuple[int, State]]] = {}
        self.enabled: dict[State, set[int]] = {}
        self.shared: dict[State, Any] = {}  # what the threads share, in each state
        self.would_be: dict[State, Any] = {}  # the outcome, if the run stayed here for ever

    def start(self) -> None:
        self.depth = 0
        self.before = None

    def pick(self, engine: Engine, current: VirtualThread | None) -> VirtualThread | None:
        able = engine.enabled_threads()
        if not able:
            return None
        new = self.depth == len(self.stack)
        if new or self.depth == len(self.stack) - 1:
            module = self.scenario.loader.main_module()
            shared, state = state_of(engine, current, module)
            if self.before is not None:
                self.edges[self.before[0]].add((self.before[1], state))
            if new:
                if state in self.edges:
                    engine.pruned = True
                    return None
                if len(self.edges) >= self.limit:
                    raise TooLarge
                self.edges[state] = set()
                self.enabled[state] = {thread.tid for thread in able}
                self.shared[state] = shared
                engine.deadlocked = [thread for thread in engine.alive if not thread.daemon]
                self.would_be[state] = outcome(engine, self.scenario)
                engine.deadlocked = []
                self.stack.append([thread.tid for thread in able])
            self.before = (state, self.stack[self.depth][0])
        tid = self.stack[self.depth][0]
        self.depth += 1
        return engine.threads[tid]

    def choose(self, engine: Engine, count: int) -> int:
        raise AssertionError("the generated programs have no choices")

    def stay(self, engine: Engine, thread: VirtualThread) -> None:
        raise AssertionError("the generated programs call nothing that is not rewritten")

    def next(self, engine: Engine) -> bool:
        while self.stack:
            self.stack[-1].pop(0)
            if self.stack[-1]:
                return True
            self.stack.pop()
        return False

    # What follows from the graph

    def components(self, states: set[State]) -> list[set[State]]:
        """The strongly connected components among some states (Tarjan 1972, without recursion)."""
        index: dict[State, int] = {}
        low: dict[State, int] = {}
        path: list[State] = []
        on_path: set[State] = set()
        found: list[set[State]] = []
        work: list[tuple[State, Iterator[tuple[int, State]]]] = []

        def visit(state: State) -> None:
            index[state] = low[state] = len(index)
            path.append(state)
            on_path.add(state)
            work.append((state, iter(self.edges[state])))

        for root in sorted(states):
            if root in index:
                continue
            visit(root)
            while work:
                state, edges = work[-1]
                for _, target in edges:
                    if target in states and target not in index:
                        visit(target)
                        break
                    if target in on_path:
                        low[state] = min(low[state], index[target])
                else:
                    work.pop()
                    if work:
                        low[work[-1][0]] = min(low[work[-1][0]], low[state])
                    if low[state] == index[state]:
                        component: set[State] = set()
                        while state not in component:
                            component.add(path.pop())
                        on_path -= component
                        found.append(component)
        return found

    def endless(self) -> tuple[set[Any], bool]:
        """Where runs stay for ever: the outcomes of those in which nothing changes, and whether others exist.

        A set of states counts if a scheduler that is fair can stay in it: each thread that is enabled in one of its
        states takes a step in it. If a component has a thread that does not, then without the states
        in which that thread is enabled there may still be one (Emerson and Lei, 1987).
        """
        still: set[Any] = set()
        moving = False
        todo = self.components(set(self.edges))
        while todo:
            component = todo.pop()
            steps = {tid for state in component for tid, target in self.edges[state] if target in component}
            left_out = set.union(*(self.enabled[state] for state in component)) - steps
            if not steps:
                continue
            if left_out:
                todo += self.components({state for state in component if not self.enabled[state] & left_out})
                continue
            outcomes = {self.would_be[state] for state in component}
            if len(outcomes) == 1 and not self.changes_inside(component):
                still |= outcomes
            else:
                moving = True
        return still, moving

    def changes_inside(self, component: set[State]) -> bool:
        """Whether the threads do more than to look: then some shared value differs between its states."""
        return len({self.shared[state] for state in component}) > 1


def reachable(
    path: str | os.PathLike[str], *, timeouts: str = "any", limit: int = 3_000
) -> tuple[set[Any], bool]:
    """Every outcome of the scenario, those of waiting for ever among them, and whether it can livelock."""
    scenario = Scenario(f"{path}::scenario")
    options = Options(timeouts=timeouts, max_steps=100_000, waiting_loops=False)  # type: ignore[arg-type]
    knowledge = Knowledge()
    knowledge.conflated.add("total")  # else a loop that only reads it would be no sequence of steps
    graph = Graph(scenario, limit)
    found: set[Any] = set()
    while True:
        graph.start()
        main = scenario.fresh()
        engine = Engine(graph, GreenletCarrier(), options, knowledge, full=True)
        runs.active = engine
        try:
            engine.run(main)
        finally:
            runs.active = None
        if engine.uncheckable:
            raise Uncheckable(engine.uncheckable)
        if knowledge.revised:
            knowledge.settle()
            graph, found = Graph(scenario, limit), set()
            continue
        if not engine.pruned:
            found.add(outcome(engine, scenario))
        if not graph.next(engine):
            still, moving = graph.endless()
            return found | still, moving
