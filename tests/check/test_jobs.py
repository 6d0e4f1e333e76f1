"""A search or a sample that is shared among processes: the verdict of one process, and no process is left behind."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from concur.check import Status, Verdict, crew, explore, sample, share
from concur.check.report import text
from concur.errors import UsageError
from tests.soundness.sharing import Here, here

from .conftest import TOGETHER, Check


@pytest.fixture(autouse=True)
def _none_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A search is shared from its first schedule on; afterwards this process has no child."""
    monkeypatch.setattr(share, "ALONE", 0.0)
    yield
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


COUNTER = """
    class Counter:
        n = 0
    def scenario():
        counter = Counter()
        def one():
            counter.n += 1
            counter.n += 1
        def two():
            counter.n += 1
            counter.n += 1
        def three():
            counter.n += 1
        together(one, two, three)
        assert counter.n > {least}
"""


def same(check: Check, program: str, **options: Any) -> Verdict:
    """The verdict of one, two and three processes, which is the same; but for the time that it took."""
    alone, *shared = (check(program, jobs=jobs, **options) for jobs in (1, 2, 3))
    for verdict in shared:
        assert text(verdict).partition("\n")[2] == text(alone).partition("\n")[2]
        assert {**verdict.to_json(), "seconds": 0} == {**alone.to_json(), "seconds": 0}
        assert verdict.output == alone.output
    return alone


def test_a_verification(check: Check) -> None:
    """Every class of schedules once, whoever runs it."""
    verdict = same(check, COUNTER.format(least=0))
    assert (verdict.status, verdict.schedules) == (Status.VERIFIED, 858)


def test_the_failure_is_the_first_in_the_order_of_one_process(check: Check) -> None:
    """Several schedules fail; which one is reported is not a matter of who is quicker."""
    verdict = same(check, COUNTER.format(least=1))
    assert verdict.status is Status.REFUTED


def test_a_budget_of_schedules(check: Check) -> None:
    """It ends after as many schedules, with the same claim."""
    for most in (17, 300):
        verdict = same(check, COUNTER.format(least=0), max_schedules=most)
        assert verdict.schedules == most
        assert verdict.status is Status.UNFINISHED


@pytest.mark.parametrize("strategy", ["pct", "random"])
def test_a_sample(tmp_path: Path, strategy: Any) -> None:
    """The failure is that of the lowest number; without one, all runs are made."""
    program = tmp_path / "program.py"
    program.write_text(TOGETHER + textwrap.dedent(COUNTER.format(least=0)))
    buggy = Path(__file__).with_name("buggy.py")
    for scenario, status in (
        (f"{buggy}::scenario_if_for_while", Status.REFUTED),
        (f"{program}::scenario", Status.UNFINISHED),
    ):
        alone, shared = (sample(scenario, runs=150, seed=1, strategy=strategy, jobs=jobs) for jobs in (1, 2))
        assert alone.status is status
        assert {**shared.to_json(), "seconds": 0} == {**alone.to_json(), "seconds": 0}


def test_races_and_output(check: Check) -> None:
    """Data races of all runs are reported, and what the last run printed."""
    program = """
        from threading import Lock
        class Box:
            x = y = 0
        def scenario():
            box, lock = Box(), Lock()
            def write():
                box.x += 1
                with lock:
                    box.y += 1
            def read():
                with lock:
                    if box.y and not box.x:
                        print("never")
                print("x is", box.x)
            def other():
                box.x = 7
                with lock:
                    print("y is", box.y)
            together(write, read, other)
    """
    verdict = same(check, program)
    assert verdict.status is Status.VERIFIED
    assert len(verdict.races) > 1
    assert "x is" in verdict.output
    assert same(check, program, races="fail").failure.kind == "race"  # type: ignore[union-attr]


def test_facts_that_are_learnt_late(check: Check) -> None:
    """A process comes to something that the search must know from its beginning: it begins again, as ever."""
    verdict = same(
        check,
        """
        class Box:
            x = 0
            ready = False
        def scenario():
            box = Box()
            def one():
                box.x = 1
                box.x = 2
            def two():
                if box.x == 1:
                    box.ready = True  # a field that is only read, so far
            def three():
                box.ready
                box.ready
            together(one, two, three)
        """,
    )
    assert verdict.status is Status.VERIFIED


