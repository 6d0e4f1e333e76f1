"""Wrong tables deadlock."""

import pytest

from concur.check import Status

MUTANTS = {
    "everybody takes the left fork first": (
        "low, high = sorted((seat, (seat + 1) % len(self.forks)))",
        "low, high = seat, (seat + 1) % len(self.forks)",
        "scenario_ordered",
        "deadlock",
    ),
    "the footman lets everybody in": (
        "Semaphore(size - 1,",
        "Semaphore(size,",
        "scenario_footman",
        "deadlock",
    ),
    "forks are taken when one is free": (
        "while not (self.free[left] and self.free[right]):",
        "while not (self.free[left] or self.free[right]):",
        "scenario_all_or_nothing",
        "assertion",
    ),
    "nobody is told that forks are back": (
        "            self.put_back.notify_all()\n",
        "",
        "scenario_all_or_nothing",
        "deadlock",
    ),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_mutant_refuted(mutant, name: str) -> None:
    """The scenarios notice a wrong line, and say what it leads to."""
    right, wrong, scenario, kind = MUTANTS[name]
    verdict = mutant("dining_philosophers", right, wrong, scenario)
    assert verdict.status is Status.REFUTED, str(verdict)
    assert verdict.failure.kind == kind, str(verdict)
