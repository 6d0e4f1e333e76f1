"""The semaphores under every interleaving, their own code visible: two threads of two calls, three of one.

A scenario takes a module with a `Semaphore`, which is one of them. The claim about it is that its own text is
verified; what makes the claim worth something is that the text with one line changed is refuted.
"""

from pathlib import Path
from threading import Thread
from types import ModuleType
from typing import Any

import pytest

from concur.check import Status, linearizable, sample
from concur.sync import Semaphore
from tests.sync.verifying import Room, Scenario, in_one_file, outcomes_of, together, verdict_of

FILES = {"Semaphore": "semaphore", "BoundedSemaphore": "bounded_semaphore", "FairSemaphore": "fair_semaphore"}
ALL, UNBOUNDED = tuple(FILES), ("Semaphore", "FairSemaphore")


class Model:
    """The same for one thread. It never waits: where a thread would, it raises."""

    def __init__(self, permits: int = 0, most: int | None = None) -> None:
        self.permits, self.most = permits, most

    def acquire(self, blocking: bool = True) -> bool:
        if self.permits == 0:
            assert not blocking, "would wait"
            return False
        self.permits -= 1
        return True

    def release(self, n: int = 1) -> None:
        assert self.most is None or self.permits + n <= self.most, "would be refused"
        self.permits += n


def free(semaphore: Semaphore) -> int:
    """How many permits can be taken; they are not given back."""
    taken = 0
    while semaphore.acquire(False):
        taken += 1
    return taken


def two_by_two(module: ModuleType) -> None:
    semaphore, room = module.Semaphore(1), Room(1)

    def twice() -> None:
        for _ in range(2):
            with semaphore:
                room.visit()

    together(twice, twice)
    assert room.visits() == 4
    assert free(semaphore) == 1


def three_by_one(module: ModuleType) -> None:
    semaphore, room = module.Semaphore(2), Room(2)

    def once() -> None:
        with semaphore:
            room.visit()

    together(once, once, once)
    assert room.visits() == 3
    assert free(semaphore) == 2


def signals(module: ModuleType) -> None:
    semaphore = module.Semaphore(0)

    def wait_twice() -> None:
        assert semaphore.acquire()
        assert semaphore.acquire()

    def signal_twice() -> None:
        semaphore.release()
        semaphore.release()

    together(wait_twice, signal_twice)
    assert free(semaphore) == 0


def releases_two(module: ModuleType) -> None:
    semaphore = module.Semaphore(0)
    together(semaphore.acquire, semaphore.acquire, lambda: semaphore.release(2))
    assert free(semaphore) == 0


def two_releases(module: ModuleType) -> None:
    semaphore = module.Semaphore(0)
    together(semaphore.acquire, semaphore.release, semaphore.release)
    assert free(semaphore) == 1


def two_wait_for_two(module: ModuleType) -> None:
    semaphore = module.Semaphore(0)

    def release_twice() -> None:
        semaphore.release()
        semaphore.release()

    together(semaphore.acquire, semaphore.acquire, release_twice)
    assert free(semaphore) == 0


def times_out(module: ModuleType) -> None:
    """One permit goes from hand to hand: whoever gives up must not have it, nor the news of it."""
    semaphore = module.Semaphore(0)

    def wait_a_while() -> None:
        if semaphore.acquire(timeout=1):
            semaphore.release()

    together(wait_a_while, semaphore.acquire, semaphore.release)
    assert free(semaphore) == 0


def times_out_alone(module: ModuleType) -> None:
    semaphore = module.Semaphore(0)
    outcomes: list[bool] = []

    def wait_a_while() -> None:
        outcomes.append(semaphore.acquire(timeout=1))

    together(wait_a_while, semaphore.release)
    assert outcomes.count(True) + free(semaphore) == 1


def tried(module: ModuleType) -> None:
    semaphore = module.Semaphore(1)
    outcomes: list[bool] = []

    def release_and_try() -> None:
        semaphore.release()
        outcomes.append(semaphore.acquire(False))

    together(semaphore.acquire, release_and_try)
    # There were two permits for two who asked.
    assert outcomes == [True]
    assert free(semaphore) == 0


