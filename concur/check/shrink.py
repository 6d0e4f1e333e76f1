"""The same failure with the fewest context switches.

The schedule that a search happens to find jumps between threads for no reason.
What a reader has to follow is each *context switch*: two consecutive steps of a
schedule that are of different threads, whether the first thread could have gone
on or had blocked or ended, and whether the run has failed by then or not.

Two passes, both within one budget of runs and steps, so that the verdict is the
same on every machine:

1. Greedy: drop pieces of the schedule, or join two blocks of one thread's steps,
   and see whether a run that follows what is left, as far as it can, still fails.
2. A search from below: all runs with 0 switches, then 1, then 2, up to what the
   first pass has reached. A thread is interrupted only before a step at a place
   that threads share (see `places.py`): elsewhere it makes no difference. If the
   budget lasts, no run of fewer switches fails in this way.

Among runs of as many switches the one with fewer steps is taken, then the one in
which threads of lower numbers come first.
"""

import heapq
import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from concur.check.engine import Engine
from concur.check.ops import ACQUIRE
from concur.check.places import Places
from concur.check.threads import Strategy, VirtualThread

MAX_RUNS = 300
MAX_STEPS = 100_000  # in all these runs together
_MOST_PAIRS = 20  # of threads that are tried in each other's roles

Block = tuple[int, int]  # a thread, and how many steps it takes in a row


def switches(schedule: Sequence[int]) -> int:
    """How many consecutive steps are of different threads."""
    return sum(one != other for one, other in itertools.pairwise(schedule))


Way = tuple[Any, ...]


def way_of_failing(engine: Engine) -> Way:
    """What must stay the same: who raised what first, if anybody did, who waits for ever, and whether all go round."""
    stuck = frozenset(thread.tid for thread in engine.deadlocked)
    first = engine.failures[0] if engine.failures else None
    error = None if first is None else (first.thread.tid, type(first.error).__name__)
    return stuck, error, engine.livelocked


def shrink(
    run: Callable[[Strategy], Engine],
    found: Engine,
    way: Callable[[Engine], Way] = way_of_failing,
    max_runs: int = MAX_RUNS,
    max_steps: int = MAX_STEPS,
) -> tuple[list[int], list[int]]:
    """A run that fails as `found` does, with as few switches as the budget can show: its schedule, its choices.

    Args:
        run: makes one run with everything announced.
        found: such a run, which went wrong.
        way: what must be the same of two runs that fail in the same way; begins with the threads that wait for ever.
        max_runs: the budget.
        max_steps: the budget in visible operations.
    """
    shrinker = _Shrinker(run, found, way, max_runs, max_steps)
    try:
        shrinker.greedily()
        shrinker.from_below()
    except _Spent:
        pass
    return shrinker.best, shrinker.choices


class _Spent(Exception):
    """The budget is used up."""


class _Guided:
    """What the strategies here share: data choices are taken from a list, then the first alternative is."""

    def __init__(self, choices: Sequence[int] = ()) -> None:
        self.choices = iter(choices)

    def choose(self, engine: Engine, count: int) -> int:
        """One of `count` alternatives."""
        choice = next(self.choices, 0)
        return choice if choice < count else 0

    def stay(self, engine: Engine, thread: VirtualThread) -> None:
        """The thread takes a step where no other can be picked."""


class Lenient(_Guided):
    """Follow a list of threads; whoever cannot run is skipped, and at its end nobody is interrupted."""

    def __init__(self, wanted: Sequence[int], choices: Sequence[int] = ()) -> None:
        super().__init__(choices)
        self.wanted = iter(wanted)

    def pick(self, engine: Engine, current: VirtualThread | None) -> VirtualThread | None:
        able = engine.enabled_threads()
        if not able:
            return None
        for tid in self.wanted:
            for thread in able:
                if thread.tid == tid:
                    return thread
        return current if current in able else able[0]

    def stay(self, engine: Engine, thread: VirtualThread) -> None:
        next(self.wanted, None)


