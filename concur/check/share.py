"""Share one search among processes: the same schedules in the same order, to the same verdict.

This process keeps the tree of the search as lines (see `lines.py`), and hands out
each for a moment. The others run schedules that end well. Where one does not,
whatever the reason, its line stops before that schedule; when the search has come
there, the schedule is run in this process, like all schedules of a search that is
not shared, and the verdict is made of that run.
"""

import dataclasses
import time
from typing import Any

from concur.check.analysis import Node
from concur.check.crew import Crew, Lost
from concur.check.dpor import Search
from concur.check.lines import Line, State, merge
from concur.check.races import Finder, Pair, Seen

ALONE = 0.2  # seconds: a search that is over by then is not worth the processes
_PIECE = 0.05  # seconds for which a line is handed out
_GRACE = 0.1  # seconds for which answers are waited for when the time is up
_LOOK = 0.5  # seconds without an answer after which the clock is looked at
_NODE = ("picked", "choice", "choices", "todo", "queue", "done", "sleep", "shape")


@dataclasses.dataclass(slots=True)
class Task:
    """A line, for somebody else to go on with."""

    stack: list[tuple[Any, ...]]
    root: int
    taken: set[tuple[int, int]]
    most: int | None  # schedules
    seconds: float


@dataclasses.dataclass(slots=True)
class Answer:
    """How it stands then, and what was found on it."""

    stack: list[tuple[Any, ...]]
    asked: dict[tuple[int, int], int]
    state: State
    done: int
    cut: str | None
    pairs: dict[Pair, Seen]
    one_step: set[str]
    steps: int
    output: Any


@dataclasses.dataclass(slots=True)
class Shared:
    """How far a search has come."""

    search: Search  # its next schedule, if there is one, is to be run here
    more: bool
    done: int
    cut: str | None
    steps: int  # of the last run
    fails: bool = False  # the next schedule does, or something else is the matter with it
    stopped: str | None = None  # why the search ended before its end


def _packed(stack: list[Node]) -> list[tuple[Any, ...]]:
    return [tuple(getattr(node, name) for name in _NODE) for node in stack]


def _unpacked(stack: list[tuple[Any, ...]]) -> list[Node]:
    nodes = []
    for values in stack:
        node = Node(0, 0, None)
        for name, value in zip(_NODE, values, strict=True):
            setattr(node, name, value)
        nodes.append(node)
    return nodes


def go_on(work: Any, task: Task) -> Answer:
    """Search on a line for a moment: in another process.

    Args:
        work: the `Work` of this exploration.
        task: the line.
    """
    search = Search(_unpacked(task.stack), task.root)
    search.taken = task.taken
    work.races = Finder()  # which looks at all steps of its first run
    knowledge, began = work.knowledge, time.perf_counter()
    done, cut, steps = 0, None, 0
    output: Any = None
    while True:
        fixed = len(search.stack)
        search.start()
        state = State.SPECIAL
        try:
            engine = work.run(search)
        except BaseException:
            break
        if engine.uncheckable is not None or knowledge.revised:
            break
        if not engine.pruned and (engine.went_wrong or work.race_in(engine)):
            state = State.FAILED
            break
        search.analyse(engine)
        if engine.uncheckable is not None:
            break
        work.look(engine, search.base)
        if not engine.pruned:
            done += 1
            cut = cut or engine.cut
        steps, output = len(engine.trace), work.output.kept()
        output = (list(output[0]), output[1])
        if not search.plan():
            state = State.BLOCKED if search.blocked else State.OVER
            fixed = len(search.stack)
            break
        if done == task.most or time.perf_counter() - began >= task.seconds:
            state = State.READY
            fixed = len(search.stack)
            break
    knowledge.drop()
    del search.stack[fixed:]  # a run that another process has to make adds nothing
    return Answer(
        _packed(search.stack),
        search.asked,
        state,
        done,
        cut,
        work.races.pairs,
        knowledge.one_step,
        steps,
        output,
    )


