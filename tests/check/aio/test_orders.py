"""Which orders an event loop is run in."""

import asyncio
from collections.abc import AsyncIterator

from concur.check import Status, Verdict, explore, sample

VERIFIED, REFUTED = Status.VERIFIED, Status.REFUTED


def status(verdict: Verdict) -> Status:
    """The status, with the report in view when it is not the one expected."""
    print(verdict)
    return verdict.status


async def noted(log: list[int], number: int) -> None:
    log.append(number)


async def scenario_of_two_tasks() -> None:
    log: list[int] = []
    await asyncio.gather(noted(log, 1), noted(log, 2))
    assert log == [1, 2]


def test_tasks_start_in_any_order() -> None:
    """Nothing says which of two tasks that are ready comes first; in CPython it is the one that was made first."""
    assert status(explore(scenario_of_two_tasks)) is REFUTED
    assert status(explore(scenario_of_two_tasks, ready="fifo")) is VERIFIED


async def scenario_of_two_callbacks() -> None:
    log: list[int] = []
    done = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(log.append, 1)
    asyncio.get_running_loop().call_soon(done.set_result, None)
    await done
    assert log == [1]


def test_callbacks_run_in_the_order_of_their_registration() -> None:
    """That is what the documentation of call_soon promises."""
    verdict = explore(scenario_of_two_callbacks)
    assert status(verdict) is VERIFIED


async def scenario_of_a_callback_and_a_task() -> None:
    log: list[int] = []
    asyncio.get_running_loop().call_soon(log.append, 1)
    await asyncio.sleep(0)
    assert log == [1]


def test_a_task_need_not_wait_for_a_callback() -> None:
    """sleep(0) lets others run; it does not say whom."""
    assert status(explore(scenario_of_a_callback_and_a_task)) is REFUTED
    assert status(explore(scenario_of_a_callback_and_a_task, ready="fifo")) is VERIFIED


async def scenario_of_two_sleeps() -> None:
    log: list[int] = []

    async def late(seconds: float, number: int) -> None:
        await asyncio.sleep(seconds)
        log.append(number)

    await asyncio.gather(late(2, 2), late(1, 1))
    assert log == [1, 2]


def test_time() -> None:
    """A sleep ends at any moment, or, if that is asked for, when nobody can go on and it is the next to end."""
    assert status(explore(scenario_of_two_sleeps)) is REFUTED
    assert status(explore(scenario_of_two_sleeps, timeouts="idle")) is VERIFIED
    assert status(explore(scenario_of_two_sleeps, ready="fifo")) is REFUTED


async def scenario_of_the_clock() -> None:
    loop = asyncio.get_running_loop()
    before = loop.time()
    await asyncio.sleep(3600)
    assert loop.time() >= before + 3600


def test_the_clock_is_virtual() -> None:
    """An hour passes, and costs nothing."""
    assert status(explore(scenario_of_the_clock, timeouts="idle")) is VERIFIED
    assert status(explore(scenario_of_the_clock)) is VERIFIED


async def scenario_of_a_time_out() -> None:
    event = asyncio.Event()

    async def set_it() -> None:
        event.set()

    task = asyncio.create_task(set_it())
    async with asyncio.timeout(5):
        await event.wait()
    await task


def test_a_time_out_may_come_first() -> None:
    """With "any"; with "idle" only if nobody can go on."""
    verdict = explore(scenario_of_a_time_out)
    assert status(verdict) is REFUTED
    assert verdict.failure is not None
    assert "TimeoutError" in verdict.failure.message
    assert status(explore(scenario_of_a_time_out, timeouts="idle")) is VERIFIED


async def scenario_of_a_cancellation() -> None:
    reached = []

    async def work() -> None:
        for step in range(3):
            await asyncio.sleep(0)
            reached.append(step)

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    assert len(reached) != 2 or not task.cancelled()


def test_a_cancellation_comes_at_every_await() -> None:
    """Also at the last but one, where this task may be when it is cancelled."""
    assert status(explore(scenario_of_a_cancellation)) is REFUTED


async def scenario_of_context_variables() -> None:
    import contextvars

    name = contextvars.ContextVar("name", default="nobody")

    async def work(mine: str) -> None:
        name.set(mine)
        await asyncio.sleep(0)
        assert name.get() == mine

    await asyncio.gather(work("a"), work("b"))
    assert name.get() == "nobody"


def test_each_task_has_a_context() -> None:
    """What one task sets, another does not see."""
    assert status(explore(scenario_of_context_variables)) is VERIFIED


async def scenario_of_an_own_step() -> None:
    counter = {"n": 0}

    async def add() -> None:
        counter["n"] += 1
        counter["n"] += 1

    await asyncio.gather(add(), add(), add())
    assert counter["n"] == 6


def test_between_two_awaits_nobody_comes() -> None:
    """So what needs a lock between threads needs none between tasks."""
    assert status(explore(scenario_of_an_own_step)) is VERIFIED


def test_sampling() -> None:
    """Random orders, for programs that are too large for all."""
    assert status(sample(scenario_of_two_tasks, runs=50)) is REFUTED
    assert status(sample(scenario_of_an_own_step, runs=20)) is Status.UNFINISHED


def scenario_of_a_plain_function() -> None:
    async def main() -> int:
        return await asyncio.wait_for(asyncio.sleep(1, 42), None)

    assert asyncio.run(main()) == 42
    with asyncio.Runner() as runner:
        assert runner.run(main()) == 42
        assert runner.run(main()) == 42


def test_a_plain_scenario_may_run_loops() -> None:
    """As a program does: with asyncio.run, or a Runner."""
    assert status(explore(scenario_of_a_plain_function)) is VERIFIED


async def scenario_of_an_async_generator() -> None:
    async def numbers() -> AsyncIterator[int]:
        for number in range(3):
            await asyncio.sleep(0)
            yield number

    assert [number async for number in numbers()] == [0, 1, 2]


async def scenario_of_a_shared_async_generator() -> None:
    async def numbers() -> AsyncIterator[int]:
        yield 1
        yield 2

    generator, found = numbers(), []

    async def take() -> None:
        found.append(await anext(generator))

    one, other = asyncio.create_task(take(), name="one"), asyncio.create_task(take(), name="other")
    await asyncio.gather(one, other)
    got = await asyncio.gather(take(), return_exceptions=True)
    assert isinstance(got[0], StopAsyncIteration)
    assert found == [1, 2]


def test_asynchronous_generators() -> None:
    """They are moved within the steps of the tasks that use them."""
    assert status(explore(scenario_of_an_async_generator)) is VERIFIED
    assert status(explore(scenario_of_a_shared_async_generator)) is VERIFIED