class Bounded(_Guided):
    """Follow a prefix, then interrupt nobody; note where another thread could have been picked instead.

    A run that cannot end with `most` switches is given up.
    """

    def __init__(
        self,
        prefix: Sequence[int],
        most: int,
        stuck: frozenset[int],
        places: Places,
        choices: Sequence[int] = (),
    ) -> None:
        super().__init__(choices)
        self.prefix = prefix
        self.most = most
        self.stuck = stuck
        self.places = places
        self.taken: list[int] = []
        self.switches = 0
        self.branches: list[tuple[int, int, int]] = []  # switches at least, index of the step, thread

    def pick(self, engine: Engine, current: VirtualThread | None) -> VirtualThread | None:
        able = engine.enabled_threads()
        if not able:
            return None
        index = len(self.taken)
        picked: VirtualThread | None
        if index < len(self.prefix):
            picked = next((thread for thread in able if thread.tid == self.prefix[index]), None)
        else:
            picked = current if current in able else able[0]
            if picked is not current or not self.places.quiet(picked.op):  # type: ignore[arg-type]
                for other in able:
                    least = self._least(engine, other)
                    if other is not picked and least <= self.most:
                        self.branches.append((least, index, other.tid))
        if picked is None or self._least(engine, picked) > self.most:
            engine.pruned = True
            return None
        self._take(picked)
        return picked

    def stay(self, engine: Engine, thread: VirtualThread) -> None:
        self._take(thread)

    def _take(self, thread: VirtualThread) -> None:
        self.switches += self._is_switch(thread)
        self.taken.append(thread.tid)

    def _is_switch(self, thread: VirtualThread) -> bool:
        return bool(self.taken) and self.taken[-1] != thread.tid

    def _least(self, engine: Engine, picked: VirtualThread) -> int:
        """How many switches the run has at least, if that thread takes the next step.

        Each other thread has to be switched to once more, if it does not wait for ever in the end, or has
        announced a step that always can be taken.
        """
        others = sum(
            thread is not picked
            and not thread.daemon
            and (thread.tid not in self.stuck or (thread.op is not None and thread.op[0] < ACQUIRE))
            for thread in engine.alive
        )
        return self.switches + self._is_switch(picked) + others


class _Shrinker:
    def __init__(
        self,
        run: Callable[[Strategy], Engine],
        found: Engine,
        way: Callable[[Engine], Way],
        max_runs: int,
        max_steps: int,
    ) -> None:
        self.run = run
        self.way = way
        self.wanted = way(found)
        self.best = [tid for tid, _ in found.trace]
        self.choices = found.choices
        self.places = Places()
        self.places.learn_from(found)
        self.runs = max_runs
        self.steps = max_steps

    def greedily(self) -> None:
        """Make the schedule simpler as long as one of the moves does."""
        size = len(_blocks(self.best)) // 2
        while size:
            start = 0
            while start < len(blocks := _blocks(self.best)):
                if not self._is_better(
                    Lenient(_steps(blocks[:start] + blocks[start + size :]), self.choices)
                ):
                    start += size
            size //= 2
        while any(
            self._is_better(Lenient(_steps(moved), self.choices)) for moved in _moves(_blocks(self.best))
        ):
            pass

    def from_below(self) -> None:
        """Run what has the fewest switches first, until nothing is left that could be better."""
        known = -1
        while known != len(self.places.shared):  # else runs were passed over by what was not known yet
            known = len(self.places.shared)
            self._search(known)

    def _search(self, known: int) -> None:
        order = itertools.count()  # what was noted first, of as many switches
        queue: list[tuple[int, int, list[int], int, int]] = [(0, next(order), [], 0, 0)]
        while queue and known == len(self.places.shared):
            least, _, taken, at, thread = heapq.heappop(queue)
            most = switches(self.best)
            if least > most:
                return
            strategy = Bounded([*taken[:at], thread], most, self.wanted[0], self.places, self.choices)
            self._is_better(strategy)
            for cost, index, tid in strategy.branches:
                heapq.heappush(queue, (cost, next(order), strategy.taken, index, tid))

    def _is_better(self, strategy: Strategy) -> bool:
        if self.runs <= 0 or self.steps <= 0:
            raise _Spent
        engine = self.run(strategy)
        self.runs -= 1
        self.steps -= len(engine.trace)
        self.places.learn_from(engine)
        given_up = engine.pruned or engine.cut or engine.uncheckable
        if given_up or self.way(engine) != self.wanted:
            return False
        schedule = [tid for tid, _ in engine.trace]
        if _rank(schedule) >= _rank(self.best):
            return False
        self.best, self.choices = schedule, engine.choices
        return True


def _rank(schedule: list[int]) -> tuple[int, int, list[int]]:
    return switches(schedule), len(schedule), schedule


def _blocks(schedule: list[int]) -> list[Block]:
    return [(tid, len(list(steps))) for tid, steps in itertools.groupby(schedule)]


def _steps(blocks: list[Block]) -> list[int]:
    return [tid for tid, count in blocks for _ in range(count)]


def _moves(blocks: list[Block]) -> Iterator[list[Block]]:
    """Simpler schedules that may fail in the same way.

    Each block is joined with its thread's next one, at the place of either, left out, or put behind the
    block of a lower thread; or two threads change roles, so that the lower one comes first.
    """
    for index, (tid, count) in enumerate(blocks):
        before, after = blocks[:index], blocks[index + 1 :]
        later = next((at for at, block in enumerate(after) if block[0] == tid), None)
        if later is not None:
            joined = [(tid, count + after[later][1])]
            yield before + joined + after[:later] + after[later + 1 :]
            yield before + after[:later] + joined + after[later + 1 :]
        yield before + after
        if after and after[0][0] < tid:
            yield [*before, after[0], (tid, count), *after[1:]]
    order = dict.fromkeys(tid for tid, _ in blocks)
    turned = (pair for pair in itertools.combinations(order, 2) if pair[0] > pair[1])
    for one, other in itertools.islice(turned, _MOST_PAIRS):
        roles = {one: other, other: one}
        yield [(roles.get(tid, tid), count) for tid, count in blocks]
