"""Random schedules, for programs too large to exhaust.

Before a step that no other thread can tell the place of, there is nothing to
decide: the thread that came to it goes on. Which steps these are is learnt from
the runs made so far (see `places.py`); the first run decides everywhere.
"""

import random
from typing import Any

from concur.check.engine import Engine
from concur.check.places import Places
from concur.check.threads import VirtualThread

_LONGEST = 200  # quiet steps in a row: a loop may wait there for something that was never shared before

_LENGTH = 50  # shared steps of a run, before there was one


class RandomWalk:
    """Any thread that can go on, at each step that threads share."""

    most = 0  # see Priorities

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.number = 0
        self.random = random.Random(seed)
        self.places = Places()
        self.last: Engine | None = None  # the run that is being made
        self.threads = 1  # how many there were at the last decision
        self.quiet = 0  # steps since then

    def start(self, number: int | None = None) -> None:
        """Begin a run: the next one, if it has no number.

        The run depends on the seed, its number, and what the runs before it have shown.
        """
        self.learn()
        self.number = self.number + 1 if number is None else number
        self.random.seed(f"{self.seed} {self.number}")
        self.threads = 1
        self.quiet = 0

    def learn(self) -> None:
        """Take in the run that is over."""
        if self.last is not None:
            self.places.learn_from(self.last)
        self.forget()

    def forget(self) -> None:
        """Do not take it in."""
        self.last = None

    def pick(self, engine: Engine, current: VirtualThread | None) -> VirtualThread | None:
        self.last = engine
        if current is not None and self._goes_on(engine, current):
            self.quiet += 1
            return current
        self.quiet = 0
        self.threads = len(engine.threads)
        able = engine.enabled_threads()
        return self.decide(able) if able else None

    def decide(self, able: list[VirtualThread]) -> VirtualThread:
        """Who of these goes on."""
        return self.random.choice(able)

    def stay(self, engine: Engine, thread: VirtualThread) -> None:
        """Nothing to choose."""

    def choose(self, engine: Engine, count: int) -> int:
        """Any alternative."""
        return self.random.randrange(count)

    def _goes_on(self, engine: Engine, current: VirtualThread) -> bool:
        """Whether there is nothing to decide: it has not blocked, started a thread, or come to a shared place."""
        return (
            self.is_quiet(current)
            and len(engine.threads) == self.threads
            and self.quiet < _LONGEST
            and engine.enabled(current)
        )

    def is_quiet(self, thread: VirtualThread) -> bool:
        """Whether the step that the thread has announced races with no other."""
        assert thread.op is not None
        return self.places.quiet(thread.op)


class Priorities(RandomWalk):
    """PCT: the thread of highest priority goes on; at a few random shared steps it drops to the lowest.

    Burckhardt, Kothari, Musuvathi, Nagarakatte: "A randomized scheduler with
    probabilistic guarantees of finding bugs", ASPLOS 2010; their depth is the number
    of changes plus one. The number of shared steps is the largest of the runs before.
    """

    changes = 7  # by the figures of tests/benchmarks/bench_sample.py; 2 misses what needs 4 threads to meet

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.steps = 0  # at shared places, in this run
        self.most = 0  # in one of the runs before
        self.priority: dict[int, float] = {}
        self.change_at: dict[int, int] = {}

    def start(self, number: int | None = None) -> None:
        super().start(number)
        self.priority = {}
        length = max(self.most, self.changes) if self.most else _LENGTH
        places = self.random.sample(range(1, length + 1), self.changes)
        self.change_at = {place: order for order, place in enumerate(places)}

    def learn(self) -> None:
        self.most = max(self.most, self.steps)
        super().learn()

    def forget(self) -> None:
        super().forget()
        self.steps = 0

    def decide(self, able: list[VirtualThread]) -> VirtualThread:
        for thread in able:
            if thread.tid not in self.priority:
                self.priority[thread.tid] = 1 + self.random.random()
        first = self._first(able)
        if not self.is_quiet(first):
            order = self.change_at.pop(self.steps + 1, None)
            if order is not None:
                self.priority[first.tid] = -1.0 - order
                first = self._first(able)
        self.steps += not self.is_quiet(first)
        return first

    def _first(self, able: list[VirtualThread]) -> VirtualThread:
        return max(able, key=lambda thread: self.priority[thread.tid])


STRATEGIES: dict[str, Any] = {"random": RandomWalk, "pct": Priorities}
