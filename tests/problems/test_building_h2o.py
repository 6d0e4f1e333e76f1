"""Wrong monitors mix molecules, or leave atoms waiting."""

import pytest

from concur.check import Status

MUTANTS = {
    "nobody waits for the others": (
        "            while self.free:\n                self.changed.wait()\n",
        "",
        "scenario_two_molecules",
        "assertion",
    ),
    "it is tested once whether the kind fits": (
        "            while kind not in self.free:\n",
        "            if kind not in self.free:\n",
        "scenario_two_molecules",
        "exception",
    ),
    "it is not told that the molecule is complete": (
        "            if not self.free:\n                self.changed.notify_all()\n",
        "",
        "scenario_one_molecule",
        "deadlock",
    ),
    "one is told for all": (
        "            if not self.free:\n                self.changed.notify_all()\n",
        "            if not self.free:\n                self.changed.notify()\n",
        "scenario_one_molecule",
        "deadlock",
    ),
    "the second to bond clears the places": (
        "self.bonded == len(MOLECULE)",
        "self.bonded == 2",
        "scenario_two_molecules",
        "deadlock",
    ),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_mutant_refuted(mutant, name: str) -> None:
    """The scenarios notice a wrong line, and say what it leads to."""
    right, wrong, scenario, kind = MUTANTS[name]
    verdict = mutant("building_h2o", right, wrong, scenario)
    assert verdict.status is Status.REFUTED, str(verdict)
    assert verdict.failure.kind == kind, str(verdict)
