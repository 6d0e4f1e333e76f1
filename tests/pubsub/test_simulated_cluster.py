"""Whole worlds from seeds: a cluster, its clients and faults under the checker, in virtual time. One seed, one run."""

import json
import os
import subprocess
import sys
from collections import Counter
from typing import Any

import pytest

from concur.check import Status, replay
from concur.check.exploration import sample
from concur.check.verdict import Verdict
from concur.pubsub.faults import KINDS
from tests.pubsub.simulated_cluster import failing, of

_STEPS = 400_000  # a world has some 60,000


def run(scenario: Any, seed: int) -> Verdict:
    """The one run of a seed: of two seeds, one by priorities, one by chance at each step."""
    return sample(
        scenario,
        runs=1,
        seed=seed,
        strategy=("pct", "random")[seed // 2 % 2],
        timeouts="idle",
        livelocks=False,
        races="off",
        max_steps=_STEPS,
    )


def world(seed: int) -> dict[str, Any]:
    """Run the world of a seed to its end; what went on in it."""
    verdict = run(of(seed), seed)
    assert verdict.failure is None, f"seed {seed}: {verdict}"
    assert verdict.status is Status.UNFINISHED, verdict.reason  # nothing is verified by chance
    assert "did not reach the end" not in verdict.reason, verdict.reason
    told: dict[str, Any] = json.loads(verdict.output)
    return told


def summed(told: list[dict[str, Any]]) -> tuple[Counter[str], Counter[str]]:
    """How many faults there were of each kind, and rows of each kind in the histories."""
    faults, rows = Counter[str](), Counter[str]()
    for each in told:
        faults += Counter(each["faults"])
        rows += Counter(each["rows"])
    return faults, rows


def test_a_few_worlds_keep_their_promises() -> None:
    """Nothing acknowledged is lost or doubled, replicas agree, epochs have one leader, partitions one owner."""
    faults, rows = summed([world(seed) for seed in (3, 4)])
    assert faults["kill"]
    assert faults["cut"]
    assert faults["slow"]
    assert rows["send ok"] > 10
    assert rows["commit ok"] > 5


def test_a_failure_of_a_world_is_replayed() -> None:
    """The token of a run of tens of thousands of steps leads to the same failure again."""
    verdict = run(failing(3), 3)
    assert verdict.failure is not None, verdict.reason
    assert "found wrong on purpose" in verdict.failure.message
    assert "so neither a shorter one that fails was looked for" in verdict.failure.why
    again = replay(failing(3), verdict.failure.token)
    assert again.failure is not None
    assert again.failure.message == verdict.failure.message


_ELSEWHERE = """
from tests.pubsub.simulated_cluster import of
from tests.pubsub.test_simulated_cluster import run
print(run(of(7), 7).output)
"""


@pytest.mark.slow
def test_another_process_runs_the_same_world() -> None:
    """Hashes of texts, and addresses, are others there, and all that happens happens at the same time."""
    found = [
        subprocess.run(
            [sys.executable, "-c", _ELSEWHERE],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONMALLOC": allocator},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed, allocator in (("1", "pymalloc"), ("2", "malloc"))
    ]
    assert found[0].startswith("{")
    assert found[0] == found[1]


@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("hundred", range(10))
def test_a_thousand_worlds_keep_their_promises(hundred: int) -> None:
    """A hundred at a time, in each of which every kind of fault takes place often."""
    faults, rows = summed([world(seed) for seed in range(100 * hundred, 100 * hundred + 100)])
    print(f"seeds {100 * hundred} to {100 * hundred + 99}: {dict(faults)}, {dict(rows)}")
    for kind in (*KINDS, "crash", "slow"):
        assert faults[kind] >= 20, faults
    for kind in ("send ok", "commit ok", "commit fail", "lost ok", "crash ok"):
        assert rows[kind] >= 20, rows
