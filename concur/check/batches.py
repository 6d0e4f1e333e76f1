"""Share random schedules among processes: the same ones, up to the same first failure.

A run depends on the seed, on its number, and on what the runs before it have shown
of the program (see `places.py`); soon they show nothing new. So processes make runs
with consecutive numbers under what is known when they begin. This process takes
what they find in the order of the numbers, and has a batch made again if something
has become known in between. A run that does not end well is made once more here,
when all before it have been taken.
"""

import dataclasses
import time
from typing import Any

from concur.check.crew import Crew, Lost
from concur.check.lines import merge
from concur.check.races import Finder, Pair, Seen
from concur.check.sample import RandomWalk

_PIECE = 0.03  # seconds that a batch is to take
_GRACE = 0.1  # seconds for which answers are waited for when the time is up
_LOOK = 0.5  # seconds without an answer after which the clock is looked at
_AHEAD = 4  # batches for each process that may wait for one before them
_Lessons = tuple[set[Any], set[Any], int]


@dataclasses.dataclass(slots=True)
class Task:
    """Runs to be made."""

    first: int
    last: int
    lessons: _Lessons | None  # what is known, if it is not what that process knew last
    seconds: float


@dataclasses.dataclass(slots=True)
class Answer:
    """Runs that ended well."""

    last: int
    learnt: _Lessons
    fails: bool = False  # the next one does not
    special: bool = False  # or there is something else about it
    cuts: int = 0
    cut: str | None = None
    pairs: dict[Pair, Seen] = dataclasses.field(default_factory=dict)
    one_step: set[str] = dataclasses.field(default_factory=set)
    output: Any = None
    seconds: float = 0.0


@dataclasses.dataclass(slots=True)
class Batch:
    """What was handed out."""

    first: int
    last: int
    member: int
    version: int  # of what was known
    answer: Answer | None = None


@dataclasses.dataclass(slots=True)
class Sampled:
    """How far it has come."""

    done: int
    cuts: int = 0
    cut: str | None = None
    fails: bool = False  # the next run does, or something else is the matter with it
    stopped: str | None = None


def make_runs(work: Any, chooser: RandomWalk, task: Task) -> Answer:
    """Make runs one after the other: in another process."""
    if task.lessons is not None:
        teach(chooser, task.lessons)
    places, knowledge = chooser.places, work.knowledge
    seen, shared = set(places.seen), set(places.shared)
    work.races = Finder()
    began, answer = time.perf_counter(), Answer(task.first - 1, (set(), set(), 0))
    while answer.last < task.last and time.perf_counter() - began < task.seconds:
        chooser.start(answer.last + 1)
        answer.special = True
        try:
            engine = work.run(chooser, full=True)
        except BaseException:
            break
        if engine.uncheckable is not None or knowledge.revised:
            break
        work.look(engine)
        answer.fails = bool(engine.went_wrong or work.race_in(engine))
        if answer.fails:
            break
        answer.special = False
        answer.last += 1
        if engine.cut is not None:
            answer.cuts, answer.cut = answer.cuts + 1, engine.cut
        parts, cut = work.output.kept()
        answer.output = (list(parts), cut)
        chooser.learn()
    if answer.special:
        chooser.forget()
    knowledge.drop()
    answer.learnt = (chooser.places.seen - seen, chooser.places.shared - shared, chooser.most)
    answer.pairs, answer.one_step = work.races.pairs, knowledge.one_step
    answer.seconds = time.perf_counter() - began
    return answer


def teach(chooser: RandomWalk, lessons: _Lessons) -> None:
    """Let it know this, and no more."""
    chooser.places.seen, chooser.places.shared = set(lessons[0]), set(lessons[1])
    chooser.most = lessons[2]