class Sharing:
    """A search that is shared."""

    def __init__(self, work: Any, search: Search, done: int, most: int | None, until: float | None) -> None:
        self.work = work
        self.most = None if most is None else most - done
        self.until = until
        self.before = done
        self.main = Line(search)
        self.searching: dict[int, Line] = {}

    def go(self, jobs: int) -> str | None:
        """Search until this process has to go on by itself; returns why, if it is before the end."""
        crew = Crew()
        try:
            crew.start(jobs, self._serve, self.work.watch.off)
            while True:
                for line in reversed(list(self.main.all())):
                    if line.member is None:
                        line.take_over(self.most if line is self.main else None)
                if self._has_come_to_an_end():
                    return None
                left = _LOOK if self.until is None else self.until - time.perf_counter()
                if left > 0:
                    self._hand_out(crew, left)
                elif not self.searching or left < -_GRACE:
                    return None  # the budget is used up
                for member, answer in crew.answers(min(left, _LOOK) if left > 0 else left + _GRACE):
                    self._take(self.searching.pop(member), answer)
                if self.work.progress is not None:
                    self.work.progress(self.total)
        except Lost as lost:
            return f"stopped: {lost}; what it was to search is not searched"
        finally:
            crew.end()

    def _serve(self, task: Task) -> Answer:
        work = self.work
        work.until, work.progress = None, None
        return go_on(work, task)

    def _has_come_to_an_end(self) -> bool:
        main = self.main
        if main.member is not None:
            return False
        return self.used_up or main.state in (State.OVER, State.FAILED, State.SPECIAL)

    @property
    def used_up(self) -> bool:
        """Whether the budget of schedules is."""
        return self.most is not None and self.main.done >= self.most

    @property
    def total(self) -> int:
        """How many schedules have been run, on all lines."""
        return self.before + sum(line.done for line in self.main.all())

    def _hand_out(self, crew: Crew, left: float) -> None:
        ready = self._ready()
        while len(ready) <= len(
            crew.connections
        ):  # one more than are needed: what is searched cannot be split
            new = next(filter(None, map(Line.split, self._at_rest())), None)
            if new is None:
                break
            ready.append(new)
        for line in self._ready():
            if not crew.free:
                return
            member = crew.free[0]
            most = None if self.most is None else max(self.most - self.main.done, 1)
            search = line.search
            task = Task(_packed(search.stack), search.root, search.taken, most, min(_PIECE, left))
            line.member = member
            self.searching[member] = line
            crew.give(member, task)

    def _at_rest(self) -> list[Line]:
        return [line for line in self.main.worth_while() if line.member is None]

    def _ready(self) -> list[Line]:
        return [line for line in self._at_rest() if line.state is State.READY]

    def _take(self, line: Line, answer: Answer) -> None:
        line.member = None
        line.state = answer.state
        line.search.stack = _unpacked(answer.stack)
        line.search.blocked = answer.state is State.BLOCKED
        for key, best in answer.asked.items():
            line.search.asked.setdefault(key, best)
        new = Line(line.search)
        new.done, new.cut, new.pairs, new.one_step = answer.done, answer.cut, answer.pairs, answer.one_step
        new.steps, new.output = answer.steps, answer.output
        line.found(new)


def share(
    work: Any,
    jobs: int,
    search: Search,
    done: int,
    cut: str | None,
    steps: int,
    most: int | None,
    until: float | None,
) -> Shared:
    """Let processes go on with a search, until it is over, or this process has to look at something itself.

    Args:
        work: the `Work` of this exploration, which is given what they find.
        jobs: how many processes.
        search: its next schedule is planned.
        done: how many schedules have been run.
        cut: why one of them was cut, if one was.
        steps: how many the last run had.
        most: the budget of schedules, those that have been run among them.
        until: when the budget of seconds is used up.
    """
    sharing = Sharing(work, search, done, most, until)
    stopped = sharing.go(jobs)
    main = sharing.main
    over = main.member is None and main.state in (State.OVER, State.FAILED, State.SPECIAL)
    over = over and (main.state is State.OVER or not sharing.used_up)
    lines = [main]
    if stopped is not None or (not over and not sharing.used_up):
        lines = list(main.all())  # what they have run was run, although the search has not come there
    failed = None if sharing.used_up else next((line for line in lines if line.state is State.FAILED), None)
    found = Line(search)
    found.done, found.cut, found.steps = done, cut, steps
    for line in lines:
        found.found(line)
    work.knowledge.one_step |= found.one_step
    merge(work.races.pairs, found.pairs)
    work.races.skip(0)
    if main.output is not None:
        work.output.keep(main.output)
    if failed is not None:
        search = Search(failed.search.stack)
    search.clocks = []
    return Shared(
        search,
        more=failed is not None or main.state is not State.OVER,
        done=found.done,
        cut=found.cut,
        steps=main.steps or steps,
        fails=failed is not None or (over and main.state is State.SPECIAL),
        stopped=None if failed else stopped,
    )