def test_a_class_taken_as_one_step(check: Check) -> None:
    """It is named in the bound, also when only other processes have met it."""
    verdict = same(
        check,
        """
        from concur import Semaphore
        class Box:
            x = 0
        def scenario():
            box, permits = Box(), Semaphore(1)
            def one():
                box.x += 1
            def two():
                if box.x:
                    permits.acquire()
            together(one, two)
        """,
        atomic=("concur.Semaphore",),
    )
    assert verdict.bound.endswith("Semaphore taken as one step")


def test_runs_that_are_cut(check: Check) -> None:
    """A thread goes round for ever under some schedules: the same words about it."""
    verdict = same(
        check,
        """
        class Box:
            x = n = 0
        def scenario():
            box = Box()
            def one():
                box.x = 1
                box.x = 0
            def two():
                while box.x == 0:
                    box.n += 1
                    if box.n > 4:
                        break
            together(one, two, one)
        """,
    )
    assert verdict.status in (Status.VERIFIED, Status.UNFINISHED)


def test_an_exception_that_ends_the_exploration(check: Check) -> None:
    """What a run raises here it raises from another process."""
    program = """
        class Box:
            x = 0
        def scenario():
            box = Box()
            def one():
                box.x += 1
            def two():
                box.x += 1
            together(one, two)
            if box.x == 1:
                raise KeyboardInterrupt
    """
    for jobs in (1, 2):
        with pytest.raises(KeyboardInterrupt):
            check(program, jobs=jobs)


LAST = """
    import os, signal, sys
    class Box:
        x = 0
    parent = {parent}
    def scenario():
        box = Box()
        def one():
            box.x += 1
        def two():
            box.x += 1
        def three():
            box.x += 1
        together(one, two, three)
        if box.x == 1 and os.getpid() != parent:
            {what}
"""


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("os.kill(os.getpid(), signal.SIGKILL)", "was killed by SIGKILL"),
        ("os._exit(3)", "ended with exit code 3"),
    ],
)
def test_a_process_that_dies(check: Check, what: str, told: str) -> None:
    """What it was to search is not searched, and nobody says that it was."""
    verdict = check(LAST.format(parent=os.getpid(), what=what), jobs=2)
    assert verdict.status is Status.UNFINISHED
    assert verdict.reason.startswith(f"stopped: a process of the search {told}; ")
    assert "no claim" in verdict.bound


def test_a_process_that_sees_another_program(check: Check) -> None:
    """A failure that is not seen again is no failure, and no verification either."""
    verdict = check(LAST.format(parent=os.getpid(), what="assert 0"), jobs=2)
    assert verdict.status is Status.UNCHECKABLE
    assert "not deterministic" in verdict.reason


