"""What a program may rely on in the virtual `threading`, `queue` and `time`: each scenario here is verified."""

# sleeps: the programs under test sleep in virtual time

import textwrap

import pytest

from concur.check import Status

from .conftest import Check

HOLDS: dict[str, str] = {
    "a lock excludes": """
        lock, inside = threading.Lock(), []
        def work():
            with lock:
                inside.append(1); assert len(inside) == 1; inside.pop()
        together(work, work)
    """,
    "a reentrant lock is taken twice by its owner": """
        lock, n = threading.RLock(), [0]
        def work():
            with lock:
                with lock: n[0] += 1
        together(work, work)
        assert n == [2]
    """,
    "a reentrant lock is released by its owner only": """
        lock = threading.RLock()
        lock.acquire()
        def other():
            try: lock.release()
            except RuntimeError: pass
            else: assert False
        together(other)
    """,
    "a semaphore lets its number in": """
        permits, inside = threading.Semaphore(1), []
        def work():
            with permits:
                inside.append(1); assert len(inside) <= 1; inside.pop()
        together(work, work)
    """,
    "a bounded semaphore refuses one release too many": """
        permits = threading.BoundedSemaphore(1)
        try: permits.release()
        except ValueError: pass
        else: assert False
    """,
    "an event wakes all who wait": """
        event, woken = threading.Event(), []
        def wait(): event.wait(); woken.append(1)
        def set_(): event.set()
        together(wait, set_, wait)
        assert len(woken) == 2
    """,
    "a barrier lets nobody through early": """
        barrier, arrived = threading.Barrier(2), []
        def work(): arrived.append(1); barrier.wait(); assert len(arrived) == 2
        together(work, work)
    """,
    "a condition with wait_for": """
        cond, items = threading.Condition(), []
        def take():
            with cond: cond.wait_for(lambda: items); items.pop()
        def put():
            with cond: items.append(1); cond.notify()
        together(take, put)
        assert items == []
    """,
    "futures are found in their package": """
        from concurrent import futures
        import concurrent.futures
        with futures.ThreadPoolExecutor(1) as pool:
            assert pool.submit(int).result() == 0
        assert concurrent.futures.Future is futures.Future
    """,
    "a named tuple is made without a look into what it holds": """
        import collections
        Pair = collections.namedtuple("Pair", "left right")
        box, made = [], []
        def make(): made.append(Pair(box, 1))
        def change(): box.append(1)
        together(make, change)
        assert made[0].left is box
    """,
    "futures in a set are gone through in one order": """
        from concurrent.futures import Future
        made = [Future() for _ in range(9)]
        number, several, order = {each: n for n, each in enumerate(made)}, set(made), []
        def look(): order.append([number[each] for each in several])
        together(look, look)
        assert order[0] == order[1]
        assert order[0][:6] == [0, 6, 3, 2, 8, 5]  # in every process
    """,
    "a thread-local is one's own": """
        mine, seen = threading.local(), []
        def one(): mine.x = 1; seen.append(mine.x == 1)
        def two(): seen.append(not hasattr(mine, "x")); mine.x = 2
        together(one, two)
        assert seen == [True, True]
    """,
    "a subclass of local is initialised in each thread": """
        class Mine(threading.local):
            def __init__(self, n): self.n = n
        mine, seen = Mine(5), []
        def one(): mine.n += 1; seen.append(mine.n)
        together(one, one)
        assert seen == [6, 6] and mine.n == 5
    """,
    "a subclass of Thread runs run()": """
        class Worker(threading.Thread):
            def __init__(self): super().__init__(name="worker"); self.result = None
            def run(self): self.result = threading.current_thread().name
        worker = Worker(); worker.start(); worker.join()
        assert worker.result == "worker" and not worker.is_alive()
    """,
    "starting twice, joining too early and joining oneself raise": """
        thread = threading.Thread(target=lambda: None)
        try: thread.join()
        except RuntimeError: pass
        else: assert False
        thread.start()
        try: thread.start()
        except RuntimeError: pass
        else: assert False
        thread.join()
        try: threading.current_thread().join()
        except RuntimeError: pass
        else: assert False
    """,
    "a thread starts a thread": """
        got = []
        def inner(): got.append(1)
        def outer():
            thread = threading.Thread(target=inner); thread.start(); thread.join(); got.append(2)
        together(outer)
        assert got == [1, 2]
    """,
    "two threads join a third": """
        third = threading.Thread(target=lambda: got.append(3))
        got = []
        third.start()
        def one(): third.join(); assert got == [3]
        together(one, one)
    """,
    "SystemExit ends a thread quietly": """
        import sys
        def leave(): sys.exit(1)
        together(leave, leave)
    """,
    "a queue keeps order and loses nothing": """
        q, got = queue.Queue(1), []
        def put(): q.put(1); q.put(2)
        def get(): got.append(q.get()); got.append(q.get())
        together(put, get)
        assert got == [1, 2]
    """,
    "the other queues": """
        for make in (queue.LifoQueue, queue.PriorityQueue, queue.SimpleQueue):
            q = make()
            q.put(1)
            got = []
            def get(): got.append(q.get())
            together(get)
            assert got == [1]
    """,
    "join waits for task_done": """
        q, done = queue.Queue(), []
        def work(): q.get(); done.append(1); q.task_done()
        q.put(1)
        thread = threading.Thread(target=work); thread.start()
        q.join()
        assert done == [1]
        thread.join()
    """,
    "a queue that is full or empty says so": """
        q = queue.Queue(1)
        q.put(1)
        try: q.put(2, timeout=1)
        except queue.Full: pass
        q.get()
        try: q.get(timeout=1)
        except queue.Empty: pass
        assert time.monotonic() == 2
    """,
    "a pool runs jobs and hands out results": """
        from concurrent.futures import ThreadPoolExecutor
        with ThreadPoolExecutor(1) as pool:
            future = pool.submit(pow, 2, 3)
            assert future.result() == 8
    """,
    "a pool hands out exceptions": """
        from concurrent.futures import ThreadPoolExecutor
        def fail(): raise ValueError("no")
        with ThreadPoolExecutor(1) as pool:
            future = pool.submit(fail)
        try: future.result()
        except ValueError: pass
        else: assert False
    """,
    "time passes while sleeping": """
        began = time.monotonic()
        time.sleep(5)
        assert time.monotonic() - began == 5 and time.perf_counter_ns() == 5_000_000_000
    """,
    "a timed-out wait says so": """
        assert not threading.Event().wait(3)
        assert not threading.Lock().acquire(timeout=0) or True
        assert time.monotonic() == 3
    """,
    "a timer runs once": """
        got = []
        timer = threading.Timer(1, got.append, (1,))
        timer.start(); timer.join()
        assert got == [1]
    """,
    "locks in containers, passed through a queue": """
        q, n = queue.Queue(), [0]
        locks = {"a": threading.Lock()}
        q.put(locks["a"])
        def one():
            with q.get(): n[0] += 1
        def two():
            with locks["a"]: n[0] += 1
        together(one, two)
        assert n == [2]
    """,
    "locks in the order of id()": """
        a, b = threading.Lock(), threading.Lock()
        def work(x, y):
            first, second = sorted((x, y), key=id)
            with first, second: pass
        together(lambda: work(a, b), lambda: work(b, a))
    """,
    "names and idents": """
        seen = []
        def work(): seen.append(threading.get_ident()); assert threading.active_count() >= 2
        thread = threading.Thread(target=work, name="w"); thread.start()
        assert thread in threading.enumerate() or not thread.is_alive()
        thread.join()
        assert seen == [thread.ident] and threading.main_thread() is threading.current_thread()
    """,
}

