"""The no-starve mutex stands on a class of its own file that is taken as one step, and picks one waiter of several."""

from pathlib import Path

import pytest

from concur.check import Status, explore, sample
from concur.problems import no_starve_mutex
from concur.sync.semaphore import Semaphore


def test_its_semaphore_in_view() -> None:
    """The lock excludes with the code of the weak semaphore visible, too."""
    scenario = f"{no_starve_mutex.__file__}::scenario_one_at_a_time"
    verdict = explore(scenario, max_schedules=20_000, max_seconds=None, atomic=[Semaphore])
    assert verdict.status is Status.VERIFIED, str(verdict)


@pytest.mark.parametrize("pick", ["pop(0)", "pop(len(self._line) // 2)"])
def test_whomever_it_wakes(tmp_path: Path, pick: str) -> None:
    """The bound does not depend on which waiter the weak semaphore prefers."""
    text = Path(no_starve_mutex.__file__).read_text(encoding="utf-8")
    assert text.count("self._line.pop()") == 1
    module = tmp_path / "no_starve_mutex.py"
    module.write_text(text.replace("self._line.pop()", f"self._line.{pick}"), encoding="utf-8")
    verdict = sample(f"{module}::scenario_overtaken_once", runs=200, atomic=[Semaphore])
    assert verdict.status is Status.UNFINISHED, str(verdict)
    assert verdict.schedules == 200
