"""Wrong buffers deadlock, overflow, or lose the order."""

import pytest

from concur.check import Status

MUTANTS = {
    "the mutex is taken before the place": (
        "        self.spaces.acquire()\n        with self.mutex:\n            self.line.append(item)\n",
        "        with self.mutex:\n            self.spaces.acquire()\n            self.line.append(item)\n",
        "scenario_two_producers",
        "deadlock",
    ),
    "a consumer frees no place": (
        "        self.spaces.release()\n",
        "",
        "scenario_two_producers",
        "deadlock",
    ),
    "the item comes after the signal": (
        "            self.line.append(item)\n        self.items.release()\n",
        "            self.items.release()\n        self.line.append(item)\n",
        "scenario_order",
        "exception",
    ),
    "nobody waits for a place": (
        "        self.spaces.acquire()\n",
        "",
        "scenario_order",
        "assertion",
    ),
    "the last in is the first out": (
        "popleft()",
        "pop()",
        "scenario_order",
        "assertion",
    ),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_mutant_refuted(mutant, name: str) -> None:
    """The scenarios notice a wrong line, and say what it leads to."""
    right, wrong, scenario, kind = MUTANTS[name]
    verdict = mutant("producer_consumer", right, wrong, scenario)
    assert verdict.status is Status.REFUTED, str(verdict)
    assert verdict.failure.kind == kind, str(verdict)
