"""What an event loop is not followed into is named; nothing of it is taken for verified."""

# sleeps: in virtual time, under the checker

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncIterator

import pytest

from concur.check import Status, Verdict, explore, sample
from tests.check.conftest import Check

VERIFIED, REFUTED, UNCHECKABLE = Status.VERIFIED, Status.REFUTED, Status.UNCHECKABLE


def status(verdict: Verdict) -> Status:
    """The status, with the report in view when it is not the one expected."""
    print(verdict)
    return verdict.status


REFUSED = {
    "await asyncio.to_thread(print)": "asyncio.threads.to_thread()",
    "await loop.run_in_executor(None, print)": "loop.run_in_executor()",
    "await asyncio.open_connection('localhost', 1)": "asyncio.streams.open_connection()",
    "await asyncio.start_server(print, 'localhost', 1)": "asyncio.streams.start_server()",
    "await asyncio.create_subprocess_exec('true')": "asyncio.subprocess.create_subprocess_exec()",
    "await loop.getaddrinfo('localhost', 1)": "loop.getaddrinfo()",
    "loop.add_reader(0, print)": "loop.add_reader()",
    "loop.add_signal_handler(2, print)": "loop.add_signal_handler()",
    "await loop.create_connection(asyncio.Protocol, 'localhost', 1)": "loop.create_connection()",
    "asyncio.get_event_loop_policy()": "event loop policies",
    "threading.Thread(target=print).start()": "is started beside an event loop",
    "asyncio.StreamReader()": "asyncio.streams.StreamReader()",
}


@pytest.mark.parametrize("statement", REFUSED)
def test_the_real_world_is_refused_by_name(check: Check, statement: str) -> None:
    """Threads and real input and output: the verdict names the call."""
    verdict = check(
        f"""
        import asyncio, threading
        async def scenario():
            loop = asyncio.get_running_loop()
            {statement}
        """
    )
    assert status(verdict) is UNCHECKABLE
    assert REFUSED[statement] in verdict.reason, verdict.reason


def test_a_loop_in_a_thread_is_refused(check: Check) -> None:
    """A task is one step for other tasks, not for threads."""
    text = """
        import asyncio
        async def nothing(): pass
        def scenario():
            together(lambda: asyncio.run(nothing()), lambda: None)
    """
    verdict = check(text)
    assert status(verdict) is UNCHECKABLE
    assert "runs an event loop beside other threads" in verdict.reason


def test_a_coroutine_that_is_not_rewritten_is_refused(check: Check) -> None:
    """What it does between its awaits would not be seen."""
    text = """
        import asyncio
        from tests.check.aio.helpers_not_rewritten import add
        box = []
        async def scenario():
            await asyncio.gather(add(box), add(box))
    """
    verdict = check(text)
    assert status(verdict) is UNCHECKABLE
    assert "helpers_not_rewritten.add() is not rewritten" in verdict.reason


async def scenario_that_waits_for_a_lock_of_threads() -> None:
    lock = threading.Lock()

    async def work() -> None:
        with lock:
            await asyncio.sleep(0)

    await asyncio.gather(work(), work())


def test_a_lock_of_threads_stops_the_loop() -> None:
    """The task that waits for it without an await lets nobody else go on: a deadlock, by its lock."""
    verdict = explore(scenario_that_waits_for_a_lock_of_threads)
    assert status(verdict) is REFUTED
    assert verdict.failure is not None
    assert verdict.failure.kind == "deadlock"
    assert "waits for lock" in verdict.failure.why
    assert "held by 'work'" in verdict.failure.why
    assert "the event loop stands still" in verdict.failure.why


async def scenario_that_spins() -> None:
    flag = {"set": False}

    async def work() -> None:
        flag["set"] = True

    task = asyncio.create_task(work())
    while not flag["set"]:
        pass
    await task


def test_a_loop_without_an_await_never_ends() -> None:
    """Nobody can set what it waits for."""
    verdict = explore(scenario_that_spins)
    assert status(verdict) is REFUTED
    assert verdict.failure is not None
    assert verdict.failure.kind == "deadlock"


