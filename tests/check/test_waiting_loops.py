"""Loops that wait for another thread: locks from plain variables and atomics, polling, and what goes wrong with them.

The programs are in tests/check/programs; each lock excludes if a plain counter under it loses no update.
"""

import shutil
from pathlib import Path

import pytest

from concur.check import Status, Verdict, explore
from concur.check.options import Options
from concur.check.scenario import Scenario
from concur.check.work import Work

from .conftest import TOGETHER, Check, observed

PROGRAMS = Path(__file__).parent / "programs"

RIGHT = """
    peterson: right right_once_and_twice right_twice
    dekker: right right_once_and_twice
    bakery: right filter
    spinlocks: test_and_set test_and_test_and_set compare_and_set ticket
    spinlocks: try_lock try_lock_of_three ticket_from_lock ticket_from_lock_of_three
    queue_locks: clh mcs
    polling: barrier seqlock seqlock_written_twice is_alive locked sleeps gives_way is_set double_checked
    round_and_round: one_insists philosophers_in_one_order
"""

WRONG = """
    peterson: without_turn=deadlock turn_only=deadlock turn_first=assertion turn_to_oneself=assertion
    dekker: never_gives_way=deadlock without_turn=livelock forgets_to_ask_again=assertion
    bakery: without_choosing=assertion without_ties=assertion ties_keep_both_out=deadlock
    bakery: filter_with_a_level_too_few=assertion
    spinlocks: test_then_set=assertion try_lock_once=assertion try_lock_kept=deadlock
    spinlocks: waits_until_unlocked=assertion set_default_forgotten=assertion
    spinlocks: ticket_by_read_and_write=deadlock ticket_served_twice=deadlock
    queue_locks: clh_in_two_steps=assertion clh_unlocked=assertion mcs_impatient=deadlock mcs_late=deadlock
    polling: barrier_that_resets=deadlock barrier_of_one_round=assertion barrier_without_mutex=deadlock
    polling: seqlock_read_once=assertion seqlock_written_after=assertion seqlock_not_ended=deadlock
    polling: is_alive_not_asked=assertion two_wait_for_each_others_end=deadlock locked_for_ever=deadlock
    polling: sleeps_and_trusts=assertion sleeps_for_ever=deadlock
    polling: is_set_too_early=assertion is_set_and_cleared=deadlock
    polling: checked_once=assertion flag_too_early=assertion flag_that_nobody_raises=deadlock
    round_and_round: two_polite_threads=livelock philosophers_give_up_in_step=livelock
"""


def listed(table: str) -> list[str]:
    """``file::name`` of each, with what is expected of it behind an equals sign."""
    rows = [row.split(":") for row in table.strip().splitlines()]
    return [f"{file.strip()}::{name}" for file, names in rows for name in names.split()]


def verdict_of(name: str, folder: Path = PROGRAMS, **options: object) -> Verdict:
    file, scenario = name.split("::")
    given = f"{folder / file}.py::scenario_{scenario}"
    return explore(given, **{"max_schedules": 10_000, "max_seconds": None, **options})  # type: ignore[arg-type]


@pytest.mark.parametrize("name", listed(RIGHT))
def test_verified(name: str) -> None:
    """A loop that waits for what another thread does ends, under every schedule that is fair."""
    verdict = verdict_of(name)
    assert verdict.status is Status.VERIFIED, str(verdict)


def test_verified_with_a_generator_expression() -> None:
    """The condition of a waiting loop may be ``any(... for ...)``."""
    verdict = verdict_of("bakery::filter_in_one_expression")
    assert verdict.status is Status.VERIFIED, str(verdict)


@pytest.mark.parametrize("expected", listed(WRONG))
def test_refuted(expected: str) -> None:
    """What lets two in is an assertion; what waits for ever is a deadlock, if it changes nothing, or a livelock."""
    name, kind = expected.split("=")
    verdict = verdict_of(name)
    assert verdict.status is Status.REFUTED, str(verdict)
    assert verdict.failure is not None
    assert verdict.failure.kind == kind, str(verdict)


def test_every_program_is_expected() -> None:
    """No scenario is left without a verdict."""
    others = """
        bakery: filter_in_one_expression
        spinlocks: set_default
        round_and_round: takes_a_lock_each_time counts_each_time appends_each_time counts_for_ever
    """
    names = listed(RIGHT) + listed(others)
    names += [expected.partition("=")[0] for expected in listed(WRONG)]
    there = [
        f"{path.stem}::{line[len('def scenario_') : line.index('(')]}"
        for path in PROGRAMS.glob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.startswith("def scenario_")
    ]
    assert sorted(names) == sorted(there)


