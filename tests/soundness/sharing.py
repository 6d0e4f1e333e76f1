"""A shared search without processes: its pieces are run here, as many and in which order a seed decides."""

import copy
import dataclasses
import pickle
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from concur.check import Verdict, batches, share
from concur.check.engine import Engine
from concur.check.ops import dependent
from concur.check.options import Options
from concur.check.races import Pair, Seen
from concur.check.scenario import Scenario
from concur.check.work import Work

SECONDS = 1e9  # no piece is over because of a clock


class Here:
    """In the place of a crew: whoever has a task answers it when the seed says so, after any number of schedules."""

    random = random.Random(0)
    pieces = 0

    def start(self, size: int, serve: Callable[[Any], Any], quiet: Any) -> None:
        self.connections = list(range(size))
        self.free = list(range(size))
        self.serve = serve
        self.tasks: list[tuple[int, bytes]] = []
        self.choosers: dict[int, Any] = {}

    def give(self, member: int, task: Any) -> None:
        self.free.remove(member)
        self.tasks.append((member, pickle.dumps(task)))

    def answers(self, seconds: float) -> Iterator[tuple[int, Any]]:
        assert self.tasks, "nobody has anything to do, and the search is not over"
        self.random.shuffle(self.tasks)
        for _ in range(self.random.randint(1, len(self.tasks))):
            member, packed = self.tasks.pop()
            task = pickle.loads(packed)
            task.seconds = SECONDS
            few = self.random.randint(1, 6)
            if isinstance(task, share.Task):
                task.most = min(few, task.most or few)
            else:
                task.last = min(task.last, task.first + few)
            type(self).pieces += 1
            self.free.append(member)
            yield member, pickle.loads(pickle.dumps(self._answer(member, task)))

    def _answer(self, member: int, task: Any) -> Any:
        work = self.serve.__self__.work  # type: ignore[attr-defined]
        kept = work.races, work.until, work.progress, work.output.kept()
        text = (list(kept[3][0]), kept[3][1])
        sampling = self.serve.__self__  # type: ignore[attr-defined]
        asking = getattr(sampling, "chooser", None)
        if asking is not None:  # each has one of its own
            sampling.chooser = self.choosers.setdefault(member, copy.deepcopy(asking))
        try:
            return self.serve(task)
        finally:
            work.races, work.until, work.progress = kept[:3]
            work.output.keep(text)
            if asking is not None:
                sampling.chooser = asking

    def end(self) -> None:
        """There is nobody to end."""


@contextmanager
def here(seed: int) -> Iterator[None]:
    """Searches with jobs are shared from their first schedule on, in this process."""
    Here.random, Here.pieces = random.Random(seed), 0
    with (
        mock.patch.object(share, "Crew", Here),
        mock.patch.object(batches, "Crew", Here),
        mock.patch.object(batches, "_PIECE", 1e-9),  # so that several batches are under way
        mock.patch.object(share, "ALONE", 0.0),
    ):
        yield


def class_of(engine: Engine) -> Any:
    """The class of equivalent schedules that a run belongs to: which of its dependent steps came first."""
    counts: dict[int, int] = {}
    steps = []
    for tid, op in engine.trace:
        counts[tid] = counts.get(tid, 0) + 1
        steps.append((tid, counts[tid], op))
    order = [
        (one[:2], other[:2])
        for at, other in enumerate(steps)
        for one in steps[:at]
        if one[0] != other[0] and dependent(one[2], other[2])
    ]
    return tuple(sorted(counts.items())), tuple(sorted(order)), tuple(engine.choices)


class Noting(Work):
    """Notes the class and the schedule of every run, where the races are noted, so that processes hand it on."""

    classes: set[Any]

    def look(self, engine: Engine, base: int = 0) -> None:
        super().look(engine, base)
        if not engine.pruned:
            schedule = tuple(tid for tid, _ in engine.trace)
            self.races.pairs[class_of(engine), schedule] = Seen(("", ""), 0)  # type: ignore[index]

    def verdict(self, *args: Any, **more: Any) -> Verdict:
        self.classes = {key for key in self.races.pairs if not isinstance(key, Pair)}
        for key in self.classes:
            del self.races.pairs[key]
        return dataclasses.replace(super().verdict(*args, **more), seconds=0.0)


def explored(file: Path, options: Options, jobs: int, most: int | None = None) -> tuple[Verdict, set[Any]]:
    """The verdict on the scenario of a file, and what was run for it: classes, with their schedules."""
    work = Noting(Scenario(f"{file}::scenario"), options)
    with work.running():
        verdict = work.explore(most, None, jobs)
    return verdict, work.classes


def sampled(file: Path, options: Options, jobs: int, strategy: str, runs: int) -> tuple[Verdict, set[Any]]:
    """The verdict on a sample of the scenario of a file, and what was run for it: classes, with their schedules."""
    work = Noting(Scenario(f"{file}::scenario"), options)
    with work.running():
        verdict = work.sample(runs, 1, strategy, None, jobs)
    return verdict, work.classes
