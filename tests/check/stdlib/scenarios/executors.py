"""What `concurrent.futures` promises of its pool of threads: each scenario is verified over CPython's own text."""

from concurrent.futures import (
    FIRST_COMPLETED,
    FIRST_EXCEPTION,
    CancelledError,
    Future,
    InvalidStateError,
    ThreadPoolExecutor,
    as_completed,
    wait,
)
from concurrent.futures import TimeoutError as Late

from tests.check.stdlib.scenarios.common import together


def scenario_submit_and_result():
    """1 worker, 1 call"""
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(pow, 2, 3).result() == 8


def scenario_submit_two():
    """1 worker, 2 calls"""
    with ThreadPoolExecutor(1) as pool:
        first, second = pool.submit(pow, 2, 3), pool.submit(pow, 2, 4)
        assert (first.result(), second.result()) == (8, 16)


def scenario_two_workers():
    """2 workers, 2 calls"""
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.submit(pow, 2, 3), pool.submit(pow, 2, 4)
        assert (first.result(), second.result()) == (8, 16)


def scenario_map():
    """1 worker, map over two: in order"""
    with ThreadPoolExecutor(1) as pool:
        assert list(pool.map(abs, [-1, -2])) == [1, 2]


def scenario_exception():
    """1 worker, 1 call that raises"""
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(int, "x")
        assert type(future.exception()) is ValueError


def scenario_cancel():
    """1 worker, 2 calls, the second is cancelled: it ran, or it was cancelled"""
    ran = []
    with ThreadPoolExecutor(1) as pool:
        pool.submit(ran.append, 1)
        second = pool.submit(ran.append, 2)
        cancelled = second.cancel()
    assert cancelled == second.cancelled()
    assert ran == ([1] if cancelled else [1, 2])


def scenario_shutdown_cancels():
    """1 worker, 2 calls, shut down with cancel_futures: no future is left pending"""
    ran = []
    pool = ThreadPoolExecutor(1)
    futures = [pool.submit(ran.append, n) for n in (1, 2)]
    pool.shutdown(cancel_futures=True)
    assert all(future.done() for future in futures)
    assert len(ran) + sum(future.cancelled() for future in futures) == 2


def scenario_submit_against_shutdown():
    """1 submits, 1 shuts down: it is run, or refused"""
    pool, ran, refused = ThreadPoolExecutor(1), [], []

    def submit():
        try:
            future = pool.submit(ran.append, 1)
        except RuntimeError:
            refused.append(1)
        else:
            future.result()

    together(submit, pool.shutdown)
    assert len(ran) + len(refused) == 1


def scenario_initializer():
    """1 worker whose initializer raises: the call is told that the pool is broken"""

    def fail():
        raise ValueError

    with ThreadPoolExecutor(1, initializer=fail) as pool:
        try:
            pool.submit(pow, 2, 3).result()
        except RuntimeError:  # BrokenThreadPool
            pass
        else:
            raise AssertionError("it ran in a worker that was not initialised")


def scenario_result_with_timeout():
    """1 waits for a result with a time-out, 1 sets it: the result, or late"""
    future, seen = Future(), []

    def get():
        try:
            seen.append(future.result(timeout=1))
        except Late:
            seen.append("late")

    together(get, lambda: future.set_result(1))
    assert seen in ([1], ["late"])


def scenario_results_for_two():
    """2 wait for a result, 1 sets it"""
    future, seen = Future(), []
    together(
        lambda: seen.append(future.result()),
        lambda: seen.append(future.result()),
        lambda: future.set_result(1),
    )
    assert seen == [1, 1]


def scenario_set_twice():
    """2 set a result: one of them is refused, and the result stays"""
    future, refused = Future(), []

    def set_(value):
        try:
            future.set_result(value)
        except InvalidStateError:
            refused.append(value)

    together(lambda: set_(1), lambda: set_(2))
    assert sorted([future.result(), *refused]) == [1, 2]


def scenario_cancel_against_run():
    """1 cancels, 1 waits for the result, 1 begins to run it: cancelled, or run"""
    future, seen = Future(), []

    def run():
        if future.set_running_or_notify_cancel():
            future.set_result(1)

    def get():
        try:
            seen.append(future.result())
        except CancelledError:
            seen.append("cancelled")

    together(future.cancel, get, run)
    assert seen == (["cancelled"] if future.cancelled() else [1])


def scenario_callback():
    """1 adds a callback, 1 sets the result: it is called once"""
    future, called = Future(), []
    together(
        lambda: future.add_done_callback(lambda done: called.append(done.result())),
        lambda: future.set_result(1),
    )
    assert called == [1]


def scenario_wait_for_all():
    """1 waits for two futures, 2 set them"""
    first, second = Future(), Future()

    def both():
        done, pending = wait([first, second])
        assert (done, pending) == ({first, second}, set())

    together(both, lambda: first.set_result(1), lambda: second.set_result(2))


def scenario_wait_for_the_first():
    """1 waits for the first of two futures, 1 sets one"""
    first, second = Future(), Future()

    def one():
        done, pending = wait([first, second], return_when=FIRST_COMPLETED)
        assert (done, pending) == ({first}, {second})

    together(one, lambda: first.set_result(1))


def scenario_wait_for_an_exception():
    """1 waits for the first exception of two futures, 2 set a result and an exception"""
    first, second = Future(), Future()

    def one():
        done, _ = wait([first, second], return_when=FIRST_EXCEPTION)
        assert second in done

    together(one, lambda: first.set_result(1), lambda: second.set_exception(ValueError()))


def scenario_wait_with_timeout():
    """1 waits for a future with a time-out, 1 sets it: done, or pending"""
    future = Future()

    def some():
        done, pending = wait([future], timeout=1)
        assert len(done) + len(pending) == 1

    together(some, lambda: future.set_result(1))


def scenario_as_completed():
    """1 goes through two futures as they complete, 2 set them: each comes once"""
    first, second, seen = Future(), Future(), []
    together(
        lambda: seen.extend(future.result() for future in as_completed([first, second])),
        lambda: first.set_result(1),
        lambda: second.set_result(2),
    )
    assert sorted(seen) == [1, 2]
