"""What tasks share without naming it: nothing but that tells the two orders of these programs apart."""

import textwrap
from pathlib import Path
from typing import Any

import pytest

from tests.check.conftest import observed

HEAD = """
import asyncio, contextvars

result = None


async def both(one, other):
    \"\"\"Each ends later than it did what matters, so that their ends do not bring them into an order.\"\"\"
    async def then_sleep(coroutine):
        value = await coroutine
        await asyncio.sleep(0)
        return value
    global result
    values = await asyncio.gather(then_sleep(one), then_sleep(other), return_exceptions=True)
    result = tuple(value if isinstance(value, (int, str)) else type(value).__name__ for value in values)
"""

PROGRAMS: dict[str, tuple[str, set[Any]]] = {
    "the variables of an asynchronous generator": (
        """
        async def numbers():
            yield 1
            yield 2
        async def scenario():
            generator = numbers()
            async def take():
                return await anext(generator)
            await both(take(), take())
        """,
        {(1, 2), (2, 1)},
    ),
    "whether a coroutine was awaited": (
        """
        async def work():
            return 1
        async def scenario():
            coroutine = work()
            async def wait():
                return await coroutine
            await both(wait(), wait())
        """,
        {(1, "RuntimeError"), ("RuntimeError", 1)},
    ),
    "a context that two tasks were given": (
        """
        name = contextvars.ContextVar("name", default=0)
        async def scenario():
            context, loop = contextvars.copy_context(), asyncio.get_running_loop()
            async def change():
                name.set(1)
                return "changed"
            async def look():
                return contextvars.copy_context().get(name, 0)
            one, other = (loop.create_task(each(), context=context) for each in (change, look))
            await both(one, other)
        """,
        {("changed", 0), ("changed", 1)},
    ),
    "the settings of the loop": (
        """
        async def scenario():
            loop = asyncio.get_running_loop()
            async def set_up():
                loop.set_task_factory(lambda loop, coro, **more: asyncio.Task(coro, loop=loop, name="made"))
                return "set up"
            async def nothing():
                await asyncio.sleep(0)
            async def make():
                task = asyncio.create_task(nothing())
                return "made" if task.get_name() == "made" else "default"
            await both(set_up(), make())
        """,
        {("set up", "made"), ("set up", "default")},
    ),
    "which tasks there are": (
        """
        async def scenario():
            kept = []
            async def make():
                kept.append(asyncio.create_task(asyncio.sleep(0)))
                return "made"
            async def look():
                return len(asyncio.all_tasks())
            await both(make(), look())
        """,
        {("made", 2), ("made", 3), ("made", 4)},
    ),
    "that a callback was cancelled": (
        """
        async def scenario():
            called = []
            handle = asyncio.get_running_loop().call_soon(called.append, 1)
            async def cancel():
                handle.cancel()
                return "cancelled"
            async def wait():
                for _ in range(3):
                    await asyncio.sleep(0)
                return 0
            await both(cancel(), wait())
            global result
            await asyncio.get_running_loop().shutdown_asyncgens()
            result = len(called)
        """,
        {0, 1},
    ),
    "that a timer was cancelled": (
        """
        async def scenario():
            called = []
            handle = asyncio.get_running_loop().call_later(1, called.append, 1)
            async def cancel():
                handle.cancel()
                return "cancelled"
            async def nothing():
                return 0
            await both(cancel(), nothing())
            global result
            result = len(called)
        """,
        {0, 1},
    ),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_both_orders_are_run(tmp_path: Path, name: str) -> None:
    """So both outcomes are seen."""
    text, expected = PROGRAMS[name]
    file = tmp_path / "program.py"
    file.write_text(HEAD + textwrap.dedent(text))
    assert observed(file) == {(None, outcome) for outcome in expected}
