"""Wrong shops lose a customer, cut two at a time, or never close."""

import pytest

from concur.check import Status

MUTANTS = {
    "the barber loses a customer": (
        "        self.customer_here.release()\n        self.your_turn",
        (
            "        if self.customer_here._line:  # only a barber who sleeps already is woken\n"
            "            self.customer_here.release()\n"
            "        self.your_turn"
        ),
        "scenario_one_chair",
        "deadlock",
    ),
    "the barber does not say whose turn it is": (
        "            self.your_turn.release()\n",
        "",
        "scenario_one_chair",
        "deadlock",
    ),
    "the barber does not wait until the customer is pleased": (
        "            self.pleased.acquire()\n",
        "",
        "scenario_enough_chairs",
        "assertion",
    ),
    "the barber does not say that he has finished": (
        "            self.finished.release()\n",
        "",
        "scenario_one_chair",
        "deadlock",
    ),
    "the last chair is looked at without the mutex": (
        (
            "        with self.mutex:\n"
            "            if self.inside == self.chairs:\n"
            "                return False\n"
            "            self.inside += 1\n"
        ),
        (
            "        if self.inside == self.chairs:\n"
            "            return False\n"
            "        with self.mutex:\n"
            "            self.inside += 1\n"
            '            assert self.inside <= self.chairs, "two in one chair"\n'
        ),
        "scenario_one_chair",
        "assertion",
    ),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_mutant_refuted(mutant, name: str) -> None:
    """The scenarios notice a wrong line, and say what it leads to."""
    right, wrong, scenario, kind = MUTANTS[name]
    verdict = mutant("sleeping_barber", right, wrong, scenario)
    assert verdict.status is Status.REFUTED, str(verdict)
    assert verdict.failure.kind == kind, str(verdict)
