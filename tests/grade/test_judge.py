"""What an attempt earns, however it behaves."""

import sys
from pathlib import Path

import pytest

from concur.check.verdict import Status
from concur.errors import TokenError, UsageError
from concur.grade.judge import judge
from concur.grade.sandbox import Limits
from tests.grade.conftest import RIGHT, TESTS

FUSE = Limits(cpu=3)


def earned(result) -> list[int]:
    return [each.earned for each in result.properties]


def reasons(result) -> list[str]:
    return [each.reason for each in result.properties]


def test_a_right_attempt_earns_all_points(build) -> None:
    result = judge(build())
    assert (result.score, result.max, result.solved) == (6, 6, True)
    assert [each.status for each in result.properties] == [Status.VERIFIED] * 3
    assert result.properties[2].schedules > 0


def test_a_refuted_property_comes_with_its_failure(build) -> None:
    result = judge(build("NAME = 'toy'\ndef work(): return 2\n"))
    assert earned(result) == [1, 0, 0]
    plain, threads = result.properties[1:]
    assert plain.status is Status.REFUTED
    assert plain.failure is not None
    assert plain.failure.message == "AssertionError: assert 2 == 1"
    assert threads.failure is not None
    assert threads.failure.kind == "assertion"
    assert threads.failure.token
    assert threads.report


def test_another_file_can_be_judged(build, tmp_path: Path) -> None:
    other = tmp_path / "other.py"
    other.write_text("NAME = 'other'\ndef work(): return 1\n")
    assert earned(judge(build(), attempt=other)) == [0, 2, 3]


def test_a_file_that_is_not_there_is_wrong_usage(build) -> None:
    exercise = build()
    with pytest.raises(UsageError, match=r"^nowhere\.py: no such file$"):
        judge(exercise, attempt=Path("nowhere.py"))
    exercise.attempt.unlink()
    with pytest.raises(UsageError, match=r"toy\.py: the file to edit is gone"):
        judge(exercise)


def test_a_syntax_error_is_one_line_for_every_property(build) -> None:
    result = judge(build("NAME = 'toy'\ndef work(:\n"))
    assert earned(result) == [0, 0, 0]
    assert set(reasons(result)) == {"toy.py:2: SyntaxError: invalid syntax"}


@pytest.mark.parametrize(
    ("attempt", "said"),
    [
        ("NAME = 'toy'\n", "toy.py has no name work; the stub defines it"),
        ("NAME = 'toy'\ndef work(self): return 1\n", "toy.py: work() missing 1 required positional argument"),
    ],
)
def test_a_missing_name_or_wrong_signature_is_named(build, attempt: str, said: str) -> None:
    result = judge(build(attempt))
    assert earned(result) == [1, 0, 0]
    assert [said in each for each in reasons(result)] == [False, True, True]


def test_tests_that_cannot_be_loaded_are_wrong_usage(build) -> None:
    """The exercise is broken, not the attempt."""
    exercise = build(tests="import no_such_thing\n@graded(points=1)\ndef test_a(attempt): 'A.'\n")
    with pytest.raises(UsageError, match=r"test_toy.py: the graded tests cannot be loaded: .*no_such_thing"):
        judge(exercise)


@pytest.mark.skipif(sys.platform == "win32", reason="limits are of POSIX")
@pytest.mark.parametrize(
    ("work", "said"),
    [
        (
            "sum(itertools.count())",
            "toy.py used 3 s of processor time during 'The work ends', and was stopped",
        ),
        ("os._exit(3)", "toy.py ended its process with exit code 3 during 'The work ends'"),
        ("os._exit(0)", "toy.py ended its process with exit code 0 during 'The work ends'"),
        ("os.kill(os.getpid(), 9)", "toy.py ended its process (SIGKILL) during 'The work ends'"),
        ("os.kill(os.getpid(), 11)", "toy.py ended its process (SIGSEGV) during 'The work ends'"),
    ],
)
def test_what_was_judged_before_the_process_died_is_kept(build, work: str, said: str) -> None:
    result = judge(build(f"import itertools, os\nNAME = 'toy'\ndef work(): {work}\n"), limits=FUSE)
    assert earned(result) == [1, 0, 0]
    assert reasons(result) == ["", said, said]
    assert result.properties[1].status is Status.UNCHECKABLE


