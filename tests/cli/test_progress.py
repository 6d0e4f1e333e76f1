"""``concur explore``: its options for waits and races, and what it says while it takes long."""

import itertools
import json

import pytest

from concur.grade.pace import Pace

RACE = """
from threading import Thread
from concur import Mutex, Semaphore

class Box:
    n = 0

def scenario():
    box = Box()
    def put():
        with Mutex(), Semaphore():
            box.n = 1
    threads = [Thread(target=put) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert box.n == 1
"""


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "a time-out or sleep may end at any moment"),
        (["--notify", "any"], "notify wakes any waiter"),
        (["--spurious"], "each thread may wake once without a notify"),
        (["--atomic", "concur.Semaphore", "--atomic", "concur.Mutex"], "Mutex, Semaphore taken as one step"),
    ],
)
def test_the_options_reach_the_verdict(concur, program, options: list[str], said: str) -> None:
    (document,) = json.loads(concur("explore", program(RACE), *options, "--json").stdout)
    assert document["status"] == "verified"
    assert document["bound"].endswith(said)


@pytest.mark.parametrize(
    "options", [["--notify", "any"], ["--spurious"], ["--races", "off"], ["--atomic", "concur.Mutex"]]
)
def test_a_replay_takes_its_options_from_the_token(concur, program, options: list[str]) -> None:
    result = concur("explore", program(RACE), "--replay", "x", *options)
    assert result.exit_code == 2
    assert options[0] in result.stderr


@pytest.fixture
def clock(monkeypatch):
    """Every look at the clock is that many seconds after the one before."""

    def tick(seconds: float) -> None:
        ticks = itertools.count()
        monkeypatch.setattr("concur.grade.pace.monotonic", lambda: next(ticks) * seconds)

    return tick


def test_progress_is_said_once_a_second(clock) -> None:
    """Half a second a schedule: every second one is told."""
    said: list[str] = []
    clock(0.5)
    pace = Pace("exploring it", said.append)
    for schedules in range(1, 6):
        pace(schedules)
    assert said == ["exploring it: 2 schedules, 1 s", "exploring it: 4 schedules, 2 s"]


@pytest.mark.parametrize("options", [[], ["--sample", "3"]])
def test_progress_is_on_standard_error(concur, program, clock, options: list[str]) -> None:
    """Standard output stays one document."""
    name = program(RACE)
    clock(1.0)
    result = concur("explore", name, "--json", *options)
    assert len(json.loads(result.stdout)) == 1
    lines = result.stderr.splitlines()
    assert len(lines) >= 2
    assert all(line.startswith(f"exploring {name}::scenario: ") for line in lines)
    assert "1 schedule, " in result.stderr


def test_a_short_exploration_says_nothing(concur, program, clock) -> None:
    name = program(RACE)
    clock(0.0)
    assert concur("explore", name).stderr == ""