FAILS: dict[str, tuple[str, str]] = {
    "a lock taken twice": ("lock = threading.Lock()\nlock.acquire(); lock.acquire()", "deadlock"),
    "an exception in a thread": ("together(lambda: 1 / 0)", "exception"),
    "a wait that nobody ends": ("threading.Event().wait()", "deadlock"),
    "a get that nobody serves": ("queue.Queue().get()", "deadlock"),
    "a barrier with one missing": ("threading.Barrier(2).wait()", "deadlock"),
    "locks in opposite orders": (
        """
        a, b = threading.RLock(), threading.RLock()
        def one():
            with a:
                with b: pass
        def two():
            with b:
                with a: pass
        together(one, two)
        """,
        "deadlock",
    ),
    "an endless recursion": ("def f(): f()\ntogether(f)", "exception"),
    "an assertion in a thread": ("def f(): assert 1 == 2\ntogether(f)", "assertion"),
}

HEAD = "import queue, threading, time\ndef scenario():\n"


def lines(body: str) -> str:
    """The body of a scenario."""
    return HEAD + textwrap.indent(textwrap.dedent(body), "    ")


@pytest.mark.parametrize("name", HOLDS)
@pytest.mark.parametrize("timeouts", ["any", "idle"])
def test_holds(check: Check, name: str, timeouts: str) -> None:
    """Verified in both ways in which time can pass, with the same number of schedules when repeated."""
    verdict = check(lines(HOLDS[name]), timeouts=timeouts)
    assert verdict.status is Status.VERIFIED, str(verdict)
    assert check(lines(HOLDS[name]), timeouts=timeouts).schedules == verdict.schedules


@pytest.mark.parametrize("name", FAILS)
def test_fails(check: Check, name: str) -> None:
    """Refuted, and with the right kind."""
    body, kind = FAILS[name]
    verdict = check(lines(body))
    assert verdict.failure is not None, str(verdict)
    assert verdict.failure.kind == kind
