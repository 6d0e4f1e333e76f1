"""One search, cut into lines that are searched at the same time, and put together again in its own order.

The search tries what has been asked for in the order of asking. So while it is
below one alternative of a step, the next ones are settled already: which thread
comes first there, and which threads sleep. Each can be searched at once, as a
*line* of its own. What happens on a line depends only on how it begins, and on
nothing that is found elsewhere; what it asks for in the place of a step at or
above its beginning, it only notes.

When the search comes to an alternative that a line has been searching, it takes
over the line as it stands: the schedules that it has run, what it has asked for,
in that order, and what is left to do. That is what the search would have come to
by itself, so with any number of lines it runs the same schedules in the same
order, to the same verdict. A line on which something goes wrong waits there
until the search has come to it: the first failure is the first in this order.
"""

import enum
from collections.abc import Iterator
from typing import Any

from concur.check.analysis import Node
from concur.check.dpor import Search
from concur.check.races import Pair, Seen


class State(enum.Enum):
    """How a line stands."""

    READY = enum.auto()  # its next schedule is planned
    BLOCKED = enum.auto()  # another line has what comes next
    OVER = enum.auto()
    FAILED = enum.auto()  # its next schedule fails
    SPECIAL = enum.auto()  # its next schedule cannot be run to its end, or not under what is known


class Line:
    """A part of a search, and what it has come to so far."""

    def __init__(self, search: Search, state: State = State.READY) -> None:
        self.search = search
        self.state = state
        self.member: int | None = None  # who searches it now
        self.parts: dict[tuple[int, int], Line] = {}  # step and thread -> the line that has that alternative
        # What it has run:
        self.done = 0
        self.cut: str | None = None
        self.pairs: dict[Pair, Seen] = {}
        self.one_step: set[str] = set()
        self.steps = 0  # of the last run
        self.output: Any = None  # of that run

    def found(self, other: "Line") -> None:
        """Take over what another line has found after it."""
        self.done += other.done
        self.cut = self.cut or other.cut
        self.one_step |= other.one_step
        merge(self.pairs, other.pairs)
        if other.steps:
            self.steps, self.output = other.steps, other.output

    def split(self) -> "Line | None":
        """Give away the first alternative that is settled, from above: the largest, most likely."""
        search = self.search
        if self.state not in (State.READY, State.BLOCKED):
            return None
        for depth in range(search.root + 1, len(search.stack)):
            node = search.stack[depth]
            tried = node.done | 1 << node.picked
            for tid in node.queue:
                key = (depth, tid)
                if key not in search.taken and not (tried | node.sleep) >> tid & 1:
                    beginning = Node(tid, node.sleep, node.shape)
                    beginning.done, beginning.todo = tried, node.todo
                    line = Line(Search([*search.stack[:depth], beginning], root=depth))
                    search.taken.add(key)
                    self.parts[key] = line
                    return line
                tried |= 1 << tid
        return None

    def take_over(self, most: int | None = None) -> None:
        """Take over the lines that come next, as long as nobody is at work on them.

        Args:
            most: a budget of schedules. A line that uses it up is thrown away, since the search ends within it.
        """
        search = self.search
        while self.state is State.BLOCKED:
            node, depth = search.stack[-1], len(search.stack) - 1
            tried = node.done | node.sleep
            tid = next(tid for tid in node.queue if not tried >> tid & 1)
            part = self.parts[depth, tid]
            if part.member is not None:
                return
            if most is not None and part.done and self.done + part.done >= most:
                part.abandon()
                if part.is_searched():
                    return
                part = Line(Search([*search.stack[:depth], Node(tid, node.sleep, node.shape)], root=depth))
                part.search.stack[-1].done = node.done
            del self.parts[depth, tid]
            search.taken.remove((depth, tid))
            for (step, initials), best in part.search.asked.items():
                search.ask(step, initials, best)
            self.found(part)
            node.queue = node.queue[node.queue.index(tid) + 1 :]
            node.picked, node.choices, node.choice = tid, 1, 0
            if part.state is State.OVER:
                self.state = State.READY if search.plan() else self.at_rest()
                continue
            beginning, *rest = part.search.stack[depth:]
            node.choices, node.choice, node.shape = beginning.choices, beginning.choice, beginning.shape
            search.stack += rest
            search.taken |= part.search.taken
            self.parts |= part.parts
            self.state = part.state
            search.blocked = part.search.blocked

    def at_rest(self) -> State:
        """The state of a line that has no next schedule of its own."""
        return State.BLOCKED if self.search.blocked else State.OVER

    def abandon(self) -> None:
        """Have nobody begin to work on it, or on what comes after it."""
        self.state = State.SPECIAL

    def is_searched(self) -> bool:
        """Whether anybody is at work on it, or on a part of it."""
        return any(line.member is not None for line in self.all())

    def all(self) -> "Iterator[Line]":
        """It and all its parts, in the order of the search."""
        yield self
        for _, part in sorted(self.parts.items(), key=self._place):
            yield from part.all()

    def worth_while(self) -> "Iterator[Line]":
        """All lines up to the first on which something has gone wrong; the search ends there."""
        for line in self.all():
            yield line
            if line.state in (State.FAILED, State.SPECIAL):
                return

    def _place(self, item: "tuple[tuple[int, int], Line]") -> tuple[int, int]:
        (depth, tid), _ = item
        return -depth, self.search.stack[depth].queue.index(tid)


def merge(pairs: dict[Pair, Seen], more: dict[Pair, Seen]) -> None:
    """Take in pairs of accesses that were seen in other runs."""
    for pair, seen in more.items():
        before = pairs.get(pair, seen)
        pairs[pair] = Seen(min(before.threads, seen.threads), min(before.at, seen.at))
