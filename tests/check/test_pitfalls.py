"""Mistakes that gave other checkers a wrong verdict: each has a program here that shows it."""

from pathlib import Path

import pytest

from concur.check import Status, Verdict, explore, replay

from .conftest import Check

VERIFIED, REFUTED = Status.VERIFIED, Status.REFUTED
UNFINISHED, UNCHECKABLE = Status.UNFINISHED, Status.UNCHECKABLE


def status(verdict: Verdict) -> Status:
    """The status, with the report in view when it is not the one expected."""
    print(verdict)
    return verdict.status


def test_lost_update_inside_one_line(check: Check) -> None:
    """A line is not atomic: two threads that run `n += 1` can lose one of them."""
    text = """
        class Box:
            n = 0
        def scenario():
            box = Box()
            def add(): box.n += 1
            def more(): box.n += 1
            together(add, more)
            assert box.n == 2
    """
    assert status(check(text)) is REFUTED


def test_the_step_that_races_may_itself_come_first(check: Check) -> None:
    """What leads to a race may begin with the racing step only if nothing in between depends on it."""
    text = """
        from threading import Lock
        class Box: pass
        def scenario():
            box, lock = Box(), Lock()
            box.x = 0
            seen = {}
            def write(): box.x = 1
            def locked():
                with lock: seen["locked"] = box.x
            def read(): seen["read"] = box.x
            together(write, locked, read)
            assert (seen["locked"], seen["read"]) != (0, 1)
    """
    assert status(check(text)) is REFUTED


@pytest.mark.parametrize("order", ["first, second", "second, first"])
def test_blocked_operations_race(check: Check, order: str) -> None:
    """A thread that waits for ever could have come first: the other then waits for ever."""
    text = f"""
        from threading import Lock
        def scenario():
            lock, taken = Lock(), []
            def first():
                lock.acquire()
                taken.append("first")
            def second():
                if not taken:
                    lock.acquire()
            together({order})
    """
    verdict = check(text)
    assert status(verdict) is REFUTED
    assert verdict.failure is not None
    assert verdict.failure.kind == "deadlock"


def test_a_failed_try_is_not_an_acquire(check: Check) -> None:
    """A try that fails on a lock that one holds oneself hides nothing from the search."""
    text = """
        from threading import Lock
        class Box: pass
        def scenario():
            box, lock = Box(), Lock()
            box.x = 0
            def holder():
                lock.acquire()
                lock.acquire(False)
                box.x += 1
                lock.release()
            def other():
                with lock:
                    assert box.x == 1
            together(holder, other)
    """
    assert status(check(text)) is REFUTED


def test_releasing_what_another_holds(check: Check) -> None:
    """A release by a thread that does not hold the lock races with everything on that lock."""
    text = """
        from threading import Lock
        def scenario():
            lock = Lock()
            def holder():
                with lock: pass
            def careless():
                if lock.locked(): lock.release()
            together(holder, careless)
    """
    assert status(check(text)) is REFUTED


@pytest.mark.parametrize(
    "body",
    [
        "if not hasattr(box, 'made'): box.made = made.append(1) or 1",
        "if getattr(box, 'made', None) is None: setattr(box, 'made', made.append(1) or 1)",
        "if 'made' not in vars(box): vars(box)['made'] = made.append(1) or 1",
        "if 'made' not in box.__dict__: box.made = made.append(1) or 1",
    ],
)
def test_reads_hidden_in_functions(check: Check, body: str) -> None:
    """hasattr, getattr and __dict__ look at fields: two threads can both find nothing there."""
    text = f"""
        class Box: pass
        def scenario():
            box, made = Box(), []
            def one():
                {body}
            def two():
                {body}
            together(one, two)
            assert len(made) == 1
    """
    assert status(check(text)) is REFUTED
    locked = text.replace("box, made = Box(), []", "box, made, lock = Box(), [], Lock()")
    locked = locked.replace(body, f"with lock:\n                    {body}")
    assert (
        status(check("from threading import Lock\n" + "\n".join(line[8:] for line in locked.splitlines())))
        is VERIFIED
    )


def test_setattr_of_getattr(check: Check) -> None:
    """An update written with getattr and setattr is two steps."""
    text = """
        class Box: n = 0
        def scenario():
            box = Box()
            def add(): setattr(box, "n", getattr(box, "n") + 1)
            def more(): setattr(box, "n", getattr(box, "n") + 1)
            together(add, more)
            assert box.n == 2
    """
    assert status(check(text)) is REFUTED


def test_a_program_that_is_not_deterministic_is_named(tmp_path: Path) -> None:
    """A program that differs under the same schedule gets neither "verified" nor "refuted"."""
    counter = tmp_path / "runs"
    file = tmp_path / "program.py"
    file.write_text(
        f"""
import os
from threading import Lock, Thread
with open({str(counter)!r}, "a") as f: f.write("x")
RUN = os.path.getsize({str(counter)!r})
class Box: n = 0
def scenario():
    box, lock = Box(), Lock()
    def work():
        if RUN % 2:
            lock.acquire()
        box.n += 1
    threads = [Thread(target=work) for _ in range(2)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
"""
    )
    verdict = explore(f"{file}::scenario")
    assert status(verdict) is UNCHECKABLE
    assert "not deterministic" in verdict.reason


