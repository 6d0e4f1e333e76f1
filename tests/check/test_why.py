"""Each explanation is said where it is true, and not where it nearly is: a false one is worse than none.

The golden reports (`test_golden.py`) show each explanation where it belongs; here stand the programs that come close.
"""

import pytest

from concur.check import Status, Verdict
from concur.check.verdict import Failure

from .conftest import Check


def failure(verdict: Verdict) -> Failure:
    assert verdict.status is Status.REFUTED
    assert verdict.failure is not None
    return verdict.failure


# program, and what must not be said of it
NEAR = {
    "a store that takes the place of another's on purpose is no lost update": (
        """
        class Box:
            state = "new"

        def scenario():
            box, seen = Box(), []
            def one():
                before = box.state
                if before == "new":
                    seen.append(before)
                box.state = "one"
            def two():
                box.state = "two"
            together(one, two)
            assert (seen, box.state) != (["new"], "one")
        """,
        "lost",
    ),
    "a value that was read for another purpose was not lost": (
        """
        class Box:
            state = 0

        def scenario():
            box, log = Box(), []
            def one():
                log.append(box.state)
                box.state = 5
            def two():
                box.state = 7
            together(one, two)
            assert (log, box.state) != ([0], 5)
        """,
        "lost",
    ),
    "nothing is lost if the value is as it was": (
        """
        class Box:
            n = 0

        def scenario():
            box, log = Box(), []
            def one():
                seen = box.n
                log.append("read")
                box.n = seen + 1
            def two():
                box.n = 5
                box.n = 0
                log.append("two")
            together(one, two)
            assert (log, box.n) != (["read", "two"], 1)
        """,
        "lost",
    ),
    "a test that is made again under the lock holds": (
        """
        from threading import Lock

        class Box:
            made = None

        def scenario():
            box, lock, log = Box(), Lock(), []
            def one():
                if box.made is None:
                    log.append("tested")
                    with lock:
                        if box.made is None:
                            box.made = 1
                            log.append("made")
            def two():
                with lock:
                    box.made = 2
                    box.made = None
                    log.append("two")
            together(one, two)
            assert log != ["tested", "two", "made"], box.made
        """,
        "tested made",
    ),
    "two fields that are written in different functions are no pair": (
        """
        class Box:
            low = high = 0

        def scenario():
            box = Box()
            def low():
                box.low = 5
            def high():
                box.high = 5
            def both():
                low()
                high()
            def watcher():
                a, b = box.low, box.high
                assert a == b
            together(both, watcher)
        """,
        "is from before",
    ),
    "who tests again in a while was not robbed": (
        """
        from threading import Condition

        def scenario():
            ready = Condition()
            items = []
            def one():
                with ready:
                    rounds = 0
                    while not items and rounds < 1:
                        ready.wait()
                        rounds += 1
                    items.pop()
            def two():
                with ready:
                    if items:
                        items.pop()
            def three():
                with ready:
                    items.append(1)
                    ready.notify()
            together(one, two, three)
        """,
        "use while",
    ),
    "a third thread that adds does not rob": (
        """
        from threading import Condition

        def scenario():
            ready = Condition()
            items, waits = [], []
            def one():
                with ready:
                    if not items:
                        ready.wait()
                        waits.append(1)
                    assert not waits or items != [1, 2]
            def two():
                with ready:
                    items.append(1)
                    ready.notify()
            def three():
                with ready:
                    if items:
                        items.append(2)
            together(one, two, three)
        """,
        "came first",
    ),
    "a notification that another waiter got was not lost": (
        """
        from threading import Condition

        def scenario():
            ready = Condition()
            flag, waits = [], []
            def one():
                with ready:
                    while not flag:
                        waits.append(1)
                        ready.wait()
            def two():
                with ready:
                    flag.append(1)
                    ready.notify()
            def three():
                with ready:
                    if waits:
                        ready.wait()
            together(one, two, three)
        """,
        "nobody was waiting",
    ),
    "who takes the last item owes nobody a notification": (
        """
        from threading import Condition

        def scenario():
            ready = Condition()
            items = [1]
            def take():
                with ready:
                    while not items:
                        ready.wait()
                    items.pop()
            def one():
                take()
            def two():
                take()
            together(one, two)
        """,
        "did not call",
    ),
    "a test in another function is a test": (
        """
        from threading import Condition

        def scenario():
            ready = Condition()
            items = []
            def empty():
                return not items
            def one():
                with ready:
                    if empty():
                        pass
                    ready.wait()
            def two():
                with ready:
                    ready.notify()
                    items.append(1)
            together(one, two)
        """,
        "without a test",
    ),
    "a thread in the middle was interrupted": (
        """
        class Box:
            n = 0

        def scenario():
            box = Box()
            def one():
                box.n = 1
                box.n = 0
            def two():
                assert box.n == 0
            together(one, two)
        """,
        "No thread came between",
    ),
    "who changes what it goes through has itself to blame": (
        """
        def scenario():
            items = {1: 1}
            def one():
                items.get(1)
            def two():
                for item in items:
                    items[item + 10] = 3
            together(one, two)
        """,
        "had begun to go through",
    ),
    "who releases twice has itself to blame": (
        """
        from threading import Lock

        class Box:
            n = 0

        def scenario():
            box, lock = Box(), Lock()
            def one():
                lock.acquire()
                before = box.n
                lock.release()
                if box.n != before:
                    lock.release()
            def two():
                box.n = 1
            together(one, two)
        """,
        "Only who has taken",
    ),
    "threads that take locks in one order form no cycle": (
        """
        from threading import Lock

        def scenario():
            first, second = Lock(), Lock()
            def one():
                first.acquire()
                second.acquire()
            def two():
                with first:
                    with second:
                        pass
            together(one, two)
        """,
        "cycle",
    ),
    "a lock that a waiting condition gives up keeps nobody apart": (
        """
        from threading import Condition

        def scenario():
            ready = Condition()
            def one():
                with ready:
                    ready.wait()
            def two():
                with ready:
                    pass
            together(one, two)
        """,
        "keeps",
    ),
    "who works while it holds a lock and then ends is not waited for": (
        """
        from threading import Event, Lock

        def scenario():
            lock, go = Lock(), Event()
            def one():
                with lock:
                    pass
                go.wait()
            def two():
                with lock:
                    pass
            together(one, two)
        """,
        "keeps",
    ),
    "who notified was not overtaken": (
        """
        from threading import Condition

        def scenario():
            ready = Condition()
            def one():
                with ready:
                    ready.wait()
            def two():
                with ready:
                    ready.notify()
                with ready:
                    assert False
            together(one, two)
        """,
        "took the lock first",
    ),
    "a semaphore whose permits came back": (
        """
        from threading import Semaphore

        def scenario():
            permits = Semaphore(0)
            def one():
                permits.acquire()
                permits.release()
                permits.acquire()
            def two():
                permits.release()
                permits.acquire()
            together(one, two)
        """,
        "never permits.release",
    ),
    "a barrier is not told of who waits elsewhere": (
        """
        from threading import Barrier, Event

        def scenario():
            barrier, never = Barrier(3), Event()
            def one():
                barrier.wait()
            def two():
                never.wait()
            together(one, two)
        """,
        "2 came",
    ),
    "a loop that another thread ended is not stuck": (
        """
        class Box:
            ready = other = False

        def scenario():
            box = Box()
            def one():
                while not box.ready:
                    pass
                while not box.other:
                    pass
            def two():
                box.ready = True
            together(one, two)
        """,
        "ready to change",
    ),
    "a loop waits for the field that it tests, not for the way to it": (
        """
        class Box:
            ready = False

        class Shelf:
            def __init__(self):
                self.box = Box()

        def scenario():
            shelf = Shelf()
            def one():
                while not shelf.box.ready:
                    pass
            together(one)
        """,
        "waits for box",
    ),
    "one thread alone does not give way": (
        """
        from threading import Lock

        def scenario():
            lock = Lock()
            def one():
                while True:
                    with lock:
                        pass
            together(one)
        """,
        "let one of them insist",
    ),
    "what was tested is so again": (
        """
        class Box:
            n = 0

        def scenario():
            box, log = Box(), []
            def one():
                if box.n == 0:
                    log.append("tested")
                    box.n = 1
            def two():
                box.n = 5
                box.n = 0
                log.append("two")
            together(one, two)
            assert (log, box.n) != (["tested", "two"], 1)
        """,
        "tested n",
    ),
    "a pair of which both are new is not torn": (
        """
        class Box:
            low = high = 0

        def scenario():
            box = Box()
            def watcher():
                if box.low == 0:
                    a, b = box.low, box.high
                    assert a + b != 10
            def both():
                box.low = 5
                box.high = 5
            together(watcher, both)
        """,
        "is from before",
    ),
    "a change that was taken back owes nobody a notification": (
        """
        from threading import Condition

        def scenario():
            ready = Condition()
            items = []
            def one():
                with ready:
                    while not items:
                        ready.wait()
            def two():
                with ready:
                    items.append(1)
                    items.pop()
            together(one, two)
        """,
        "did not call",
    ),
    "who was woken in time did not run out of time": (
        """
        from threading import Event

        def scenario():
            ready = Event()
            def waiter():
                assert not ready.wait(timeout=1)
            def setter():
                ready.set()
            together(waiter, setter)
        """,
        "time-out",
    ),
    "a condition over a plain lock tries that lock, which is no time-out": (
        """
        from threading import Condition, Lock

        def scenario():
            ready, flag = Condition(Lock()), []
            def waiter():
                with ready:
                    while not flag:
                        ready.wait()
                    assert not flag
            def setter():
                with ready:
                    flag.append(1)
                    ready.notify()
            together(waiter, setter)
        """,
        "time-out",
    ),
}


