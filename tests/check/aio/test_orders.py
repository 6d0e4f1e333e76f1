"""Which orders an event loop is run in."""

import asyncio
import contextvars
import json
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest

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


async def scenario_of_a_shared_context() -> None:
    name = contextvars.ContextVar("name", default="nobody")
    context, seen = contextvars.copy_context(), []

    async def work(mine: str) -> None:
        seen.append(name.get())
        name.set(mine)

    loop = asyncio.get_running_loop()
    one, other = (loop.create_task(work(each), context=context) for each in ("a", "b"))
    await asyncio.gather(one, other)
    assert seen == ["nobody", "a"]


def test_a_context_that_two_tasks_share() -> None:
    """What the one sets in it, the other sees, if it comes later."""
    assert status(explore(scenario_of_a_shared_context)) is REFUTED


async def scenario_of_a_context_seen_by_copying() -> None:
    name = contextvars.ContextVar("name", default="nobody")
    context = contextvars.copy_context()
    seen = {"b": ""}

    async def change() -> None:
        name.set("a")

    async def look() -> None:
        seen["b"] = contextvars.copy_context().get(name, "nobody")

    loop = asyncio.get_running_loop()
    await asyncio.gather(
        loop.create_task(look(), context=context), loop.create_task(change(), context=context)
    )
    assert seen["b"] == "nobody"


def test_a_context_that_is_looked_at_as_a_whole() -> None:
    """No access of a variable tells that it is."""
    assert status(explore(scenario_of_a_context_seen_by_copying)) is REFUTED


async def scenario_of_a_cancelled_callback() -> None:
    log: list[int] = []
    loop = asyncio.get_running_loop()
    soon, later = loop.call_soon(log.append, 1), loop.call_later(1, log.append, 2)

    async def cancel() -> None:
        soon.cancel()
        later.cancel()

    await asyncio.gather(cancel(), asyncio.sleep(1))
    assert not log


def test_a_callback_may_come_before_it_is_cancelled() -> None:
    """So may a timer."""
    assert status(explore(scenario_of_a_cancelled_callback)) is REFUTED
    assert status(explore(scenario_of_a_cancelled_callback, timeouts="idle")) is REFUTED
    assert status(explore(scenario_of_a_cancelled_callback, ready="fifo", timeouts="idle")) is REFUTED


async def scenario_of_a_callback_that_is_cancelled_at_once() -> None:
    log: list[int] = []
    loop = asyncio.get_running_loop()
    loop.call_soon(log.append, 1).cancel()
    loop.call_later(1, log.append, 2).cancel()
    await asyncio.sleep(2)
    assert not log


def test_a_callback_that_is_cancelled_never_comes() -> None:
    """Nor does a timer."""
    assert status(explore(scenario_of_a_callback_that_is_cancelled_at_once)) is VERIFIED
    assert status(explore(scenario_of_a_callback_that_is_cancelled_at_once, timeouts="idle")) is VERIFIED


async def scenario_of_foreign_code() -> None:
    box: list[int] = []

    async def work(number: int) -> None:
        box.append(number)
        await asyncio.sleep(0)
        assert json.loads(json.dumps(box))

    await asyncio.gather(work(1), work(2))
    assert json.dumps(box) == "[1, 2]"


def test_code_that_is_not_rewritten_is_no_obstacle() -> None:
    """No other task comes in the middle of it, so what it touches need not be known step by step."""
    assert status(explore(scenario_of_foreign_code)) is REFUTED


async def scenario_of_many_rounds() -> None:
    items = list(range(40))
    left = [0]

    async def empty() -> None:
        while items:
            left[0] += items.pop()

    async def more() -> None:
        items.append(1)

    await asyncio.gather(empty(), more())
    assert left[0] + sum(items) == 781


def test_a_loop_within_a_step_is_no_livelock() -> None:
    """It goes round often, and nobody comes between."""
    assert status(explore(scenario_of_many_rounds)) is VERIFIED


async def scenario_of_an_exit() -> None:
    async def leave() -> None:
        raise SystemExit(3)

    await asyncio.gather(leave())


def test_an_exit_ends_the_loop() -> None:
    """And is the failure."""
    verdict = explore(scenario_of_an_exit)
    assert status(verdict) is REFUTED
    assert verdict.failure is not None
    assert "SystemExit: 3" in verdict.failure.message


async def scenario_of_eager_tasks() -> None:
    log: list[str] = []
    asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)  # type: ignore[attr-defined,unused-ignore]

    async def work(name: str) -> None:
        log.append(name)
        await asyncio.sleep(0)
        log.append(name)

    tasks = [asyncio.create_task(work(each)) for each in "ab"]
    assert log == ["a", "b"]
    await asyncio.gather(*tasks)
    assert log[2:] == ["a", "b"]


@pytest.mark.skipif(sys.version_info < (3, 12), reason="there are none before")
def test_eager_tasks() -> None:
    """They begin where they are made; what comes after their first await comes in any order."""
    assert status(explore(scenario_of_eager_tasks)) is REFUTED
    assert status(explore(scenario_of_eager_tasks, ready="fifo")) is VERIFIED


async def scenario_of_one_coroutine_for_two() -> None:
    async def work() -> None:
        """It is awaited twice."""

    coroutine = work()

    async def wait_for_it() -> None:
        await coroutine

    first, _ = await asyncio.gather(wait_for_it(), wait_for_it(), return_exceptions=True)
    assert first is None


def test_who_awaits_a_coroutine_first() -> None:
    """The one that comes second gets the error: that either does is seen from the coroutine alone."""
    assert status(explore(scenario_of_one_coroutine_for_two)) is REFUTED


async def scenario_of_one_generator_for_two() -> None:
    async def numbers() -> AsyncIterator[int]:
        yield 1
        yield 2

    generator = numbers()

    async def take() -> int:
        return await anext(generator)

    assert list(await asyncio.gather(take(), take())) == [1, 2]


def test_who_moves_an_asynchronous_generator_first() -> None:
    """Its variables are state that the two tasks share, and nothing else is."""
    assert status(explore(scenario_of_one_generator_for_two)) is REFUTED


async def scenario_of_settings() -> None:
    loop, made = asyncio.get_running_loop(), []

    def make(loop: asyncio.AbstractEventLoop, coro: Any, **more: Any) -> Any:
        made.append(coro.__name__)
        return asyncio.Task(coro, loop=loop, **more)

    async def set_up() -> None:
        loop.set_task_factory(make)

    async def nothing() -> None:
        """It is only made."""

    async def use() -> None:
        await asyncio.create_task(nothing())

    await asyncio.gather(use(), set_up())
    assert not made


def test_settings_of_the_loop_are_shared() -> None:
    """Whether the factory is there when a task is made depends on the order."""
    assert status(explore(scenario_of_settings)) is REFUTED


async def scenario_of_all_tasks() -> None:
    seen = {"tasks": 0}

    async def nothing() -> None:
        """It is only made."""

    async def make() -> None:
        await asyncio.create_task(nothing())

    async def look() -> None:
        seen["tasks"] = len(asyncio.all_tasks())

    await asyncio.gather(look(), make())
    assert seen["tasks"] == 3


def test_all_tasks_are_counted_at_any_moment() -> None:
    """Before one more is made, while it is there, and after it has ended."""
    assert status(explore(scenario_of_all_tasks)) is REFUTED