async def scenario_that_sleeps_the_wrong_way() -> None:
    done = []

    async def work() -> None:
        time.sleep(1)  # noqa: ASYNC251  # that is what is tested
        done.append(1)

    await asyncio.gather(work(), work())
    assert done == [1, 1]


def test_time_sleep_in_a_task() -> None:
    """It stops the loop for a while, which changes no order; with time that passes when idle it is refused."""
    assert status(explore(scenario_that_sleeps_the_wrong_way)) is VERIFIED
    verdict = explore(scenario_that_sleeps_the_wrong_way, timeouts="idle")
    assert status(verdict) is UNCHECKABLE
    assert "asyncio.sleep()" in verdict.reason


async def scenario_with_an_error_that_nobody_gets() -> None:
    async def fail() -> None:
        raise ValueError("lost")

    task = asyncio.create_task(fail())
    await asyncio.sleep(0)
    await asyncio.wait([task])


def test_an_error_that_nobody_gets_is_a_failure() -> None:
    """Python logs it, when the task is dropped: "Task exception was never retrieved"."""
    verdict = explore(scenario_with_an_error_that_nobody_gets)
    assert status(verdict) is REFUTED
    assert verdict.failure is not None
    assert "ValueError: lost, in task 'fail'" in verdict.failure.message


async def scenario_with_a_callback_that_fails() -> None:
    asyncio.get_running_loop().call_soon(int, "x")
    await asyncio.sleep(0)


def test_a_callback_that_fails_is_a_failure() -> None:
    """Python logs it; a handler of the program's own gets it instead."""
    assert status(explore(scenario_with_a_callback_that_fails)) is REFUTED


async def scenario_with_a_handler() -> None:
    seen = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda loop, context: seen.append(context["exception"]))
    loop.call_soon(int, "x")
    for _ in range(3):
        await asyncio.sleep(1)
    assert seen


def test_a_handler_of_the_program_gets_the_error() -> None:
    """Then it is no failure."""
    assert status(explore(scenario_with_a_handler, timeouts="idle")) is VERIFIED


async def scenario_that_awaits_twice() -> None:
    async def work() -> None:
        await asyncio.sleep(0)

    coroutine = work()

    async def wait_for_it() -> None:
        await coroutine

    await asyncio.gather(wait_for_it(), wait_for_it())


def test_two_tasks_cannot_await_one_coroutine() -> None:
    """The second gets a RuntimeError."""
    verdict = explore(scenario_that_awaits_twice)
    assert status(verdict) is REFUTED
    assert verdict.failure is not None
    assert "RuntimeError" in verdict.failure.message


async def scenario_with_managers() -> None:
    log = []

    @contextlib.asynccontextmanager
    async def entered(name: str) -> AsyncIterator[str]:
        await asyncio.sleep(0)
        log.append(f"in {name}")
        try:
            yield name
        finally:
            log.append(f"out {name}")

    async def work(name: str) -> None:
        async with entered(name):
            await asyncio.sleep(0)

    await asyncio.gather(work("a"), work("b"))
    assert log.index("in a") < log.index("out a")
    assert len(log) == 4


def test_asynchronous_context_managers() -> None:
    """CPython's own, from contextlib."""
    assert status(explore(scenario_with_managers)) is VERIFIED


async def scenario_that_polls() -> None:
    ready = {"now": False}

    async def make_ready() -> None:
        await asyncio.sleep(0)
        ready["now"] = True

    task = asyncio.create_task(make_ready())
    while not ready["now"]:  # noqa: ASYNC110  # that is what is tested
        await asyncio.sleep(0)
    await task


def test_a_loop_that_polls() -> None:
    """In CPython's order it ends; in any order it may go round as often as it likes, and nothing is claimed."""
    assert status(explore(scenario_that_polls, ready="fifo")) is VERIFIED
    verdict = sample(scenario_that_polls, runs=1, strategy="pct", max_steps=100)
    assert status(verdict) is Status.UNFINISHED


async def scenario_of_nothing() -> None:
    """Nothing at all."""


def test_one_task_alone() -> None:
    """It has one order."""
    verdict = explore(scenario_of_nothing)
    assert status(verdict) is VERIFIED
    assert verdict.schedules == 1
    assert "all orders of the steps of tasks" in verdict.bound
