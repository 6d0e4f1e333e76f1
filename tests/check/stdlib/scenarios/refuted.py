"""What one might expect of the standard library, and CPython's own text does not do: each scenario is refuted."""

import threading
from concurrent.futures import Future, ThreadPoolExecutor, as_completed, wait

from tests.check.stdlib.scenarios.common import together


def scenario_notify_reaches_who_still_waits():
    """a notify that comes while the first in line times out wakes the second"""
    condition, in_line = threading.Condition(), threading.Semaphore(0)

    def hurried():
        with condition:
            in_line.release()
            if condition.wait(timeout=1):
                condition.notify()

    def patient():
        with condition:
            in_line.release()
            condition.wait()

    def notify():
        in_line.acquire()
        in_line.acquire()
        with condition:
            condition.notify()

    together(hurried, patient, notify)


def scenario_abort_lets_all_pass_or_none():
    """a barrier that is aborted lets both who came pass, or neither"""
    barrier, passed = threading.Barrier(2), []

    def come():
        try:
            passed.append(barrier.wait())
        except threading.BrokenBarrierError:
            pass

    together(come, come, barrier.abort)
    assert len(passed) != 1


def scenario_wait_sees_a_cancelled_future():
    """`wait` returns when the future that it waits for is cancelled"""
    future = Future()
    together(lambda: wait([future]), future.cancel)


def scenario_as_completed_sees_what_shutdown_cancels():
    """`as_completed` ends when `shutdown(cancel_futures=True)` cancels what it waits for"""
    pool, gate = ThreadPoolExecutor(1), threading.Event()
    pool.submit(gate.wait)
    second = pool.submit(int)

    def shut_down():
        pool.shutdown(wait=False, cancel_futures=True)
        gate.set()

    together(lambda: list(as_completed([second])), shut_down)
