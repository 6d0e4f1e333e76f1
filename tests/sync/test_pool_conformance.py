"""What a pool and its futures promise, asked of ours and of CPython's; and what only ours promise."""

import concurrent.futures
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, InvalidStateError
from concurrent.futures.thread import BrokenThreadPool
from typing import Any

import pytest

from concur.sync import Future, ThreadPool
from concur.sync._parking import Place

POOLS = {"ThreadPool": ThreadPool, "ThreadPoolExecutor": concurrent.futures.ThreadPoolExecutor}
FUTURES = {"Future": Future, "concurrent.futures.Future": concurrent.futures.Future}
both_pools = pytest.mark.parametrize("make", list(POOLS.values()), ids=list(POOLS))
both_futures = pytest.mark.parametrize("make", list(FUTURES.values()), ids=list(FUTURES))

Make = Callable[..., Any]
SECONDS = 30  # reached only by what hangs


def fail(error: BaseException) -> None:
    raise error


class Held:
    """A call that goes on until it is told to end."""

    def __init__(self) -> None:
        self.begun, self.go = threading.Event(), threading.Event()

    def __call__(self, result: object = None) -> object:
        self.begun.set()
        assert self.go.wait(SECONDS)
        return result


@pytest.fixture
def reported(monkeypatch: pytest.MonkeyPatch) -> list[BaseException]:
    """What was given to threading.excepthook."""
    errors: list[BaseException] = []
    monkeypatch.setattr(threading, "excepthook", lambda args: errors.append(args.exc_value))
    return errors


# Pools


@both_pools
def test_results(make: Make) -> None:
    """A future has what its call returned, whatever the order of the calls."""
    with make(3) as pool:
        futures = [pool.submit(pow, base, exp=2) for base in range(20)]
        assert [future.result(SECONDS) for future in futures] == [base**2 for base in range(20)]


@both_pools
@pytest.mark.parametrize("error", [KeyError("x"), SystemExit(3), KeyboardInterrupt()])
def test_errors(make: Make, error: BaseException) -> None:
    """A future has what its call raised, of whatever class; the thread goes on."""
    with make(1) as pool:
        failed = pool.submit(fail, error)
        assert failed.exception(SECONDS) is error
        with pytest.raises(type(error)):
            failed.result()
        assert pool.submit(int, "1").result(SECONDS) == 1
        assert failed.done()
        assert not failed.cancelled()


@both_pools
def test_map(make: Make) -> None:
    """map gives results in the order of the arguments, and ends with the shortest."""
    with make(3) as pool:
        assert list(pool.map(pow, range(5), [2] * 9)) == [0, 1, 4, 9, 16]
        assert list(pool.map(str, [])) == []
        assert list(pool.map(str, range(3), timeout=SECONDS, chunksize=2)) == ["0", "1", "2"]


