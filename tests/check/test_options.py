"""What a program may expect of its surroundings: choices of conditions, calls as one step, daemons, budgets."""

import threading
from pathlib import Path
from typing import Any

import pytest

from concur.check import Status, explore, replay, sample
from concur.errors import UsageError

from .conftest import Check

IF_FOR_WHILE = """
    from threading import Condition
    class Box: pass
    def scenario():
        box = Box(); box.items = 0
        changed = Condition()
        def take():
            with changed:
                if not box.items:
                    changed.wait()
                assert box.items
        def put():
            with changed:
                box.items = 1
                changed.notify()
        together(take, put)
"""

FIRST_COME = """
    from threading import Condition
    class Box: pass
    def scenario():
        box = Box(); box.waiting = 0; box.woken = []
        turn = Condition()
        def first():
            with turn:
                box.waiting = 1
                turn.notify_all()
                turn.wait()
                box.woken.append("first")
        def second():
            with turn:
                while box.waiting != 1: turn.wait()
                box.waiting = 2
                turn.wait()
                box.woken.append("second")
        def wake():
            while True:
                with turn:
                    if box.waiting == 2:
                        turn.notify()
                        break
                while box.waiting != 2: pass
            while not box.woken: pass
            with turn:
                turn.notify()
        together(first, second, wake)
        assert box.woken == ["first", "second"]
"""


def test_a_wait_does_not_end_by_itself_in_cpython(check: Check) -> None:
    """With one consumer, `if` for `while` is right in CPython, which wakes nobody without a reason."""
    assert check(IF_FOR_WHILE).status is Status.VERIFIED


def test_a_spurious_wake_up_refutes_if_for_while(check: Check) -> None:
    """It is not right where a thread may wake without a notify; and the loop is."""
    verdict = check(IF_FOR_WHILE, spurious_wakeups=True)
    assert verdict.status is Status.REFUTED
    assert verdict.failure is not None
    assert verdict.failure.kind == "assertion"
    right = check(IF_FOR_WHILE.replace("if not", "while not"), spurious_wakeups=True)
    assert right.status is Status.VERIFIED
    assert "each thread may wake once without a notify" in right.bound


def test_a_spurious_wake_up_does_not_hide_a_lost_one(check: Check) -> None:
    """A thread wakes without reason once only: then it waits for a notify, and for ever if there is none."""
    text = IF_FOR_WHILE.replace("if not", "while not").replace("changed.notify()", "pass")
    verdict = check(text, spurious_wakeups=True)
    assert verdict.failure is not None
    assert verdict.failure.kind == "deadlock"


def test_an_event_does_not_believe_a_spurious_wake_up(check: Check) -> None:
    """CPython's Event.wait takes each wake-up for a set; so it gets none without one."""
    text = """
        from threading import Event
        class Box: pass
        def scenario():
            box = Box(); box.done = False
            event = Event()
            def wait():
                event.wait()
                assert box.done
            def work():
                box.done = True
                event.set()
            together(wait, work)
    """
    assert check(text, spurious_wakeups=True, notify="any").status is Status.VERIFIED


def test_notify_wakes_the_longest_waiter_or_any(check: Check) -> None:
    """CPython's order can be relied upon or not, as the option says; what refutes is replayed with its choices."""
    assert check(FIRST_COME, max_schedules=3_000).status is not Status.REFUTED
    verdict = check(FIRST_COME, notify="any")
    assert verdict.status is Status.REFUTED
    assert verdict.failure is not None
    assert "~1" in verdict.failure.token


def test_the_token_carries_options_and_choices(tmp_path: Path, check: Check) -> None:
    """What was found under other options is found again by the token alone."""
    for text, options in ((FIRST_COME, {"notify": "any"}), (IF_FOR_WHILE, {"spurious_wakeups": True})):
        failure = check(text, **options).failure
        assert failure is not None
        again = replay(f"{tmp_path / 'program.py'}::scenario", failure.token).failure
        assert again is not None
        assert again.message == failure.message
        assert again.steps == failure.steps


def test_concurs_own_condition_follows_the_options(check: Check) -> None:
    """The same choices for `concur.Condition`."""
    text = FIRST_COME.replace("from threading import Condition", "from concur import Condition")
    assert check(text, notify="any").status is Status.REFUTED
    text = IF_FOR_WHILE.replace("from threading import Condition", "from concur import Condition")
    assert check(text, spurious_wakeups=True).status is Status.REFUTED
    assert check(text).status is Status.VERIFIED


@pytest.mark.parametrize(
    "wrong",
    [{"notify": "all"}, {"races": "yes"}, {"timeouts": "never"}, {"atomic": ["Semaphore"]}, {"atomic": [3]}],
)
def test_an_option_that_is_none_is_named(check: Check, wrong: dict[str, Any]) -> None:
    """The message has the option and the value."""
    with pytest.raises(UsageError, match=next(iter(wrong))):
        check(IF_FOR_WHILE, **wrong)


# Calls as one step

SLOW_COUNTER = """
    class Counter:
        def __init__(self): self.value = 0
        def add(self):
            value = self.value
            self.value = value + 1
    def scenario():
        counter = Counter()
        together(counter.add, counter.add)
        assert counter.value == 2
"""

SEMAPHORE = """
    from concur import Semaphore
    class Box: pass
    def scenario():
        seats = Semaphore(1)
        box = Box(); box.inside = 0
        def visit():
            with seats:
                box.inside += 1
                assert box.inside == 1
                box.inside -= 1
        together(visit, visit)
        assert seats.acquire(blocking=False)
"""