class Sampling:
    """A sample that is shared."""

    def __init__(self, work: Any, chooser: RandomWalk, done: int, count: int, until: float | None) -> None:
        self.work = work
        self.chooser = chooser
        self.count = count
        self.until = until
        self.found = Sampled(done)
        self.next = done + 1  # the run that nobody makes yet
        self.batches: list[Batch] = []  # in the order of their numbers
        self.again: list[tuple[int, int]] = []  # batches that are to be made again, or ended early
        self.version = 0  # of what is known
        self.versions = 0
        self.latest: dict[int, Batch] = {}  # that was handed to each process
        self.known: dict[int, int] = {}  # which version each process has, if it has one
        self.pace = _PIECE  # seconds for a run

    def go(self, jobs: int) -> None:
        """Make runs until all are made, one does not end well, or the time is up."""
        crew = Crew()
        chooser, work = self.chooser, self.work
        chooser.learn()
        try:
            crew.start(jobs, self._serve, work.watch.off)
            self.known = dict.fromkeys(range(jobs), 0)
            while True:
                self._take_in_order()
                found = self.found
                if found.fails or found.done == self.count:
                    return
                left = _LOOK if self.until is None else self.until - time.perf_counter()
                if left > 0:
                    self._hand_out(crew, left)
                elif left < -_GRACE or all(batch.answer is not None for batch in self.batches):
                    self._take_a_failure()
                    return
                for member, answer in crew.answers(min(left, _LOOK) if left > 0 else left + _GRACE):
                    batch = next(
                        each for each in self.batches if each.member == member and each.answer is None
                    )
                    batch.answer = answer
                if work.progress is not None:
                    work.progress(found.done)
        except Lost as lost:
            self.found.stopped = f"stopped: {lost}; the runs from {self.found.done + 1:,} on are not all made"
            self._take_a_failure()
        finally:
            crew.end()

    def _serve(self, task: Task) -> Answer:
        self.work.until, self.work.progress = None, None
        return make_runs(self.work, self.chooser, task)

    def _hand_out(self, crew: Crew, left: float) -> None:
        for member in list(crew.free):
            if self.again:
                first, last = self.again.pop(0)
            elif self.next <= self.count and len(self.batches) < _AHEAD * len(crew.connections):
                first = self.next
                last = min(self.count, first + max(int(_PIECE / self.pace), 1) - 1)
                self.next = last + 1
            else:
                return
            lessons = None
            if self.known[member] != self.version:
                places = self.chooser.places
                lessons = (places.seen, places.shared, self.chooser.most)
            batch = self.latest[member] = Batch(first, last, member, self.version)
            self.known[member] = -1  # it learns more
            self.batches.append(batch)
            self.batches.sort(key=lambda batch: batch.first)
            crew.give(member, Task(first, last, lessons, min(left, 2 * _PIECE)))

    def _take_in_order(self) -> None:
        """Take the batches that come next, those that are still right."""
        while self.batches and self.batches[0].first == self.found.done + 1:
            batch = self.batches[0]
            answer = batch.answer
            if answer is None:
                return
            del self.batches[0]
            if batch.version != self.version:
                self._make_again(batch.first, batch.last)
                return
            self._take(batch, answer)
            if self.found.fails:
                return
            if answer.last < batch.last:
                self._make_again(answer.last + 1, batch.last)

    def _make_again(self, first: int, last: int) -> None:
        self.again.append((first, last))
        self.again.sort()

    def _take(self, batch: Batch, answer: Answer) -> None:
        """Take over what was found, and what was learnt."""
        found, chooser, places = self.found, self.chooser, self.chooser.places
        seen, shared, most = answer.learnt
        if seen or shared or most > chooser.most:
            places.seen |= seen
            places.shared |= shared
            chooser.most = max(chooser.most, most)
            self.versions += 1
            self.version = self.versions
        if self.latest[batch.member] is batch:
            self.known[batch.member] = self.version
        runs = answer.last - batch.first + 1
        if runs:
            self.pace = answer.seconds / runs
            self.work.output.keep(answer.output)
        found.done = answer.last
        found.cuts += answer.cuts
        found.cut = answer.cut or found.cut
        found.fails = answer.special
        merge(self.work.races.pairs, answer.pairs)
        self.work.knowledge.one_step |= answer.one_step

    def _take_a_failure(self) -> None:
        """There is no time for what comes before it, but a failure is known: it is the one to be shown."""
        for batch in self.batches:
            if batch.answer is not None and batch.answer.fails and batch.version == self.version:
                self.found.stopped = None
                self._take(batch, batch.answer)
                return


def share(work: Any, jobs: int, chooser: RandomWalk, done: int, count: int, until: float | None) -> Sampled:
    """Let processes make the runs after the first `done`, until all are made, or this process has to make one."""
    sampling = Sampling(work, chooser, done, count, until)
    sampling.go(jobs)
    return sampling.found
