"""Wrong shops forget a customer, let one go uncut, or never close."""

import pytest

from concur.check import Status

MUTANTS = {
    "only a barber who sleeps already is woken": (
        "        self.customer_here.release()\n        finished",
        "        if self.customer_here._line:\n            self.customer_here.release()\n        finished",
        "scenario_one_chair",
        "deadlock",
    ),
    "the barber loses a customer": (
        "name, finished = self.waiting.popleft()\n",
        "name, finished = self.waiting.popleft()\n                self.waiting.clear()\n",
        "scenario_enough_chairs",
        "deadlock",
    ),
    "the barber does not say that he has finished": (
        "            finished.release()\n",
        "",
        "scenario_one_chair",
        "deadlock",
    ),
    "the customer is let go before he is cut": (
        "            cut(name)\n            finished.release()\n",
        "            finished.release()\n            cut(name)\n",
        "scenario_one_chair",
        "assertion",
    ),
    "the last chair is looked at without the mutex": (
        (
            "        with self.mutex:\n"
            "            if len(self.waiting) == self.chairs:\n"
            "                return False\n"
            "            self.waiting.append((name, finished))\n"
        ),
        (
            "        if len(self.waiting) == self.chairs:\n"
            "            return False\n"
            "        with self.mutex:\n"
            "            self.waiting.append((name, finished))\n"
            '            assert len(self.waiting) <= self.chairs, "two in one chair"\n'
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