def in_order(module: ModuleType) -> None:
    """Who waits is served before one who comes later."""
    semaphore = module.Semaphore(0)
    served: list[str] = []

    def wait(name: str) -> None:
        semaphore.acquire()
        served.append(name)
        semaphore.release()

    waiter = Thread(target=wait, args=("who waited",))
    waiter.start()
    while not semaphore._line:
        pass
    semaphore.release()
    wait("who came later")
    waiter.join()
    assert served == ["who waited", "who came later"]


def one_too_many(module: ModuleType) -> None:
    """Of three releases of two permits one is refused, whichever, and there are never more than two."""
    semaphore = module.Semaphore(2)
    semaphore.acquire()
    semaphore.acquire()
    refused: list[int] = []

    def release() -> None:
        try:
            semaphore.release()
        except ValueError:
            refused.append(1)

    together(release, release, release)
    assert len(refused) == 1
    assert free(semaphore) == 2


def several_too_many(module: ModuleType) -> None:
    """There are never more permits than at the start, and who asks for too many is told."""
    semaphore = module.Semaphore(2)
    semaphore.acquire()
    refused: list[int] = []

    def release(n: int) -> None:
        try:
            semaphore.release(n)
        except ValueError:
            refused.append(n)

    together(lambda: release(2), lambda: release(1))
    assert refused == [2]
    assert free(semaphore) == 2


def several_wake_one(module: ModuleType) -> None:
    semaphore = module.Semaphore(2)
    semaphore.acquire()
    semaphore.acquire()
    together(semaphore.acquire, lambda: semaphore.release(2))
    assert free(semaphore) == 1


def one_after_the_other(module: ModuleType) -> None:
    """Every answer is one that some order of the calls gives."""
    semaphore = linearizable(lambda: Model(1), module.Semaphore(1))

    def try_and_wait() -> None:
        if semaphore.acquire(False):
            semaphore.release()
        semaphore.acquire()
        semaphore.release()

    def try_once() -> None:
        if semaphore.acquire(False):
            semaphore.release()

    together(try_and_wait, try_once)
    semaphore.acquire(False)


def signals_in_order(module: ModuleType) -> None:
    semaphore = linearizable(Model, module.Semaphore(0))

    def try_and_wait() -> None:
        semaphore.acquire(False)
        semaphore.acquire()

    def give() -> None:
        semaphore.release()
        semaphore.release()

    together(try_and_wait, give)
    semaphore.acquire(False)


def two_at_once(module: ModuleType) -> None:
    """release(2) is one step: nobody sees one of the two without the other."""
    semaphore = linearizable(Model, module.Semaphore(0))

    def try_twice() -> None:
        semaphore.acquire(False)
        semaphore.acquire(False)

    together(lambda: semaphore.release(2), try_twice)
    semaphore.acquire(False)


def bounded_in_order(module: ModuleType) -> None:
    """Whether a release is too many is decided in the same step as the release."""
    semaphore = linearizable(lambda: Model(1, 1), module.Semaphore(1))

    def take_and_give() -> None:
        semaphore.acquire()
        semaphore.release()

    def try_twice() -> None:
        if semaphore.acquire(False):
            semaphore.release()
        else:
            semaphore.acquire(False)

    together(take_and_give, try_twice)
    semaphore.acquire(False)


def seldom(module: ModuleType) -> None:
    """Too large to exhaust."""
    semaphore, room = module.Semaphore(2), Room(2)

    def all_ways() -> None:
        for acquire in (
            semaphore.acquire,
            lambda: semaphore.acquire(False),
            lambda: semaphore.acquire(timeout=1),
        ):
            if acquire():
                room.visit()
                semaphore.release()

    together(all_ways, all_ways, all_ways)
    assert room.visits() >= 3
    assert free(semaphore) == 2


SCENARIOS: dict[Any, tuple[str, ...]] = {
    two_by_two: ALL,
    three_by_one: ("Semaphore", "FairSemaphore"),
    signals: UNBOUNDED,
    releases_two: UNBOUNDED,
    two_releases: UNBOUNDED,
    two_wait_for_two: ("FairSemaphore",),
    times_out: UNBOUNDED,
    times_out_alone: UNBOUNDED,
    tried: UNBOUNDED,
    in_order: ("FairSemaphore",),
    one_too_many: ("BoundedSemaphore",),
    several_too_many: ("BoundedSemaphore",),
    several_wake_one: ("BoundedSemaphore",),
    bounded_in_order: ("BoundedSemaphore",),
    one_after_the_other: ALL,
    signals_in_order: UNBOUNDED,
    two_at_once: UNBOUNDED,
}
CASES = [(scenario, kind) for scenario, kinds in SCENARIOS.items() for kind in kinds]


