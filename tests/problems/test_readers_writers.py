"""Wrong libraries let a writer in beside others, shut readers out, or starve a writer."""

import pytest

from concur.check import Status

MUTANTS = {
    "readers do not take the room": (
        "                self.room.acquire()\n",
        "                pass\n",
        "scenario_writer_alone",
        "assertion",
    ),
    "every reader takes the room": (
        "            if self.inside == 1:\n                self.room.acquire()\n",
        "            self.room.acquire()\n",
        "scenario_readers_meet",
        "deadlock",
    ),
    "every reader gives the room back": (
        "            if self.inside == 0:\n                self.room.release()\n",
        "            self.room.release()\n",
        "scenario_writer_alone",
        "assertion",
    ),
    "readers are counted without a mutex": (
        "        with self.mutex:\n            self.inside += 1\n",
        "        if True:\n            self.inside += 1\n",
        "scenario_writer_alone",
        "deadlock",
    ),
    "readers keep the turnstile": (
        "            pass\n        with self.readers:\n            look()\n",
        "            with self.readers:\n                look()\n",
        "scenario_readers_meet",
        "deadlock",
    ),
    "readers pass a writer who waits": (
        "        with self.turnstile:\n            pass\n",
        "",
        "scenario_late_reader_queues",
        "assertion",
    ),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_mutant_refuted(mutant, name: str) -> None:
    """The scenarios notice a wrong line, and say what it leads to."""
    right, wrong, scenario, kind = MUTANTS[name]
    verdict = mutant("readers_writers", right, wrong, scenario)
    assert verdict.status is Status.REFUTED, str(verdict)
    assert verdict.failure.kind == kind, str(verdict)