@pytest.mark.skipif(sys.platform == "win32", reason="limits are of POSIX")
def test_a_flood_of_output_is_stopped(build) -> None:
    attempt = "NAME = 'toy'\ndef work():\n    while True: print('x' * 999)\n"
    result = judge(build(attempt), limits=Limits(output=1 << 20))
    assert earned(result) == [1, 0, 0]
    assert reasons(result)[1] == "toy.py printed more than 1,024 KiB during 'The work ends', and was stopped"
    assert len(result.output) <= 1 << 16


@pytest.mark.skipif(sys.platform == "win32", reason="limits are of POSIX")
@pytest.mark.parametrize("wait", ["while True: pass", "threading.Event().wait()"])
def test_an_attempt_that_hangs_while_it_is_imported_earns_nothing(build, wait: str) -> None:
    result = judge(build(f"import threading\n{wait}\n"), limits=Limits(cpu=3, silence=3))
    assert earned(result) == [0, 0, 0]
    assert all(reasons(result))


@pytest.mark.parametrize(
    "work",
    [
        "raise SystemExit(4)",
        "sys.exit()",
        "work()",  # recursion without end
        "raise KeyboardInterrupt",
        "os.remove(__file__)",
        "os.close(1)",
        "sys.stdout.close()",
        "os.chdir('/') or 2",
        "sys.modules.clear()",
        "pytest.exit('bye')",
        "pytest.skip('not today')",
        "threading.Thread(target=threading.Event().wait).start() or 2",
    ],
)
@pytest.mark.skipif(sys.platform == "win32", reason="limits are of POSIX")
def test_no_attempt_takes_the_judge_down(build, work: str) -> None:
    """Whatever it does, it earns nothing for what it does not do, and a line says why."""
    exercise = build(
        f"import os, pytest, sys, threading\nNAME = 'toy'\ndef work(): return {work}\n".replace(
            "return raise", "raise"
        )
    )
    result = judge(exercise, limits=Limits(cpu=10, memory=1 << 30))
    assert result.max == 6
    assert earned(result)[1:] == [0, 0]
    for each in result.properties[1:]:
        assert each.reason or each.failure
        assert "\n" not in each.reason


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits address space")
def test_an_attempt_that_eats_memory_earns_nothing_for_it(build) -> None:
    attempt = "NAME = 'toy'\ndef work():\n    kept = []\n    while True: kept.append(bytearray(1 << 24))\n"
    result = judge(build(attempt), limits=Limits(memory=1 << 30))
    assert earned(result) == [1, 0, 0]
    assert result.properties[1].failure is not None
    assert result.properties[1].failure.message == "MemoryError (toy.py:4)"


def test_what_the_attempt_prints_is_kept_apart(build) -> None:
    result = judge(build("NAME = 'toy'\ndef work():\n    print('here I am')\n    return 1\n"))
    assert result.solved
    assert "here I am" in result.output


def test_settings_of_the_callers_pytest_do_not_reach_the_child(build, monkeypatch) -> None:
    monkeypatch.setenv("PYTEST_ADDOPTS", "--no-such-option")
    assert judge(build()).solved


def test_a_token_replays_the_property_it_belongs_to(build) -> None:
    exercise = build("NAME = 'toy'\ndef work(): return 2\n")
    failure = judge(exercise).properties[2].failure
    assert failure is not None
    again = judge(exercise, token=failure.token)
    assert [each.name for each in again.properties] == ["test_threads"]
    assert again.properties[0].failure is not None
    assert again.properties[0].failure.message == failure.message


def test_a_token_of_nothing_is_refused(build) -> None:
    with pytest.raises(TokenError):
        judge(build(), token="nonsense")


def test_a_token_of_other_source_is_refused(build) -> None:
    exercise = build("NAME = 'toy'\ndef work(): return 2\n")
    failure = judge(exercise).properties[2].failure
    assert failure is not None
    exercise.attempt.write_text("NAME = 'toy'\ndef work(): return 3\n")
    with pytest.raises(TokenError):
        judge(exercise, token=failure.token)


def test_properties_are_announced_as_they_begin(build) -> None:
    told: list[str] = []
    judge(build(), on_property=lambda claim: told.append(claim.title))
    assert told == ["The name is known", "The work ends", "Two threads both work"][: len(told)]