def names(value: object) -> str:
    return getattr(value, "__name__", str(value))


@pytest.fixture
def module_with(tmp_path: Path):
    """A module in which `Semaphore` is that kind of semaphore."""

    def write(kind: str) -> Path:
        module = tmp_path / "attempt.py"
        module.write_text(f"from concur.sync import {kind} as Semaphore\n", encoding="utf-8")
        return module

    return write


@pytest.mark.parametrize(("scenario", "kind"), CASES, ids=names)
def test_verified(scenario: Scenario, kind: str, module_with) -> None:
    """Under every interleaving the claim of the scenario holds."""
    verdict = verdict_of(scenario, module_with(kind))
    assert verdict.status is Status.VERIFIED, str(verdict)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ALL)
def test_sampled(kind: str, module_with) -> None:
    """In 10,000 schedules of three threads with three calls each nothing fails."""
    verdict = sample(seldom, runs=10_000, attempt=str(module_with(kind)))
    assert verdict.failure is None, str(verdict)


# Taken as one step

PROGRAMS = {
    "try against with": """
made = made_with(1)
def scenario():
    def one():
        with made:
            seen.append("one")
    def other():
        got = made.acquire(False)
        seen.append(got)
        if got:
            made.release()
    together(one, other)
""",
    "too few": """
made = made_with(1)
def scenario():
    def take(name):
        made.acquire()
        seen.append(name)
    together(lambda: take("one"), lambda: take("other"))
""",
    "in a while": """
made = made_with(1)
def scenario():
    made.acquire()
    def one():
        seen.append("one")
        made.release()
    def other():
        seen.append(made.acquire(timeout=1))
    together(one, other)
""",
}


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("kind", ALL)
def test_taken_as_one_step(kind: str, program: str, tmp_path: Path) -> None:
    """A program comes to the same ends whether a call of the semaphore is one step or many."""
    text = f"from concur.sync import {kind} as made_with\n{PROGRAMS[program]}"
    in_steps, at_once = outcomes_of(text, f"concur.{kind}", tmp_path)
    assert len(in_steps) > 1
    assert in_steps == at_once