def test_a_failure_that_is_known_when_the_time_is_up(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is reported, although the search has not come to it."""
    program = COUNTER.format(least=1)
    assert check(program, max_schedules=270).status is Status.UNFINISHED  # so it comes late
    now = 0.0

    class Clock:
        """A second passes for each answer."""

        @staticmethod
        def perf_counter() -> float:
            return now

    class Slow(Here):
        def answers(self, seconds: float) -> Iterator[tuple[int, Any]]:
            nonlocal now
            self.tasks.sort(reverse=True, key=lambda task: task[0] != 0)  # not the one who has the main line
            for answer in super().answers(seconds):
                now += 1
                yield answer

    found = set()
    monkeypatch.setattr(share, "time", Clock)
    monkeypatch.setattr("concur.check.work.time", Clock)
    monkeypatch.setattr("concur.check.engine.time", Clock)
    for seed in range(4):
        now = 0.0
        with here(seed), mock.patch.object(share, "Crew", Slow):
            verdict = check(program, jobs=4, max_seconds=100)
        found.add(verdict.status)
        assert verdict.status in (Status.UNFINISHED, Status.REFUTED)
        if verdict.status is Status.UNFINISHED:
            assert verdict.reason.startswith(
                "the budget of 100 s is used up; every schedule that begins with"
            )
    assert Status.REFUTED in found


def test_a_budget_of_seconds_ends_a_process_that_does_not(check: Check) -> None:
    """What computes in C cannot be interrupted, but it can be killed."""
    verdict = check(LAST.format(parent=os.getpid(), what="sum(range(10**12))"), jobs=2, max_seconds=1.5)
    assert verdict.status is Status.UNFINISHED
    assert verdict.reason.startswith("the budget of 1.5 s is used up")


def test_ctrl_c(tmp_path: Path) -> None:
    """It ends the search at once, with all processes, whatever they are at."""
    program = textwrap.dedent(
        LAST.format(
            parent="int(os.environ['PARENT'])",
            what="os.write(2, b'there\\n'); sum(range(10**12))",
        )
    )
    (tmp_path / "program.py").write_text(TOGETHER + program)
    script = f"""
import os, signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have it ignored
os.environ["PARENT"] = str(os.getpid())
from concur.check import explore, share
share.ALONE = 0
explore({str(tmp_path / "program.py")!r} + "::scenario", jobs=2, max_seconds=None)
"""
    with subprocess.Popen(
        [sys.executable, "-c", script], stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as explorer:
        assert explorer.stderr is not None
        assert explorer.stderr.readline() == "there\n"
        os.killpg(explorer.pid, signal.SIGINT)
        assert "KeyboardInterrupt" in explorer.stderr.read()  # to the end: nobody has the pipe any more
    with pytest.raises(ProcessLookupError):
        os.killpg(explorer.pid, 0)


def test_a_parent_that_is_killed_leaves_nobody(tmp_path: Path) -> None:
    """The pipe that all of them hold is closed when the last is gone."""
    program = textwrap.dedent(
        LAST.format(
            parent="int(os.environ['PARENT'])",
            what="os.write(2, b'there\\n'); sum(range(10**12))",
        )
    )
    (tmp_path / "program.py").write_text(TOGETHER + program)
    script = f"""
import os, signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have it ignored
os.environ["PARENT"] = str(os.getpid())
from concur.check import explore, share
share.ALONE = 0
explore({str(tmp_path / "program.py")!r} + "::scenario", jobs=2, max_seconds=None)
"""
    with subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.PIPE, text=True) as explorer:
        assert explorer.stderr is not None
        assert explorer.stderr.readline() == "there\n"
        explorer.kill()
        explorer.stderr.read()


def test_other_threads(check: Check) -> None:
    """A process with threads cannot be forked: that is said, before anything is run."""
    over = threading.Event()
    thread = threading.Thread(target=over.wait, name="Archimedes")
    thread.start()
    try:
        with pytest.raises(UsageError, match=r"jobs=2: .* here there are 'Archimedes'; end them first"):
            check(COUNTER.format(least=0), jobs=2)
        assert check(COUNTER.format(least=0), jobs=1).status is Status.VERIFIED
    finally:
        over.set()
        thread.join()


def test_threads_that_the_program_brings(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the program under test has started some, in an import, this process goes on by itself."""
    asked = []

    def other_threads() -> list[str]:
        asked.append(True)
        return ["'pool'"]

    monkeypatch.setattr("concur.check.work.other_threads", other_threads)
    monkeypatch.setattr(crew.Crew, "start", None)
    assert check(COUNTER.format(least=0), jobs=2).status is Status.VERIFIED
    assert len(asked) == 1


def test_one_job_and_short_searches_need_no_process(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    """None is started."""
    monkeypatch.setattr(os, "fork", None)
    assert check(COUNTER.format(least=0), jobs=1).status is Status.VERIFIED
    monkeypatch.setattr(share, "ALONE", 1e9)
    assert check(COUNTER.format(least=0), jobs=2).status is Status.VERIFIED


def test_no_room_for_a_process(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    """The verdict says what is the matter."""

    def fork() -> int:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(os, "fork", fork)
    verdict = check(COUNTER.format(least=0), jobs=2)
    assert verdict.status is Status.UNFINISHED
    assert verdict.reason.startswith("stopped: no process could be started ([Errno 11] Resource temporarily")


@pytest.mark.parametrize("jobs", [0, -1, True, 1.5, "2", None])
def test_misuse(jobs: Any) -> None:
    """A number of processes is one."""
    with pytest.raises(UsageError, match="jobs is a number of processes, 1 or more, not"):
        explore(f"{__file__}::test_misuse", jobs=jobs)


def test_a_system_without_fork(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has no jobs."""
    monkeypatch.delattr(os, "fork")
    with pytest.raises(UsageError, match="jobs=2: this system has no fork"):
        explore(f"{__file__}::test_misuse", jobs=2)