def test_a_call_taken_as_one_step_is_not_interrupted(check: Check) -> None:
    """A class that is not linearizable is believed to be, and the verdict says so."""
    assert check(SLOW_COUNTER).status is Status.REFUTED
    verdict = check(SLOW_COUNTER, atomic=["program.Counter"])
    assert verdict.status is Status.VERIFIED
    assert "Counter taken as one step" in verdict.bound


def test_fewer_schedules_for_a_class_taken_as_one_step(check: Check) -> None:
    """That is what it is for: two sections of one call in either order, four ways; two calls in either order, two."""
    text = """
        from threading import Lock
        class Pair:
            def __init__(self):
                self.first, self.second, self.a, self.b = Lock(), Lock(), 0, 0
            def add(self):
                with self.first: self.a += 1
                with self.second: self.b += 1
        def scenario():
            pair = Pair()
            together(pair.add, pair.add)
            assert pair.a == pair.b == 2
    """
    assert check(text).schedules == 4
    assert check(text, atomic=["program.Pair"]).schedules == 2


def test_a_class_is_named_in_several_ways(check: Check) -> None:
    """By name or by class, of concur or of the standard library."""
    import concur

    in_steps = check(SEMAPHORE)
    for given in ("concur.Semaphore", concur.Semaphore, "concur.sync.semaphore.Semaphore"):
        at_once = check(SEMAPHORE, atomic=[given])
        assert at_once.status is in_steps.status is Status.VERIFIED
        assert at_once.schedules <= in_steps.schedules
        assert "Semaphore taken as one step" in at_once.bound
    standard = SEMAPHORE.replace("from concur", "from threading")
    assert check(standard, atomic=[threading.Semaphore]).status is Status.VERIFIED
    assert "one step" not in check(standard).bound


def test_a_call_that_waits_lets_others_run(check: Check) -> None:
    """It is one step until it has to wait; a deadlock inside it is found."""
    text = SEMAPHORE.replace("seats = Semaphore(1)", "seats = Semaphore(0)")
    verdict = check(text, atomic=["concur.Semaphore"])
    assert verdict.failure is not None
    assert verdict.failure.kind == "deadlock"


def test_who_looks_inside_is_seen(check: Check) -> None:
    """A thread that reads a field of the object, without a call, races with the calls."""
    text = """
        class Box: pass
        class Pair:
            def __init__(self): self.a = self.b = 0
            def move(self):
                self.a += 1
                self.b += 1
        def scenario():
            pair = Pair()
            seen = Box(); seen.a = 0
            def look(): seen.a = pair.a
            together(pair.move, look)
            assert seen.a == 0
    """
    assert check(text, atomic=["program.Pair"]).status is Status.REFUTED


def test_an_exception_leaves_a_call_as_it_should(check: Check) -> None:
    """The next call is one step again."""
    text = """
        from concur import BoundedSemaphore, Semaphore
        def scenario():
            seats = Semaphore(1)
            def wrong():
                try:
                    seats.release(0)
                except ValueError:
                    pass
                seats.release()
            together(wrong, seats.acquire)
    """.replace("BoundedSemaphore, ", "")
    assert check(text, atomic=["concur.Semaphore"]).status is Status.VERIFIED


def test_a_class_that_is_not_there_is_named(check: Check) -> None:
    """A slip of the pen must not end in a verdict that names a class which nobody took as one step."""
    with pytest.raises(UsageError, match="no class 'Semafore'"):
        check(SEMAPHORE, atomic=["concur.Semafore"])
    with pytest.raises(UsageError, match=r"program\.Mutex"):
        check(SEMAPHORE, atomic=["program.Mutex"])


# Daemons


def test_a_daemon_may_go_on_while_the_main_thread_ends(check: Check) -> None:
    """What it would do before it is ended with the program is explored too."""
    text = """
        from threading import Thread
        class Box: pass
        def scenario():
            box = Box(); box.x = 0
            def work():
                box.x = 1
                if box.x == 1: raise ValueError("in the background")
            Thread(target=work, daemon=True).start()
    """
    verdict = check(text)
    assert verdict.failure is not None
    assert "in the background" in verdict.failure.message


def test_a_daemon_that_waits_is_no_failure(check: Check) -> None:
    """A worker that waits for more when the program ends is left."""
    text = """
        from queue import Queue
        from threading import Thread
        def scenario():
            jobs, done = Queue(), []
            def work():
                while True:
                    done.append(jobs.get())
                    jobs.task_done()
            Thread(target=work, daemon=True).start()
            jobs.put(1)
            jobs.join()
            assert done == [1]
    """
    assert check(text).status is Status.VERIFIED


# Budgets


def test_what_a_budget_covered_is_said(check: Check, tmp_path: Path) -> None:
    """An exploration that is stopped says how far it came, and claims nothing more."""
    text = """
        class Box: pass
        def scenario():
            box = Box(); box.x = 0
            def add(): box.x += 1; box.x += 1
            together(add, add, add)
    """
    verdict = check(text, max_schedules=50)
    assert verdict.status is Status.UNFINISHED
    assert verdict.schedules == 50
    assert "the budget of 50 schedules is used up" in verdict.reason
    assert "every schedule that begins with the first" in verdict.reason
    seconds = explore(f"{tmp_path / 'program.py'}::scenario", max_seconds=0.001)
    assert "the budget of 0.001 s is used up" in seconds.reason
    assert "random schedules" in sample(f"{tmp_path / 'program.py'}::scenario", runs=3).reason