def test_module_state_is_fresh_in_every_run(check: Check) -> None:
    """What a run leaves in its module is not there in the next."""
    text = """
        STATE = {"n": 0}
        def scenario():
            assert STATE["n"] == 0
            def add(): STATE["n"] += 1
            def look(): STATE.get("n")
            together(add, look)
            assert STATE["n"] == 1
    """
    assert status(check(text)) is VERIFIED


def test_a_bare_except_does_not_keep_a_run_alive(check: Check) -> None:
    """A thread that swallows everything is torn down all the same."""
    text = """
        from threading import Lock
        def scenario():
            lock = Lock()
            lock.acquire()
            def stubborn():
                while True:
                    try:
                        lock.acquire()
                    except:
                        pass
            def other(): pass
            together(stubborn, other)
    """
    verdict = check(text)
    assert status(verdict) is REFUTED
    assert verdict.failure is not None
    assert verdict.failure.kind == "deadlock"


def test_private_names_are_mangled(check: Check) -> None:
    """``self.__n`` means what it does in a class."""
    text = """
        class Box:
            def __init__(self): self.__n = 0
            def add(self): self.__n += 1
            def get(self): return self.__n
        def scenario():
            box = Box()
            def one(): box.add()
            def two(): box.add()
            together(one, two)
            assert box.get() == 2
    """
    verdict = check(text)
    assert status(verdict) is REFUTED
    assert verdict.failure is not None
    assert "where it was 1 == 2" in verdict.failure.message


def test_callbacks_of_c_functions_are_seen(check: Check) -> None:
    """A key function that writes shared state races like any other code."""
    text = """
        class Box: n = 0
        def scenario():
            box = Box()
            def key(x):
                box.n += 1
                return x
            def one(): sorted([1], key=key)
            def two(): list(map(key, [1]))
            together(one, two)
            assert box.n == 2
    """
    assert status(check(text)) is REFUTED


def test_subclasses_of_containers_are_containers(check: Check) -> None:
    """A subclass of list has the content of a list, also when reached through super()."""
    text = """
        class Stack(list):
            def push(self, x):
                if not len(self):
                    super().append(x)
        def scenario():
            stack = Stack()
            def one(): stack.push(1)
            def two(): stack.push(2)
            together(one, two)
            assert len(stack) == 1
    """
    assert status(check(text)) is REFUTED


def test_container_methods_are_atomic(check: Check) -> None:
    """Two appends never lose one another."""
    text = """
        def scenario():
            got = []
            def one(): got.append(1)
            def two(): got.append(2)
            together(one, two)
            assert sorted(got) == [1, 2]
    """
    assert status(check(text)) is VERIFIED


def test_an_untimed_wait_never_ends_by_itself(check: Check) -> None:
    """A lost wake-up is a deadlock, not a wake-up by the end of the run."""
    text = """
        from threading import Condition
        class Box: ready = False
        def scenario():
            box, cond = Box(), Condition()
            def waiter():
                if not box.ready:
                    with cond: cond.wait()
            def setter():
                box.ready = True
                with cond: cond.notify()
            together(waiter, setter)
    """
    verdict = check(text)
    assert status(verdict) is REFUTED
    assert verdict.failure is not None
    assert verdict.failure.kind == "deadlock"


def test_time_outs_fire_at_any_moment_or_when_idle(check: Check) -> None:
    """With "any" a queue's time-out can beat a put; with "idle" it cannot."""
    text = """
        import queue
        def scenario():
            q = queue.Queue()
            def put(): q.put(1)
            def get(): q.get(timeout=5)
            together(put, get)
    """
    assert status(check(text)) is REFUTED
    assert status(check(text, timeouts="idle")) is VERIFIED


def test_reading_a_clock_conflicts_with_advancing_it(check: Check) -> None:
    """A thread that looks at the clock sees it before and after another one's sleep."""
    text = """
        import time
        def scenario():
            seen = []
            def nap(): time.sleep(5)
            def look(): seen.append(time.monotonic())
            together(nap, look)
            assert seen == [{}]
    """
    for value in ("0.0", "5.0"):
        assert status(check(text.replace("{}", value))) is REFUTED


def test_a_wait_that_time_passes_over_could_have_ended_before(check: Check) -> None:
    """Who waits for a lock while time passes could have had it before the other took it."""
    text = """
        from threading import Lock
        def scenario():
            first, second = Lock(), Lock()
            order = []
            def one():
                first.acquire()
                order.append("one")
                second.acquire()
                second.acquire(timeout=3)
            def two():
                if first.acquire(timeout=2):
                    order.append("two")
                    first.release()
            together(one, two)
            assert order == ["one"]
    """
    assert status(check(text, timeouts="idle")) is REFUTED


