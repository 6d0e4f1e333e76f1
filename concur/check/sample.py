"""Random schedules, for programs too large to exhaust."""

import random
from typing import Any

from concur.check.engine import Engine
from concur.check.threads import VirtualThread


class RandomWalk:
    """Any thread that can go on, at each step."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def start(self) -> None:
        """Begin a run."""

    def pick(self, engine: Engine, current: VirtualThread | None) -> VirtualThread | None:
        able = engine.enabled_threads()
        return self.random.choice(able) if able else None

    def stay(self, engine: Engine, thread: VirtualThread) -> None:
        """Nothing to choose."""


class Priorities(RandomWalk):
    """PCT: the thread of highest priority goes on; at a few random steps it drops to the lowest.

    Burckhardt, Kothari, Musuvathi, Nagarakatte: "A randomized scheduler with
    probabilistic guarantees of finding bugs", ASPLOS 2010. The number of steps is
    taken from the run before.
    """

    changes = 2

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.steps = 0
        self.length = 50
        self.priority: dict[int, float] = {}
        self.change_at: dict[int, int] = {}

    def start(self) -> None:
        """Begin a run."""
        self.length = max(self.steps, 2) if self.steps else self.length
        self.steps = 0
        self.priority = {}
        self.change_at = {self.random.randrange(1, self.length + 1): order for order in range(self.changes)}

    def pick(self, engine: Engine, current: VirtualThread | None) -> VirtualThread | None:
        able = engine.enabled_threads()
        if not able:
            return None
        for thread in able:
            if thread.tid not in self.priority:
                self.priority[thread.tid] = 1 + self.random.random()
        self.steps += 1
        first = max(able, key=lambda thread: self.priority[thread.tid])
        if self.steps in self.change_at:
            self.priority[first.tid] = -1.0 - self.change_at[self.steps]
            first = max(able, key=lambda thread: self.priority[thread.tid])
        return first


STRATEGIES: dict[str, Any] = {"random": RandomWalk, "pct": Priorities}