@pytest.mark.parametrize("name", NEAR)
def test_a_near_miss_is_not_explained_so(check: Check, name: str) -> None:
    """The name of each program says what is so."""
    text, said = NEAR[name]
    assert said not in failure(check(text)).why


def test_threads_of_one_name_are_told_apart(check: Check) -> None:
    found = failure(
        check("""
        class Box:
            n = 0

        def scenario():
            box = Box()
            def add():
                box.n += 1
            together(add, add)
            assert box.n == 2
    """)
    )
    assert {step.thread for step in found.steps} == {"add", "add #2", "MainThread"}
    assert "'add' read n = 0" in found.why
    assert "'add #2' had written 1" in found.why


def test_a_spurious_wakeup_is_called_so(check: Check) -> None:
    """Without the option nobody wakes without a reason."""
    text = """
        from threading import Condition

        def scenario():
            ready = Condition()
            items = []
            def taker():
                with ready:
                    if not items:
                        ready.wait()
                    items.pop()
            def giver():
                with ready:
                    items.append(1)
                    ready.notify()
            together(taker, giver)
    """
    assert check(text).status is Status.VERIFIED
    assert "although nobody had notified it" in failure(check(text, spurious_wakeups=True)).why


def test_what_repeats_is_told_in_json_too(check: Check) -> None:
    """As a range of the steps, and of a livelock only."""
    text = """
        from threading import Lock

        def scenario():
            left, right = Lock(), Lock()
            def both(first, second):
                while True:
                    with first:
                        if second.acquire(blocking=False):
                            second.release()
                            return
            def one():
                both(left, right)
            def two():
                both(right, left)
            together(one, two)
    """
    found = failure(check(text))
    assert found.kind == "livelock"
    assert found.repeats is not None
    first, last = found.to_json()["repeats"]
    assert 0 < first < last == len(found.steps) - 1
    assert "repeats" not in failure(check("def scenario():\n    assert False\n")).to_json()