# One line changed: the kind, the file, what is changed into what, and who notices.
_RELEASE = """        try:
            if n == 1:
                self._permits.append(None)
            elif n > 1:
                self._permits.extend([None] * n)
            else:
                raise ValueError(f"release gives 1 or more permits back, not {n}")
        finally:  # also when Ctrl-C strikes in between
            if self._line:
                try:  # as _wake_the_first, which is not called: Ctrl-C strikes where a call begins
                    self._line[0].release()
                except (IndexError, RuntimeError):
                    pass
"""
_LINE = "            self._line.append(gate)\n"
MUTANTS: dict[str, tuple[str, str, str, str, Scenario]] = {
    "stands in line too late": (
        "Semaphore",
        "semaphore",
        _LINE + "            while True:\n",
        "            self._line.append(gate) if self._permits else None\n            while True:\n",
        signals,
    ),
    "does not look again": (
        "Semaphore",
        "semaphore",
        _LINE,
        _LINE + "            gate.acquire()\n",
        signals,
    ),
    "wakes nobody": (
        "Semaphore",
        "semaphore",
        "        finally:  # also when Ctrl-C strikes in between\n            if self._line:\n",
        "        finally:\n            if not self._line:\n",
        signals,
    ),
    "who leaves passes nothing on": (
        "Semaphore",
        "semaphore",
        "                if self._permits:\n                    self._wake_the_first()\n",
        "                pass\n",
        releases_two,
    ),
    "who gives up passes nothing on": (
        "Semaphore",
        "semaphore",
        "                if self._permits:\n                    self._wake_the_first()\n",
        "                pass\n",
        times_out,
    ),
    "stays in line": (
        "Semaphore",
        "semaphore",
        "                self._line.remove(gate)\n",
        "                pass\n",
        releases_two,
    ),
    "wakes before it gives": (
        "Semaphore",
        "semaphore",
        _RELEASE,
        "        if self._line:\n            self._wake_the_first()\n        self._permits.append(None)\n",
        signals,
    ),
    "gives two in two steps": (
        "Semaphore",
        "semaphore",
        "                self._permits.extend([None] * n)\n",
        "                [self._permits.append(None) for _ in range(n)]\n",
        two_at_once,
    ),
    "bounded: looks before it gives": (
        "BoundedSemaphore",
        "bounded_semaphore",
        "            self._permits.insert(0, None)\n",
        """            if len(self._permits) == self._most:
                raise IndexError
            self._permits.append(None)
""",
        one_too_many,
    ),
    "bounded: wakes nobody": (
        "BoundedSemaphore",
        "bounded_semaphore",
        "            if self._line:\n                self._wake_the_first()\n",
        "            pass\n",
        several_wake_one,
    ),
    "bounded: not bounded": (
        "BoundedSemaphore",
        "bounded_semaphore",
        ", maxlen=value)",
        ")",
        one_too_many,
    ),
    "bounded: gives some of too many": (
        "BoundedSemaphore",
        "bounded_semaphore",
        "if len(self._permits) + n > self._most:",
        "if False:",
        several_too_many,
    ),
    "fair: looks without the guard": (
        "FairSemaphore",
        "fair_semaphore",
        """            with self._guard:
                if self._permits > 0:
                    self._permits -= 1
                    return True
""",
        """            if self._permits > 0:
                self._permits -= 1
                return True
            with self._guard:
""",
        signals,
    ),
    "fair: gives back without the guard": (
        "FairSemaphore",
        "fair_semaphore",
        "        with self._guard:\n            while n > 0",
        "        if True:\n            while n > 0",
        two_releases,
    ),
    "fair: wakes nobody": (
        "FairSemaphore",
        "fair_semaphore",
        "while n > 0 and self._line:",
        "while False:",
        signals,
    ),
    "fair: wakes one of two": (
        "FairSemaphore",
        "fair_semaphore",
        "while n > 0 and self._line:",
        "if n > 0 and self._line:",
        releases_two,
    ),
    "fair: a permit that was handed over is counted too": (
        "FairSemaphore",
        "fair_semaphore",
        "n -= wake_first(self._line)",
        "wake_first(self._line)",
        releases_two,
    ),
    "fair: forgets what came too late": (
        "FairSemaphore",
        "fair_semaphore",
        "return self._was_handed_a_permit(place)  #",
        "return self._was_handed_a_permit(place) and False  #",
        times_out_alone,
    ),
    "fair: leaves a dead waiter in line": (
        "FairSemaphore",
        "fair_semaphore",
        "            leave(self._line, place)\n",
        "",
        times_out,
    ),
    "fair: wakes without a permit": (
        "FairSemaphore",
        "fair_semaphore",
        "            self._permits += n\n",
        "            self._permits += n + 1\n",
        in_order,
    ),
    "a place takes itself out and sleeps on": (
        "FairSemaphore",
        "_parking",
        "            place.wake()\n",
        "            place.woken = True\n",
        signals,
    ),
    "the last in line is woken first": (
        "FairSemaphore",
        "_parking",
        "        line.popleft()  #",
        "        line.pop()  #",
        releases_two,
    ),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_mutant_refuted(mutant: str, tmp_path: Path) -> None:
    """The scenarios notice a wrong line."""
    kind, file, right, wrong, scenario = MUTANTS[mutant]
    module = tmp_path / "mutant.py"
    text = in_one_file([FILES[kind]], file, right, wrong)
    module.write_text(f"{text}\nSemaphore = {kind}\n", encoding="utf-8")
    verdict = verdict_of(scenario, module)
    assert verdict.status is Status.REFUTED, str(verdict)


@pytest.mark.parametrize("kind", ALL)
def test_in_one_file_verified(kind: str, tmp_path: Path) -> None:
    """What refutes a mutant is the change, not the way in which it was written down."""
    module = tmp_path / "unchanged.py"
    module.write_text(f"{in_one_file([FILES[kind]])}\nSemaphore = {kind}\n", encoding="utf-8")
    verdict = verdict_of(one_after_the_other, module)
    assert verdict.status is Status.VERIFIED, str(verdict)
