"""The primitives under every interleaving, their own code visible: two threads of two calls, three of one.

A scenario takes the module that it uses. The claim about a primitive is that its own file is
verified; what makes the claim worth something is that a file with one line changed is refuted.
"""

from pathlib import Path
from types import ModuleType

import pytest

from concur.check import Status
from concur.errors import NotOwnerError
from tests.sync.verifying import HOME, Room, Scenario, in_one_file, together, verdict_of

PARTS = ("_parking", "mutex", "semaphore", "condition")


# Condition


def condition_two_by_two(module: ModuleType) -> None:
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


def condition_three_by_one(module: ModuleType) -> None:
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


def condition_notifies_all(module: ModuleType) -> None:
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


def condition_excludes(module: ModuleType) -> None:
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


def condition_times_out(module: ModuleType) -> None:
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


def condition_is_not_held(module: ModuleType) -> None:
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


SCENARIOS = {
    "condition": [
        condition_two_by_two,
        condition_three_by_one,
        condition_notifies_all,
        condition_excludes,
        condition_times_out,
        condition_is_not_held,
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
    "condition stands in line too late": (
        "condition",
        "        self._line.append(place)\n        depth = self._give_up()\n",
        "        depth = self._give_up()\n        self._line.append(place)\n",
        condition_two_by_two,
    ),
    "condition comes back without the lock": (
        "condition",
        "        self._take_again(depth)\n        leave",
        "        leave",
        condition_excludes,
    ),
    "condition keeps the lock": (
        "condition",
        "depth = self._give_up()",
        "depth = None",
        condition_two_by_two,
    ),
    "condition forgets what came too late": (
        "condition",
        "return place.woken\n",
        "return place.woken and place._gate.locked()\n",
        condition_times_out,
    ),
    "condition stays in line": (
        "condition",
        "        leave(self._line, place)\n        return",
        "        return",
        condition_times_out,
    ),
    "condition wakes one for all": (
        "condition",
        "self.notify(len(self._line))",
        "self.notify()",
        condition_notifies_all,
    ),
    "condition notifies without the lock": (
        "condition",
        'self._check_held("notifies")',
        "pass",
        condition_is_not_held,
    ),
    "a place takes itself out and sleeps on": (
        "_parking",
        "            place.wake()\n",
        "            place.woken = True\n",
        condition_three_by_one,
    ),
    "the last in line is woken first": (
        "_parking",
        "        line.popleft()  #",
        "        line.pop()  #",
        condition_three_by_one,
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
    for scenario in (condition_times_out,):
        verdict = verdict_of(scenario, module)
        assert verdict.status is Status.VERIFIED, str(verdict)