@both_pools
def test_map_raises_in_its_place(make: Make) -> None:
    """What came before the call that raised is given first."""
    with make(2) as pool:
        results = pool.map(lambda n: 12 // n, [3, 2, 0, 1])
        assert [next(results), next(results)] == [4, 6]
        with pytest.raises(ZeroDivisionError):
            next(results)


@both_pools
def test_map_in_time(make: Make) -> None:
    """map waits no longer than it is told, and cancels what has not begun."""
    held, began = Held(), []
    with make(1) as pool:
        results = pool.map(lambda call: call(), [held, lambda: began.append("late")], timeout=0.01)
        with pytest.raises(TimeoutError):
            next(results)
        held.go.set()
    assert began == []


@both_pools
def test_at_most_so_many_threads(make: Make) -> None:
    """There are no more threads than allowed, with the names asked for, and each is used again."""
    meet = threading.Barrier(3)

    def name(_: int) -> str:
        meet.wait(SECONDS)
        return threading.current_thread().name

    with make(3, "mill") as pool:
        assert set(pool.map(name, range(9))) == {"mill_0", "mill_1", "mill_2"}


@both_pools
def test_an_idle_thread_is_used(make: Make) -> None:
    """While a thread is idle no other is started."""
    with make(5) as pool:
        names = set()
        for _ in range(5):
            names.add(pool.submit(lambda: threading.current_thread().name).result(SECONDS))
    assert len(names) <= 2  # the future is ready a moment before its thread is


@both_pools
def test_bad_arguments(make: Make) -> None:
    """A pool without threads is a ValueError, an initializer that cannot be called a TypeError."""
    for workers in (0, -1):
        with pytest.raises(ValueError, match="max_workers"):
            make(workers)
    with pytest.raises(TypeError, match="initializer"):
        make(1, initializer=5)
    make().shutdown()


@both_pools
def test_after_shutdown(make: Make) -> None:
    """What was submitted is done; what comes later is a RuntimeError."""
    held = Held()
    done: list[int] = []
    pool = make(1)
    pool.submit(held)
    for n in range(5):
        pool.submit(done.append, n)
    pool.shutdown(wait=False)
    with pytest.raises(RuntimeError, match=r"shut ?down"):
        pool.submit(int)
    held.go.set()
    pool.shutdown()
    pool.shutdown()
    assert done == [0, 1, 2, 3, 4]


@both_pools
def test_cancelling_at_shutdown(make: Make) -> None:
    """Calls that have begun end, the others are cancelled."""
    held = Held()
    pool = make(1)
    first, late = pool.submit(held, "done"), pool.submit(int)
    assert held.begun.wait(SECONDS)
    pool.shutdown(wait=False, cancel_futures=True)
    held.go.set()
    pool.shutdown()
    assert first.result(SECONDS) == "done"
    assert late.cancelled()
    with pytest.raises(CancelledError):
        late.result(SECONDS)


@both_pools
def test_cancelling(make: Make) -> None:
    """A call that has not begun can be cancelled, and is then not made; one that has cannot."""
    held = Held()
    made: list[str] = []
    with make(1) as pool:
        first, second = pool.submit(held), pool.submit(made.append, "made")
        assert held.begun.wait(SECONDS)
        assert first.running()
        assert not first.cancel()
        assert second.cancel()
        held.go.set()
    assert made == []
    assert not first.cancelled()


@both_pools
def test_initializer(make: Make) -> None:
    """Each thread calls it first, with its arguments."""
    local = threading.local()

    def begin(value: int) -> None:
        local.value = value

    with make(2, initializer=begin, initargs=(7,)) as pool:
        assert set(pool.map(lambda _: local.value, range(6))) == {7}


@both_pools
@pytest.mark.parametrize("waiting", [0, 3])
def test_initializer_that_fails(make: Make, waiting: int, reported, caplog: pytest.LogCaptureFixture) -> None:
    """The pool is broken: what waits fails, and what is submitted later too."""
    go = threading.Event()

    def begin() -> None:
        go.wait(SECONDS)
        raise KeyError("begin")

    pool = make(1, initializer=begin)
    futures = [pool.submit(int) for _ in range(1 + waiting)]
    go.set()
    for future in futures:
        with pytest.raises(BrokenThreadPool):
            future.result(SECONDS)
    with pytest.raises(BrokenThreadPool):
        pool.submit(int)
    pool.shutdown()
    assert caplog.records or [str(error) for error in reported] == ["'begin'"]


@both_pools
def test_tasks_that_submit(make: Make) -> None:
    """A task may submit tasks, and wait for them while there are threads to do them."""
    with make(2) as pool:
        assert pool.submit(lambda: pool.submit(pow, 2, 5).result(SECONDS)).result(SECONDS) == 32


@both_pools
def test_waiting_for_several(make: Make) -> None:
    """The functions of concurrent.futures that wait for several futures take both kinds."""
    held = Held()
    with make(2) as pool:
        slow, fast = pool.submit(held, "slow"), pool.submit(pow, 2, 2)
        done, rest = concurrent.futures.wait(
            [slow, fast], SECONDS, return_when=concurrent.futures.FIRST_COMPLETED
        )
        assert (done, rest) == ({fast}, {slow})
        ended = concurrent.futures.as_completed([slow, fast], SECONDS)
        assert next(ended) is fast
        held.go.set()
        assert next(ended) is slow
        failed = pool.submit(fail, KeyError())
        done, _ = concurrent.futures.wait([failed], SECONDS, return_when=concurrent.futures.FIRST_EXCEPTION)
        assert done == {failed}


@both_pools
def test_from_several_threads(make: Make, elsewhere) -> None:
    """Any thread may submit."""
    sums: list[int] = []
    with make(3) as pool:

        def ask(start: int) -> None:
            sums.append(sum(pool.map(lambda n: n, range(start, start + 50))))

        elsewhere.join(*[elsewhere.start(lambda start=start: ask(start)) for start in (0, 50, 100)])
    assert sum(sums) == sum(range(150))


@both_pools
def test_end_of_the_program(make: Make) -> None:
    """Tasks that were submitted are done before the program ends, although nobody shut the pool down."""
    program = f"""
import threading
from {make.__module__} import {make.__name__} as Pool
go = threading.Event()
pool = Pool(1)
pool.submit(go.wait)
pool.submit(print, "first")
pool.submit(lambda: threading.Thread(target=print, args=("second",)).start())
go.set()
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=2 * SECONDS
    )
    assert done.stdout.splitlines() == ["first", "second"]
    assert done.stderr == ""


# Futures


@both_futures
def test_the_life_of_a_future(make: Make) -> None:
    """Pending, running, finished; it begins once and ends once."""
    future = make()
    assert (future.running(), future.done(), future.cancelled()) == (False, False, False)
    with pytest.raises(TimeoutError):
        future.result(0)
    with pytest.raises(TimeoutError):
        future.exception(timeout=0.001)
    assert future.set_running_or_notify_cancel()
    assert (future.running(), future.done(), future.cancelled()) == (True, False, False)
    assert not future.cancel()
    future.set_result(5)
    assert (future.running(), future.done(), future.cancelled()) == (False, True, False)
    assert (future.result(), future.exception(), future.result(timeout=-1)) == (5, None, 5)
    assert not future.cancel()
    for again in (lambda: future.set_result(6), lambda: future.set_exception(KeyError())):
        with pytest.raises(InvalidStateError):
            again()
    assert future.result() == 5


@both_futures
def test_a_cancelled_future(make: Make) -> None:
    """It is done, does not begin, and says so to who asks for the result."""
    future = make()
    assert future.cancel()
    assert future.cancel()
    assert (future.running(), future.done(), future.cancelled()) == (False, True, True)
    assert not future.set_running_or_notify_cancel()
    for ask in (future.result, future.exception):
        with pytest.raises(CancelledError):
            ask()
    with pytest.raises(InvalidStateError):
        future.set_result(1)


@both_futures
def test_callbacks(make: Make) -> None:
    """Each is called once, in order, with the future; one that is added late at once."""
    future = make()
    called: list[Any] = []
    future.add_done_callback(lambda ended: called.append((1, ended.result())))
    future.add_done_callback(lambda ended: called.append((2, ended is future)))
    assert called == []
    future.set_result("x")
    assert called == [(1, "x"), (2, True)]
    future.add_done_callback(lambda ended: called.append((3, ended.done())))
    assert called == [(1, "x"), (2, True), (3, True)]
    cancelled = make()
    cancelled.add_done_callback(lambda ended: called.append(ended.cancelled()))
    cancelled.cancel()
    cancelled.cancel()
    assert called[3:] == [True]


@both_futures
def test_a_callback_that_fails(make: Make, reported, caplog: pytest.LogCaptureFixture) -> None:
    """The next is called all the same, and who ends the future does not notice; somebody is told."""
    future = make()
    called: list[Any] = []
    future.add_done_callback(lambda ended: 1 // 0)
    future.add_done_callback(called.append)
    future.set_result(1)
    future.add_done_callback(lambda ended: 1 // 0)
    assert called == [future]
    assert len(caplog.records) == 2 or [type(error) for error in reported] == [ZeroDivisionError] * 2


@both_futures
def test_waiting_threads_are_told(make: Make, elsewhere) -> None:
    """All who wait for the result get it."""
    future, got = make(), []
    for _ in range(3):
        elsewhere.start(lambda: got.append(future.result(SECONDS)))
    elsewhere.start(lambda: got.append(future.exception(SECONDS)))
    future.set_result("x")
    elsewhere.join()
    assert sorted(got, key=str) == [None, "x", "x", "x"]


# What only ours promise


def test_backpressure(elsewhere, until) -> None:
    """submit() waits while max_waiting tasks wait for a thread."""
    held, third = Held(), []
    with ThreadPool(1, max_waiting=1) as pool:
        pool.submit(held)
        assert held.begun.wait(SECONDS)
        pool.submit(int)
        elsewhere.start(lambda: third.append(pool.submit(pow, 3, 2)))
        until(lambda: pool._room._line)
        assert third == []
        held.go.set()
        elsewhere.join()
        assert third[0].result(SECONDS) == 9
    with pytest.raises(ValueError, match="max_waiting"):
        ThreadPool(1, max_waiting=0)


def test_shutdown_while_submit_waits(elsewhere, until) -> None:
    """Who waits to submit when the pool is shut down is told that it is."""
    held = Held()
    errors: list[str] = []

    def submit() -> None:
        try:
            pool.submit(int)
        except RuntimeError as error:
            errors.append(str(error))

    pool = ThreadPool(1, "mill", max_waiting=1)
    pool.submit(held)
    assert held.begun.wait(SECONDS)
    pool.submit(int)
    elsewhere.start(submit)
    until(lambda: pool._room._line)
    pool.shutdown(wait=False)
    elsewhere.join()
    held.go.set()
    pool.shutdown()
    assert errors[0].startswith("a task was submitted to pool 'mill', which is shut down.")


def test_a_callback_that_ends_its_thread(reported) -> None:
    """A callback of a task that raises what is no Exception does not take the thread along."""
    with ThreadPool(1) as pool:
        held = Held()
        future = pool.submit(held)
        future.add_done_callback(lambda ended: fail(SystemExit(1)))
        held.go.set()
        assert pool.submit(int).result(SECONDS) == 0
    assert [type(error) for error in reported] == [SystemExit]


def test_interrupted_result(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C in result() ends the wait and nothing else: one may ask again."""
    held = Held()
    with ThreadPool(1) as pool:
        future = pool.submit(held, "done")
        sleep = Place.sleep

        def sleep_badly(place: Place, timeout: float | None = None) -> bool:
            if threading.current_thread() is threading.main_thread():
                raise KeyboardInterrupt
            return sleep(place, timeout)

        monkeypatch.setattr(Place, "sleep", sleep_badly)
        with pytest.raises(KeyboardInterrupt):
            future.result()
        monkeypatch.setattr(Place, "sleep", sleep)
        held.go.set()
        assert future.result(SECONDS) == "done"


def test_repr() -> None:
    """The text tells the state."""
    pool = ThreadPool(2, "mill")
    assert repr(pool) == "<ThreadPool 'mill' workers=0 waiting=0>"
    pool.shutdown()
    assert repr(pool) == "<ThreadPool 'mill' workers=0 waiting=0 shut down>"
    assert [repr(make_future(end)) for end in ("pending", "running", "cancelled", "result", "error")] == [
        "<Future pending>",
        "<Future running>",
        "<Future cancelled>",
        "<Future finished: 5>",
        "<Future finished: KeyError('k')>",
    ]


def make_future(end: str) -> Future[int]:
    future: Future[int] = Future()
    if end == "cancelled":
        future.cancel()
    elif end != "pending":
        future.set_running_or_notify_cancel()
    if end == "result":
        future.set_result(5)
    elif end == "error":
        future.set_exception(KeyError("k"))
    return future