@pytest.mark.parametrize("name", ["polling::sleeps", "peterson::right", "dekker::right", "polling::is_set"])
def test_verified_when_time_passes_only_when_idle(name: str) -> None:
    """In the other mode of time the loops wait as well."""
    verdict = verdict_of(name, timeouts="idle")
    assert verdict.status is Status.VERIFIED, str(verdict)


@pytest.fixture(scope="module")
def started_in_reverse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same programs, where the thread that was started first is started last."""
    folder = shutil.copytree(PROGRAMS, tmp_path_factory.mktemp("reversed") / "programs")
    common = folder / "common.py"
    text = common.read_text(encoding="utf-8")
    assert text.count("in threads:") == 2
    common.write_text(text.replace("in threads:", "in reversed(threads):"), encoding="utf-8")
    return folder


@pytest.mark.parametrize("expected", listed(WRONG))
def test_refuted_in_the_other_order(expected: str, started_in_reverse: Path) -> None:
    """The order in which threads are started and joined changes nothing."""
    name, kind = expected.split("=")
    failure = verdict_of(name, started_in_reverse).failure
    assert failure is not None
    assert failure.kind == kind, failure.message


# Loops that change something each time round


def test_a_loop_that_takes_a_lock_is_unfinished() -> None:
    """It may go round as long as the other is not let in, and which line that is, is said."""
    verdict = verdict_of("round_and_round::takes_a_lock_each_time")
    assert verdict.status is Status.UNFINISHED, str(verdict)
    lines = (PROGRAMS / "round_and_round.py").read_text(encoding="utf-8").splitlines()
    number = 1 + lines.index("        while True:", lines.index("def scenario_takes_a_lock_each_time():"))
    assert f"round_and_round.py:{number} " in verdict.reason


def test_a_test_and_set_of_a_dictionary_is_unfinished() -> None:
    """setdefault() may change the dictionary each time, as far as is known of it."""
    verdict = verdict_of("spinlocks::set_default")
    assert verdict.status is Status.UNFINISHED, str(verdict)
    assert "spinlocks.py:" in verdict.reason


@pytest.mark.parametrize("name", ["counts_each_time", "appends_each_time", "counts_for_ever"])
def test_a_loop_that_counts_is_unfinished(name: str) -> None:
    """States do not come back, so the run is cut, and nothing is claimed."""
    scenario = Scenario.of(f"{PROGRAMS / 'round_and_round.py'}::scenario_{name}")
    work = Work(scenario, Options(max_steps=100))
    with work.running():
        verdict = work.explore(None, None)
    assert verdict.status is Status.UNFINISHED, str(verdict)
    assert "100 visible operations" in verdict.reason


GIVES_UP = """
from threading import Thread

result = None
ready = False


def scenario():
    global result
    seen = []

    def wait():
        {loop}
        seen.append((ready, rounds))

    def tell():
        global ready
        ready = True

    together(wait, tell)
    result = tuple(seen)
"""

LOOPS_THAT_GIVE_UP = {
    "while": """
        rounds = 0
        while not ready and rounds < 2:
            rounds += 1
    """,
    "for": """
        rounds = 0
        for rounds in (0, 1, 2):
            if ready:
                break
    """,
}


@pytest.mark.parametrize("loop", LOOPS_THAT_GIVE_UP)
def test_a_loop_that_gives_up_does_not_wait(loop: str, tmp_path: Path) -> None:
    """Each number of rounds is seen, also the last, with the flag up or down."""
    file = tmp_path / "program.py"
    body = LOOPS_THAT_GIVE_UP[loop].strip()
    file.write_text(TOGETHER + GIVES_UP.format(loop=body), encoding="utf-8")
    ends = {(True, 0), (True, 1), (True, 2), (False, 2)}
    assert observed(file) == {(None, (end,)) for end in ends}


def test_a_flag_set_twice(check: Check) -> None:
    """A value that was there before is no change: a waiting loop may miss it, and so may the program."""
    program = """
    from threading import Thread

    class Flag:
        up = False

    def scenario():
        flag = Flag()

        def wait():
            while not flag.up:
                pass

        def blink():
            flag.up = True
            flag.up = {last}

        together(wait, blink)
    """
    assert check(program.format(last="True")).status is Status.VERIFIED
    failure = check(program.format(last="False")).failure
    assert failure is not None
    assert failure.kind == "deadlock"
