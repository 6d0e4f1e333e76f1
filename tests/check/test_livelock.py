"""Livelocks: threads that go round for ever although things change, found by a state that comes back."""

from pathlib import Path

import pytest

from concur.check import Status, replay

from .conftest import Check

POLITE = """
    class Gate:
        def __init__(self): self.wants = [False, False]
        def enter(self, me):
            self.wants[me] = True
            while self.wants[1 - me]:
                self.wants[me] = False
                self.wants[me] = True
        def leave(self, me): self.wants[me] = False
    def scenario():
        gate = Gate()
        def left(): gate.enter(0); gate.leave(0)
        def right(): gate.enter(1); gate.leave(1)
        together(left, right)
"""

TRY_AND_GIVE_UP = """
    from threading import Lock
    def scenario():
        forks = [Lock(), Lock()]
        def eat(first, second):
            while True:
                first.acquire()
                if second.acquire(blocking=False):
                    break
                first.release()
            second.release()
            first.release()
        def plato(): eat(forks[0], forks[1])
        def kant(): eat(forks[1], forks[0])
        together(plato, kant)
"""


@pytest.mark.parametrize("text", [POLITE, TRY_AND_GIVE_UP], ids=["polite", "try and give up"])
def test_giving_way_for_ever_is_a_livelock(check: Check, tmp_path: Path, text: str) -> None:
    """Both go round, each in its turn; the run that shows it is replayed by its token."""
    verdict = check(text)
    assert verdict.status is Status.REFUTED
    failure = verdict.failure
    assert failure is not None
    assert failure.kind == "livelock"
    again = replay(f"{tmp_path / 'program.py'}::scenario", failure.token).failure
    assert again is not None
    assert (again.kind, again.message, again.why) == ("livelock", failure.message, failure.why)


def test_one_that_insists_ends_it(check: Check) -> None:
    """If one of the two does not give way, there is no livelock; but that loops end is not claimed."""
    text = POLITE.replace("while self.wants[1 - me]:", "while self.wants[1 - me] and me:")
    verdict = check(text)
    assert verdict.status is Status.UNFINISHED
    assert "program.py:" in verdict.reason
    assert "'right'" in verdict.reason


def test_going_round_while_others_could_run_is_no_livelock(check: Check) -> None:
    """A busy loop that takes a lock each time round ends when the other thread gets its turn."""
    text = """
        from threading import Lock
        class Box: pass
        def scenario():
            lock = Lock()
            box = Box(); box.ready = False
            def wait():
                while True:
                    with lock:
                        if box.ready: break
            def work():
                with lock: box.ready = True
            together(wait, work)
    """
    verdict = check(text)
    assert verdict.status is Status.UNFINISHED
    assert "'wait' can go round for ever at" in verdict.reason


def test_a_thread_that_was_locked_out_is_not_starved_for_certain(check: Check) -> None:
    """Whoever could have run at one moment of the round, and did not, makes it none: a fair scheduler ends it."""
    text = """
        from threading import Lock
        class Box: pass
        def scenario():
            lock = Lock()
            box = Box(); box.n = 0; box.stop = False
            def busy():
                while not box.stop:
                    lock.acquire()
                    box.n = 1 - box.n
                    lock.release()
            def stopper():
                with lock: box.stop = True
            together(busy, stopper)
    """
    assert check(text).status is Status.UNFINISHED


@pytest.mark.parametrize(
    "hidden",
    [
        "numbers = iter(range(100))",
        "numbers = (n for n in range(100))",
        "import random; numbers = random.Random(3)",
    ],
)
def test_a_state_that_cannot_be_seen_never_comes_back(check: Check, hidden: str) -> None:
    """What an iterator has left, or a generator of random numbers, may differ from round to round."""
    step = "numbers.random()" if "random" in hidden else "next(numbers)"
    text = f"""
        class Box: pass
        def scenario():
            {hidden}
            box = Box(); box.n = 0
            def busy():
                limit = 30
                while limit:
                    box.n = 1 - box.n
                    if {step} == 50 or box.n == 7: limit = 0
            def other(): box.m = 1
            together(busy, other)
    """
    verdict = check(text, max_schedules=20)
    assert (
        verdict.status is not Status.REFUTED or verdict.failure is None or verdict.failure.kind == "exception"
    )


def test_a_value_kept_in_the_middle_of_an_expression_is_part_of_the_state(check: Check) -> None:
    """Two moments that differ only in what a thread has read and not used yet are not the same."""
    text = """
        class Box: pass
        def scenario():
            box = Box(); box.a = 0; box.b = 0; box.turns = 0
            def reader():
                total = 0
                while total < 2:
                    total = box.a + box.b
            def writer():
                box.a = 1
                box.b = 1
            together(reader, writer)
            assert box.a + box.b == 2
    """
    assert check(text).status is Status.VERIFIED


def test_nothing_changes_any_more_is_a_deadlock(check: Check) -> None:
    """Threads that go round and change nothing wait for ever; that is told apart from a livelock."""
    indent = " " * 16
    text = POLITE.replace(
        f"{indent}self.wants[me] = False\n{indent}self.wants[me] = True\n", f"{indent}pass\n"
    )
    assert text != POLITE
    verdict = check(text)
    assert verdict.failure is not None
    assert verdict.failure.kind == "deadlock"
