"""Smokers who take from the table themselves deadlock, and so do pushers without a mutex."""

import pytest

from concur.check import Status

MUTANTS = {
    "pushers do not keep each other out": (
        "        with self.mutex:\n            if not self.noted:",
        "        if True:\n            if not self.noted:",
        "scenario_one_round",
        "deadlock",
    ),
    "the note is not cleared": (
        "            self.noted.clear()\n",
        "",
        "scenario_two_rounds",
        "deadlock",
    ),
    "the smoker does not tell the agent": (
        "        self.agent.may_lay_out.release()\n",
        "",
        "scenario_two_rounds",
        "deadlock",
    ),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_mutant_refuted(mutant, name: str) -> None:
    """The scenarios notice a wrong line, and say what it leads to."""
    right, wrong, scenario, kind = MUTANTS[name]
    verdict = mutant("cigarette_smokers", right, wrong, scenario)
    assert verdict.status is Status.REFUTED, str(verdict)
    assert verdict.failure.kind == kind, str(verdict)


NAIVE = """def scenario_without_pushers() -> None:
    agent = Agent()

    def smoke(owned: str) -> None:
        for name in INGREDIENTS:
            if name != owned:
                agent.on_table[name].acquire()
        agent.may_lay_out.release()

    def lay_out() -> None:
        for owned in INGREDIENTS:
            agent.lay_out([name for name in INGREDIENTS if name != owned])

    together(lay_out, *(partial(smoke, owned) for owned in INGREDIENTS))


"""


def test_smokers_without_pushers_deadlock(mutant) -> None:
    """Two smokers who take one ingredient each wait for ever: the reason why there are pushers."""
    verdict = mutant("cigarette_smokers", "def demo(", NAIVE + "def demo(", "scenario_without_pushers")
    assert verdict.status is Status.REFUTED, str(verdict)
    assert verdict.failure.kind == "deadlock", str(verdict)
