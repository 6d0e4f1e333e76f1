"""`concur demo`: a list, the races, a classic on real threads and under the checker."""

import importlib
import os
import re
import signal
import sys
from types import ModuleType

import pytest

from concur import problems, race
from concur.check import Status
from concur.problems import catalogue

command = importlib.import_module("concur.cli.demo")  # the name in concur.cli is that of the command itself


def lines_of(result):
    assert "\x1b" not in result.output, "colour where there is no terminal"
    assert max(map(len, result.output.splitlines())) <= 80, max(result.output.splitlines(), key=len)
    return result.output.splitlines()


def test_list_names_all(concur) -> None:
    """Without a name: every demonstration, with what it is about."""
    result = concur("demo")
    assert result.exit_code == 0, result.output
    listed = [line.split("  ")[0] for line in lines_of(result) if not line.startswith(" ")]
    for problem in catalogue():
        assert problem.name in listed
        assert problem.summary.split()[0] in result.output
    assert {"race", "race-processes"} <= set(listed)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("rase", "race"),
        ("race_proceses", "race-processes"),
        ("dining_philosopher", "dining-philosophers"),
        ("Barber", "sleeping-barber"),
    ],
)
def test_unknown_name_suggests_the_nearest(concur, name: str, meant: str) -> None:
    """A slip costs one line, and names what was meant."""
    result = concur("demo", name)
    assert result.exit_code == 2
    assert f"no demo called '{name}'; did you mean {meant}?" in result.output


def test_unknown_name_without_a_near_one(concur) -> None:
    """What is like nothing gets no guess."""
    result = concur("demo", "xyzzy")
    assert result.exit_code == 2
    assert "did you mean" not in result.output
    assert "`concur demo` lists them" in result.output


def test_race_tells_all_parts_and_refutes_the_plain_one(concur) -> None:
    """The parts come in their order, and what passes here is refuted by an interleaving."""
    result = concur("demo", "race")
    assert result.exit_code == 0, result.output
    heads = [line for line in lines_of(result) if line[:1].isdigit() and line[1:2] == " "]
    assert [head.split()[1].rstrip(":").lower() for head in heads] == list(race.PARTS)
    assert "100 rounds of two additions: 100 of 200 were lost" in result.output
    assert "refuted by schedule" in result.output
    assert "An update was lost" in result.output


def test_race_between_processes(concur) -> None:
    """Forced it loses half of the updates, at full speed what it loses, and with a lock nothing."""
    result = concur("demo", "race-processes")
    assert result.exit_code == 0, result.output
    heads = [line for line in lines_of(result) if line[:1].isdigit() and line[1:2] == " "]
    assert len(heads) == len(race.PARTS_OF_PROCESSES)
    assert "  without a lock: 100 of 200 updates lost in 100 rounds, 50.0%" in result.output
    assert "  with a lock:    0 of 200 updates lost" in result.output
    assert re.search(r"  without a lock: [\d,]+ of 400,000, \d+\.\d% lost", result.output)
    assert "  with its lock:  400,000 of 400,000" in result.output


def test_a_build_without_the_global_lock_is_told_so(concur, monkeypatch: pytest.MonkeyPatch) -> None:
    """The checker is not promised there, and the demonstration ends well without it."""
    from concur.race import plain

    monkeypatch.setattr(plain, "has_gil", lambda: False)
    assert command.refute(plain) == 0


@pytest.mark.parametrize("name", ["readers_writers"])
def test_classic_is_told_run_and_checked(concur, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The story without its examples, what the threads did, and each scenario with its verdict and bound."""
    monkeypatch.setattr(command, "SECONDS", None)  # no verdict rests on a clock
    result = concur("demo", name)
    assert result.exit_code == 0, result.output
    lines = lines_of(result)
    assert lines[0].startswith("Readers and writers: many may read at a time")
    assert ">>>" not in result.output
    assert "  Writers were always alone" in result.output
    assert sum(line.startswith("  verified ") for line in lines) == 4
    assert "under sequential consistency" in result.output
    assert lines[-1].startswith("next: ")


WRONG = '''"""Wrong: a classic that fails.

How it works: not at all.

Invariant: *none*, as :class:`Lock` says, and a list:

- of one;
- of two.
"""
import threading
CHECK = "explore"
SAMPLED = ("scenario_sampled",)
def demo(say):
    say("it begins")
    worker = threading.Thread(target=int, args=("no number",))
    worker.start()
    worker.join()
def scenario_wrong(): assert False
def scenario_sampled(): pass
'''


@pytest.fixture
def wrong(home, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A problem whose thread and whose scenario fail."""
    file = home / "wrong_classic.py"
    file.write_text(WRONG)
    module = ModuleType("wrong_classic", WRONG)
    module.__file__ = str(file)
    exec(compile(WRONG, str(file), "exec"), module.__dict__)
    monkeypatch.setitem(sys.modules, "concur.problems.wrong_classic", module)
    monkeypatch.setattr(command, "catalogue", lambda: (problems.Problem.read(file),))
    return module


def test_a_thread_that_fails_makes_a_demo_fail(concur, wrong: ModuleType) -> None:
    """It is not taken for a success, and no traceback is printed in between."""
    result = concur("demo", "wrong-classic")
    assert result.exit_code == 70
    assert "it begins" in result.output
    assert "ValueError" in result.output
    assert "Traceback" not in result.output


def test_a_refuted_scenario_is_shown(concur, wrong: ModuleType) -> None:
    """With its run; what was only sampled says so."""
    wrong.demo = lambda say: say("fine")  # type: ignore[attr-defined]
    result = concur("demo", "wrong-classic")
    assert result.exit_code == 1
    assert "  refuted    wrong: 1 schedule" in result.output
    assert "AssertionError" in result.output
    assert "  sampled    sampled: 1,000 schedules" in result.output
    assert "1,000 random schedules, seed 0; none failed" in result.output
    assert "Invariant: none, as Lock says, and a list:\n\n- of one;\n- of two." in result.output


def test_a_scenario_that_is_too_large_is_unfinished(
    concur, wrong: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A budget that ends is no verdict, and the exit code says so."""
    wrong.demo = lambda say: say("fine")  # type: ignore[attr-defined]
    explored = command.explored
    monkeypatch.setattr(command, "SECONDS", 1e-9)
    monkeypatch.setattr(command, "explored", lambda file, name, atomic: explored(BUFFER, NAME, atomic))
    result = concur("demo", "wrong-classic")
    assert result.exit_code == 3, result.output
    assert str(Status.UNFINISHED) in result.output


BUFFER = next(problem.file for problem in catalogue() if problem.name == "producer-consumer")
NAME = "scenario_order"


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize(("number", "code", "said"), [("SIGINT", 130, "stopped"), ("SIGTERM", 143, "")])
@pytest.mark.parametrize("name", ["race", "race-processes", "dining-philosophers"])
def test_ctrl_c_ends_it(shell, name: str, number: str, code: int, said: str) -> None:
    """In the middle of it: one word, no traceback, the exit code of a program that was stopped, no process left."""
    process = shell("demo", name, PYTHONUNBUFFERED="1", start_new_session=True)
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(("2 Processes", "  everybody takes")):
            break
    os.killpg(process.pid, getattr(signal, number))  # as a terminal does: to all of its processes
    # Its processes write where it writes: that the pipes end says that the last of them has ended.
    out, err = process.communicate()
    assert process.returncode == code, (out, err)
    assert err.strip() == said, err
