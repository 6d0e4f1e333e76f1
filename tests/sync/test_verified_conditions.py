"""The condition variable under every interleaving, its own code and that of its mutex visible."""

from pathlib import Path
from threading import Lock, RLock
from types import ModuleType
from typing import Any

import pytest

from concur.check import Status
from concur.errors import NotOwnerError
from tests.sync.verifying import HOME, Room, Scenario, in_one_file, together, verdict_of

PARTS = ("_parking", "mutex", "condition")


def two_by_two(module: ModuleType) -> None:
    condition = module.Condition()
    post: list[str] = []

    def receive_twice() -> None:
        for _ in range(2):
            with condition:
                while not post:
                    condition.wait()
                post.pop()

    def send_twice() -> None:
        for _ in range(2):
            with condition:
                post.append("letter")
                condition.notify()

    together(receive_twice, send_twice)
    assert not post


def three_by_one(module: ModuleType) -> None:
    condition = module.Condition()
    post: list[str] = []

    def receive() -> None:
        with condition:
            assert condition.wait_for(lambda: post)
            post.pop()

    def send_two() -> None:
        with condition:
            post.extend(["letter", "letter"])
            condition.notify(2)

    together(receive, receive, send_two)
    assert not post


def notifies_all(module: ModuleType) -> None:
    condition = module.Condition()
    state: list[str] = []

    def wait() -> None:
        with condition:
            while not state:
                condition.wait()

    def open_up() -> None:
        with condition:
            state.append("open")
            condition.notify_all()

    together(wait, wait, open_up)


def excludes(module: ModuleType) -> None:
    condition, room = module.Condition(), Room(1)
    state: list[str] = []

    def wait() -> None:
        with condition:
            while not state:
                condition.wait()
                room.visit()

    def tell() -> None:
        with condition:
            state.append("told")
            condition.notify()
            room.visit()

    together(wait, tell)


def times_out(module: ModuleType) -> None:
    """One notify goes from hand to hand: whoever is told that it got none must not have had it."""
    condition = module.Condition()
    state: list[str] = []

    def wait_a_while() -> None:
        with condition:
            if not state and not condition.wait(1):
                return
            condition.notify()

    def wait() -> None:
        with condition:
            while not state:
                condition.wait()
            condition.notify()

    def tell() -> None:
        with condition:
            state.append("told")
            condition.notify()

    together(wait_a_while, wait, tell)


def is_not_held(module: ModuleType) -> None:
    condition = module.Condition()

    def misuse() -> None:
        try:
            condition.notify()
        except NotOwnerError:
            return
        raise AssertionError("notified without the lock")

    def hold() -> None:
        with condition:
            condition.notify()

    together(misuse, hold)


def wakes_just_one(module: ModuleType) -> None:
    """Two wait, one notify: the other one's time runs out."""
    condition = module.Condition()
    woken: list[bool] = []

    def wait_a_while() -> None:
        with condition:
            woken.append(condition.wait(1))

    def tell() -> None:
        with condition:
            condition.notify()

    together(wait_a_while, wait_a_while, tell)
    assert woken.count(True) <= 1


def over_a_lock(module: ModuleType) -> None:
    hand_over(module.Condition(Lock()))


def over_a_reentrant_lock(module: ModuleType) -> None:
    hand_over(module.Condition(RLock()))


def hand_over(condition: Any) -> None:
    post: list[str] = []

    def receive() -> None:
        with condition:
            while not post:
                condition.wait()
            post.pop()

    def send_twice() -> None:
        for _ in range(2):
            with condition:
                post.append("letter")
                condition.notify()

    together(receive, receive, send_twice)
    assert not post


SCENARIOS: list[Scenario] = [
    two_by_two,
    three_by_one,
    notifies_all,
    excludes,
    times_out,
    wakes_just_one,
    is_not_held,
    over_a_lock,
    over_a_reentrant_lock,
]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_verified(scenario: Scenario) -> None:
    """Under every interleaving of two threads of two calls, or three of one, the claim holds."""
    verdict = verdict_of(scenario, HOME / "condition.py")
    assert verdict.status is Status.VERIFIED, str(verdict)


# Without those of three threads, which are too large with more choices.
IN_ANY_ORDER: list[Scenario] = [two_by_two, notifies_all, excludes, over_a_lock, over_a_reentrant_lock]


@pytest.mark.parametrize("scenario", IN_ANY_ORDER, ids=lambda scenario: scenario.__name__)
def test_woken_in_any_order(scenario: Scenario) -> None:
    """A program that tests again what it waits for depends neither on the order of wake-ups nor on their reasons."""
    verdict = verdict_of(scenario, HOME / "condition.py", notify="any", spurious_wakeups=True)
    assert verdict.status is Status.VERIFIED, str(verdict)


# The same with one line changed: the file, what is changed into what, and who notices.
MUTANTS: dict[str, tuple[str, str, str, Scenario]] = {
    "stands in line too late": (
        "condition",
        "            self._line.append(place)\n            depth = self._give_up()\n",
        "            depth = self._give_up()\n            self._line.append(place)\n",
        two_by_two,
    ),
    "comes back without the lock": (
        "condition",
        "        if depth is not _HELD:\n",
        "        if depth is _HELD:\n",
        excludes,
    ),
    "keeps the lock": ("condition", "depth = self._give_up()", "pass", two_by_two),
    "forgets what came too late": (
        "condition",
        "return place.woken\n",
        "return place.woken and place._gate.locked()\n",
        times_out,
    ),
    "stays in line": ("condition", "            leave(self._line, place)\n", "            pass\n", times_out),
    "wakes one for all": ("condition", "self.notify(len(self._line))", "self.notify()", notifies_all),
    "wakes two for one": ("condition", "n -= wake_first", "n -= not wake_first", wakes_just_one),
    "notifies without the lock": (
        "condition",
        'if not self._is_held():\n            raise NotOwnerError(self._not_held("notifies"))',
        "pass",
        is_not_held,
    ),
    "a place takes itself out and sleeps on": (
        "_parking",
        "            place.wake()\n",
        "            place.woken = True\n",
        three_by_one,
    ),
    "the last in line is woken first": (
        "_parking",
        "        line.popleft()  #",
        "        line.pop()  #",
        three_by_one,
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
    for scenario in (two_by_two, times_out, wakes_just_one):
        verdict = verdict_of(scenario, module)
        assert verdict.status is Status.VERIFIED, str(verdict)
