"""The lanes, the wakeup and the door of a consumer under every interleaving; and what refutes them, one line changed.

Time is virtual and passes only when nobody can go on, so a wait that missed what it waited for shows by the clock.
"""

import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from concur.check import Status, Verdict, explore
from concur.check.exploration import sample
from tests.pubsub.embedded.mutants import in_one_file
from tests.sync.verifying import together

PARTS = ["errors.py", "config_keys.py", "config.py", "requests.py", "door.py"]
LONG = 1000.0

Scenario = Callable[[ModuleType], None]


def requests_of(m: ModuleType) -> Any:
    return m.Requests("client", {"retry.backoff.ms": 1, "retry.backoff.max.ms": 2})


def end(requests: Any) -> None:
    requests.stop()
    requests.join(time.monotonic() + LONG)


def a_wakeup_ends_a_wait_or_the_next(m: ModuleType) -> None:
    requests = requests_of(m)
    begun = time.monotonic()
    woken = []

    def wait() -> None:
        requests.wait(begun + LONG)
        try:
            requests.raise_if_woken()
        except m.Wakeup:
            woken.append(True)

    together(wait, requests.wakeup)
    assert woken
    assert time.monotonic() - begun < LONG
    requests.raise_if_woken()  # once was enough


def an_answer_or_a_wakeup_and_none_is_lost(m: ModuleType) -> None:
    requests = requests_of(m)
    begun = time.monotonic()
    got = []

    def ask() -> None:
        try:
            got.append(requests.ask("lane", lambda: "answer", begun + LONG))
            requests.raise_if_woken()
        except m.Wakeup:
            got.append("woken")

    together(ask, requests.wakeup)
    try:
        requests.raise_if_woken()
    except m.Wakeup:
        got.append("woken")
    assert got in (["answer", "woken"], ["woken"]), got
    assert time.monotonic() - begun < LONG
    end(requests)


def a_lane_that_ends_loses_nothing(m: ModuleType) -> None:
    """A lane's thread ends when there is nothing left to do, and something comes at that moment."""
    requests = requests_of(m)
    begun = time.monotonic()
    done: list[int] = []
    for n in range(2):
        requests.send("lane", lambda: done.append(n), lambda *_: None)  # noqa: B023
    requests.wait_for(lambda: len(done) == 2, begun + LONG)
    assert time.monotonic() - begun < LONG
    end(requests)


def requests_of_a_lane_stay_in_order(m: ModuleType) -> None:
    requests = requests_of(m)
    begun = time.monotonic()
    done: list[str] = []
    requests.send("lane", lambda: done.append("first"), kept=True)
    requests.ask("lane", lambda: done.append("second"), begun + LONG, kept=True)
    assert done == ["first", "second"]
    assert time.monotonic() - begun < LONG
    end(requests)
    assert not requests._threads


def one_at_a_time_comes_in(m: ModuleType) -> None:
    door = m.Door("client")
    inside: list[int] = []
    refused: list[int] = []

    def come(n: int) -> None:
        try:
            with door:
                inside.append(n)
                with door:
                    assert inside == [n]
                inside.remove(n)
        except m.ConcurrentModification:
            refused.append(n)

    together(lambda: come(1), lambda: come(2))
    assert len(refused) < 2
    with door:
        pass


EVERY: list[Scenario] = [
    a_wakeup_ends_a_wait_or_the_next,
    an_answer_or_a_wakeup_and_none_is_lost,
    one_at_a_time_comes_in,
]
SAMPLED: list[Scenario] = [a_lane_that_ends_loses_nothing, requests_of_a_lane_stay_in_order]


def verdict_of(scenario: Scenario, folder: Path, *change: str) -> Verdict:
    path = folder / "requests_in_one_file.py"
    path.write_text(in_one_file(PARTS, *change), encoding="utf-8")
    options: Any = {"attempt": str(path), "races": "off", "timeouts": "idle", "max_seconds": None}
    if scenario in SAMPLED:
        return sample(scenario, runs=100, seed=1, **options)
    return explore(scenario, max_schedules=20_000, **options)


@pytest.mark.parametrize("scenario", EVERY)
def test_verified(scenario, tmp_path):
    verdict = verdict_of(scenario, tmp_path)
    assert verdict.status is Status.VERIFIED, verdict


@pytest.mark.parametrize("scenario", SAMPLED)
def test_sampled(scenario, tmp_path):
    verdict = verdict_of(scenario, tmp_path)
    assert verdict.failure is None, verdict
    assert verdict.schedules == 100, verdict


REQUESTS, DOOR = "requests.py", "door.py"
MUTANTS: dict[str, tuple[Scenario, str, str, str]] = {
    "a wakeup that notifies nobody": (
        a_wakeup_ends_a_wait_or_the_next,
        REQUESTS,
        "            self._woken = True\n            self._changed.notify_all()\n",
        "            self._woken = True\n",
    ),
    "a wakeup before the wait is not looked at": (
        a_wakeup_ends_a_wait_or_the_next,
        REQUESTS,
        "or (self._woken and not self._deaf)):\n",
        "):\n",
    ),
    "a wakeup is forgotten when the answer has come": (
        an_answer_or_a_wakeup_and_none_is_lost,
        REQUESTS,
        "        if pending.error is not None:\n            raise pending.error\n",
        "        self._woken = False\n        if pending.error is not None:\n            raise pending.error\n",
    ),
    "a wakeup is raised twice": (
        an_answer_or_a_wakeup_and_none_is_lost,
        REQUESTS,
        "                    self._woken = False\n                    raise",
        "                    raise",
    ),
    "an answer notifies nobody": (
        requests_of_a_lane_stay_in_order,
        REQUESTS,
        "                    self._answers.append(pending)\n                self._changed.notify_all()\n",
        "                    self._answers.append(pending)\n",
    ),
    "a lane whose thread has ended is still used": (
        a_lane_that_ends_loses_nothing,
        REQUESTS,
        "                    if self._lanes.get(key) is lane:\n                        del self._lanes[key]\n",
        "",
    ),
    "no notice for a lane that waits": (
        requests_of_a_lane_stay_in_order,
        REQUESTS,
        "            line.work.notify()\n",
        "",
    ),
    "lanes that wait are not told of the end": (
        requests_of_a_lane_stay_in_order,
        REQUESTS,
        "            for lane in self._lanes.values():\n                lane.work.notify_all()\n",
        "",
    ),
    "a door that lets two in": (
        one_at_a_time_comes_in,
        DOOR,
        "if self._owner != me and not self._free.acquire(blocking=False):",
        "if self._owner not in (None, me):",
    ),
    "a door that stays shut": (
        one_at_a_time_comes_in,
        DOOR,
        "            self._owner = None\n            self._free.release()\n",
        "            self._owner = None\n",
    ),
}


def named(name: str) -> Any:
    """What a sample refutes takes long to be made short."""
    return pytest.param(name, marks=[pytest.mark.slow] if MUTANTS[name][0] in SAMPLED else [])


@pytest.mark.parametrize("name", [named(name) for name in MUTANTS])
def test_mutants_are_refuted(name, tmp_path):
    scenario, *change = MUTANTS[name]
    verdict = verdict_of(scenario, tmp_path, *change)
    assert verdict.status is Status.REFUTED, (name, verdict)
