"""The primitives under every interleaving, their own code visible: two threads of two calls, three of one.

A scenario takes the module that it uses. The claim about a primitive is that its own file is
verified; what makes the claim worth something is that a file with one line changed is refuted.
"""

from pathlib import Path
from types import ModuleType

import pytest

from concur import sync
from concur.check import Status
from concur.errors import DeadlockError, NotOwnerError
from tests.sync.verifying import HOME, Room, Scenario, in_one_file, together, verdict_of

PARTS = ("_parking", "mutex", "semaphore")


def free(semaphore: sync.Semaphore) -> int:
    """How many permits can be taken; they are not given back."""
    taken = 0
    while semaphore.acquire(False):
        taken += 1
    return taken


# Mutex


def mutex_two_by_two(module: ModuleType) -> None:
    mutex, room = module.Mutex(), Room(1)

    def twice() -> None:
        for _ in range(2):
            with mutex:
                room.visit()

    together(twice, twice)
    assert room.visits() == 4
    assert not mutex.locked()


def mutex_three_by_one(module: ModuleType) -> None:
    mutex, room = module.Mutex(), Room(1)

    def once() -> None:
        assert mutex.acquire()
        room.visit()
        mutex.release()

    together(once, once, once)
    assert room.visits() == 3
    assert not mutex.locked()


def mutex_tried(module: ModuleType) -> None:
    mutex, room = module.Mutex(), Room(1)

    def wait() -> None:
        with mutex:
            room.visit()

    def try_once() -> None:
        if mutex.acquire(blocking=False):
            room.visit()
            mutex.release()

    def wait_a_while() -> None:
        if mutex.acquire(timeout=1):
            room.visit()
            mutex.release()

    together(wait, try_once, wait_a_while)
    assert not mutex.locked()
    assert mutex.acquire(False)


def mutex_released_by_another(module: ModuleType) -> None:
    mutex, room = module.Mutex(), Room(1)

    def own() -> None:
        with mutex:
            room.visit()

    def intrude() -> None:
        try:
            mutex.release()
        except NotOwnerError:
            with mutex:
                room.visit()
        else:
            raise AssertionError("released what it does not hold")

    together(own, intrude)


def mutex_waits_for_itself(module: ModuleType) -> None:
    mutex = module.Mutex()

    def twice() -> None:
        with mutex:
            try:
                mutex.acquire()
            except DeadlockError:
                return
        raise AssertionError("was not told")

    together(twice, twice)
    assert not mutex.locked()


# Semaphore


def semaphore_two_by_two(module: ModuleType) -> None:
    semaphore, room = module.Semaphore(1), Room(1)

    def twice() -> None:
        for _ in range(2):
            with semaphore:
                room.visit()

    together(twice, twice)
    assert room.visits() == 4
    assert free(semaphore) == 1


def semaphore_three_by_one(module: ModuleType) -> None:
    semaphore, room = module.Semaphore(2), Room(2)

    def once() -> None:
        with semaphore:
            room.visit()

    together(once, once, once)
    assert room.visits() == 3
    assert free(semaphore) == 2


def semaphore_signals(module: ModuleType) -> None:
    semaphore = module.Semaphore(0)

    def wait_twice() -> None:
        assert semaphore.acquire()
        assert semaphore.acquire()

    def signal_twice() -> None:
        semaphore.release()
        semaphore.release()

    together(wait_twice, signal_twice)
    assert free(semaphore) == 0


def semaphore_releases_two(module: ModuleType) -> None:
    semaphore = module.Semaphore(0)
    together(semaphore.acquire, semaphore.acquire, lambda: semaphore.release(2))
    assert free(semaphore) == 0


def semaphore_two_releases(module: ModuleType) -> None:
    semaphore = module.Semaphore(0)
    together(semaphore.acquire, semaphore.release, semaphore.release)
    assert free(semaphore) == 1


def semaphore_times_out(module: ModuleType) -> None:
    semaphore = module.Semaphore(0)
    outcomes: list[bool] = []

    def wait_a_while() -> None:
        outcomes.append(semaphore.acquire(timeout=1))

    together(wait_a_while, wait_a_while, semaphore.release)
    assert outcomes.count(True) + free(semaphore) == 1