def test_daemons_left_waiting_are_no_deadlock(check: Check) -> None:
    """A run ends with the last thread that is no daemon."""
    text = """
        from threading import Event
        def scenario():
            event = Event()
            Thread(target=event.wait, daemon=True).start()
    """
    assert status(check(text)) is VERIFIED


def test_a_daemon_that_is_left_behind_races_too(check: Check) -> None:
    """What a daemon would have done next could have come before the end."""
    text = """
        class Box: n = 0
        def scenario():
            box = Box()
            def work(): box.n = 1
            Thread(target=work, daemon=True).start()
            assert box.n == 0
    """
    assert status(check(text)) is REFUTED


def test_a_thread_that_ended_without_a_join_can_still_race(check: Check) -> None:
    """Not being alive any more is no order: only a join is."""
    text = """
        class Box: n = 0
        def scenario():
            box, seen = Box(), []
            def look(): seen.append(box.n)
            thread = Thread(target=look)
            thread.start()
            box.n = 1
            thread.join()
            assert seen == [0]
    """
    assert status(check(text)) is REFUTED
    assert status(check(text.replace("seen == [0]", "seen == [1]"))) is REFUTED
    assert status(check(text.replace("seen == [0]", "seen in ([0], [1])"))) is VERIFIED


def test_an_endless_loop_is_unfinished_with_its_place(check: Check) -> None:
    """A loop that touches nothing shared ends by a bound, and no claim is made."""
    text = """
        def scenario():
            def spin():
                n = 0
                while True:
                    n += 1
            def other(): pass
            together(spin, other)
    """
    verdict = check(text)
    assert status(verdict) is UNFINISHED
    assert "program.py:" in verdict.reason
    assert "'spin'" in verdict.reason


def test_exceptions_of_the_library_are_the_real_ones(check: Check) -> None:
    """`except queue.Empty` catches what the checked queue raises."""
    text = """
        import queue
        from threading import Barrier, BrokenBarrierError
        def scenario():
            q = queue.Queue()
            try:
                q.get_nowait()
            except queue.Empty:
                pass
            barrier = Barrier(2)
            barrier.abort()
            try:
                barrier.wait()
            except BrokenBarrierError:
                pass
    """
    assert status(check(text)) is VERIFIED


def test_code_that_is_not_rewritten_may_not_race(check: Check) -> None:
    """A shared object in the hands of such code gives "uncheckable", by name; behind a lock it is fine."""
    text = """
        import copy
        from threading import Lock
        def scenario():
            items, lock = [[1]], Lock()
            def writer():
                items[0].append(2)
            def reader():
                copy.deepcopy(items)
            together(writer, reader)
    """
    verdict = check(text)
    assert status(verdict) is UNCHECKABLE
    assert "deepcopy" in verdict.reason
    locked = text.replace("items[0].append(2)", "with lock: items[0].append(2)")
    locked = locked.replace("copy.deepcopy(items)", "with lock: copy.deepcopy(items)")
    assert status(check(locked)) is VERIFIED


@pytest.mark.parametrize("backend", ["greenlets", "threads"])
def test_a_token_replays_the_same_failure(tmp_path: Path, backend: str) -> None:
    """The token of a report gives the same failing run, on either backend."""
    file = tmp_path / "program.py"
    file.write_text(
        """
from threading import Thread
class Box: n = 0
def scenario():
    box = Box()
    def add(): box.n += 1
    threads = [Thread(target=add) for _ in range(2)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    assert box.n == 2
"""
    )
    verdict = explore(f"{file}::scenario")
    assert verdict.failure is not None
    again = replay(f"{file}::scenario", verdict.failure.token, backend=backend)  # type: ignore[arg-type]
    assert status(again) is REFUTED
    assert again.failure is not None
    assert again.failure.steps == verdict.failure.steps
    assert again.failure.message == verdict.failure.message
    assert again.failure.token == verdict.failure.token


def test_the_same_schedules_on_every_repetition(check: Check) -> None:
    """Nothing rests on luck: ten explorations give one verdict and one number of schedules."""
    text = """
        import queue
        def scenario():
            q = queue.Queue(1)
            def put(): q.put(1); q.put(2)
            def get(): q.get(); q.get()
            together(put, get)
    """
    assert len({(v.status, v.schedules) for v in (check(text) for _ in range(10))}) == 1


def test_a_finaliser_is_named(check: Check) -> None:
    """`__del__` would run at moments that the checker does not control."""
    text = """
        class Box:
            n = 0
            def __del__(self): pass
        def scenario():
            box = Box()
            def add(): box.n += 1
            together(add, add)
    """
    verdict = check(text)
    assert status(verdict) is UNCHECKABLE
    assert "__del__" in verdict.reason