BUDGET_OF_ONE = '''
from threading import Thread

from concur.grade import graded

@graded(points=3)
def test_box(explore):
    """The box is not below 0."""
    def scenario(attempt):
        box = attempt.Box()
        threads = [Thread(target=box.add) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert box.n == 2

    explore(scenario, max_schedules=1, samples=50)
'''


def test_a_budget_that_ends_is_sampled_and_earns_points_but_verifies_nothing(build) -> None:
    attempt = """
        from threading import Lock

        class Box:
            def __init__(self):
                self.n, self.lock = 0, Lock()

            def add(self):
                with self.lock:
                    self.n += 1
        """
    (found,) = judge(build(attempt, BUDGET_OF_ONE)).properties
    assert (found.earned, found.status, found.schedules) == (3, Status.UNFINISHED, 51)
    assert "budget of 1 schedule is used up" in found.reason


def test_sampling_refutes_what_the_budget_missed(build) -> None:
    attempt = "class Box:\n    n = 0\n    def add(self): self.n += 1\n"
    (found,) = judge(build(attempt, BUDGET_OF_ONE)).properties
    assert (found.earned, found.status) == (0, Status.REFUTED)


def test_a_loop_without_end_earns_nothing(build) -> None:
    """It waits for ever, as a deadlock does, and its report names the loop."""
    attempt = "class Box:\n    n = 0\n    def add(self):\n        while True: pass\n"
    (found,) = judge(build(attempt, BUDGET_OF_ONE.replace("=1,", "=100,"))).properties
    assert (found.earned, found.status) == (0, Status.REFUTED)
    assert "goes round at toy.py:4 (while True: pass)" in " ".join(found.report.split())


def test_a_loop_that_has_no_end_in_sight_earns_nothing(build) -> None:
    """It is no failure that was found, but no budget that ended either: its own message says so."""
    attempt = "class Box:\n    n = 0\n    def add(self):\n        n = 0\n        while True: n += 1\n"
    (found,) = judge(build(attempt, BUDGET_OF_ONE.replace("=1,", "=100,"))).properties
    assert (found.earned, found.status) == (0, Status.UNFINISHED)
    assert "toy.py:5" in found.reason


ONLY = 'ONLY = ("threading.Lock",)\n'


@pytest.mark.parametrize(
    ("line", "used"),
    [
        ("from threading import Semaphore", "threading.Semaphore"),
        ("import threading as t; s = t.Semaphore()", "threading.Semaphore"),
        ("import concurrent.futures; e = concurrent.futures.Executor", "concurrent.futures"),
        ("from concur import *", "concur.*"),
        ("s = __import__('queue').Queue()", "__import__"),
    ],
)
def test_what_the_exercise_does_not_allow_is_reported_and_earns_nothing(build, line: str, used: str) -> None:
    result = judge(build(f"{line}\n{RIGHT}", ONLY + TESTS))
    assert result.score == 0
    assert {each.reason for each in result.properties} == {
        f"toy.py:1 uses {used}; this exercise is to be solved from threading.Lock only"
    }


def test_what_it_allows_is_judged(build) -> None:
    allowed = "import threading\nfrom collections import deque\nfrom threading import Lock\nlock = threading.Lock()\n"
    assert judge(build(f"{allowed}{RIGHT}", ONLY + TESTS)).score == 6


def test_from_nothing_at_all(build) -> None:
    result = judge(build("import threading\nlock = threading.Lock()\n" + RIGHT, "ONLY = ()\n" + TESTS))
    assert "from plain variables only" in result.properties[0].reason


def test_only_what_is_named_is_judged(build) -> None:
    result = judge(build("NAME = 'toy'\n"), only=["test_name"])
    assert [each.name for each in result.properties] == ["test_name"]
    assert result.score == result.max == 1


def test_what_the_tests_say_is_shown_without_their_text(build) -> None:
    tests = TESTS.replace("assert attempt.work() == 1", 'assert attempt.work() == 1, "too much work"')
    result = judge(build(RIGHT.replace("return 1", "return 2"), tests), only=["test_work"])
    assert result.properties[0].reason == "too much work"
    assert result.properties[0].status is Status.REFUTED