def semaphore_tried(module: ModuleType) -> None:
    semaphore = module.Semaphore(1)
    outcomes: list[bool] = []

    def release_and_try() -> None:
        semaphore.release()
        outcomes.append(semaphore.acquire(False))

    together(semaphore.acquire, release_and_try)
    # There were two permits for two who asked.
    assert outcomes == [True]
    assert free(semaphore) == 0


SCENARIOS = {
    "mutex": [
        mutex_two_by_two,
        mutex_three_by_one,
        mutex_tried,
        mutex_released_by_another,
        mutex_waits_for_itself,
    ],
    "semaphore": [
        semaphore_two_by_two,
        semaphore_three_by_one,
        semaphore_signals,
        semaphore_releases_two,
        semaphore_two_releases,
        semaphore_times_out,
        semaphore_tried,
    ],
}


@pytest.mark.parametrize(
    ("file", "scenario"),
    [(file, scenario) for file, scenarios in SCENARIOS.items() for scenario in scenarios],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_verified(file: str, scenario: Scenario) -> None:
    """Under every interleaving of two threads of two calls, or three of one, the claim holds."""
    verdict = verdict_of(scenario, HOME / f"{file}.py")
    assert verdict.status is Status.VERIFIED, str(verdict)


# The same with one line changed. Each entry: the file, what is changed into what, and who notices.
MUTANTS = {
    "mutex takes what is taken": (
        "mutex",
        "not self._lock.acquire(blocking, timeout)",
        "not (self._lock.acquire(False) or True)",
        mutex_two_by_two,
    ),
    "mutex takes a failure for a success": (
        "mutex",
        "            return False\n",
        "            pass\n",
        mutex_tried,
    ),
    "mutex lets anybody release": (
        "mutex",
        "if self not in me.held:",
        "if not self._lock.locked():",
        mutex_released_by_another,
    ),
    "mutex does not know itself": ("mutex", "timeout == -1", "timeout == -2", mutex_waits_for_itself),
    "mutex is not released": (
        "mutex",
        "finally:  # also when Ctrl-C strikes in between\n            self._lock.release()",
        "finally:\n            pass",
        mutex_three_by_one,
    ),
    "semaphore looks without the guard": (
        "semaphore",
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
        semaphore_signals,
    ),
    "semaphore gives back without the guard": (
        "semaphore",
        "        with self._guard:\n            while n > 0",
        "        if True:\n            while n > 0",
        semaphore_two_releases,
    ),
    "semaphore wakes nobody": ("semaphore", "while n > 0 and self._line:", "while False:", semaphore_signals),
    "semaphore wakes one of two": (
        "semaphore",
        "while n > 0 and self._line:",
        "if n > 0 and self._line:",
        semaphore_releases_two,
    ),
    "semaphore wakes all for one permit": (
        "semaphore",
        "n -= wake_first(self._line)",
        "wake_first(self._line)",
        semaphore_times_out,
    ),
    "semaphore forgets what came too late": (
        "semaphore",
        "return self._was_handed_a_permit(place)  #",
        "return self._was_handed_a_permit(place) and False  #",
        semaphore_times_out,
    ),
    "semaphore leaves a dead waiter in line": (
        "semaphore",
        "            leave(self._line, place)\n",
        "",
        semaphore_times_out,
    ),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_mutant_refuted(mutant: str, tmp_path: Path) -> None:
    """The scenarios notice a wrong line."""
    file, right, wrong, scenario = MUTANTS[mutant]
    module = tmp_path / "mutant.py"
    module.write_text(in_one_file(PARTS, file, right, wrong), encoding="utf-8")
    verdict = verdict_of(scenario, module)
    assert verdict.status is Status.REFUTED, str(verdict)


def test_in_one_file_verified(tmp_path: Path) -> None:
    """What refutes a mutant is the change, not the way in which it was written down."""
    module = tmp_path / "unchanged.py"
    module.write_text(in_one_file(PARTS), encoding="utf-8")
    for scenario in (mutex_tried, semaphore_times_out):
        verdict = verdict_of(scenario, module)
        assert verdict.status is Status.VERIFIED, str(verdict)
