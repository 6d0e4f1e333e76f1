"""An event that is set and cleared at once: who has not begun to wait by then waits for ever."""

import asyncio


async def open_for_a_moment(gate):
    gate.set()
    gate.clear()


async def open_for_good(gate):
    gate.set()


async def pass_through(gate):
    await gate.wait()


async def scenario_wrong():
    gate = asyncio.Event()
    await asyncio.gather(pass_through(gate), open_for_a_moment(gate))


async def scenario_right():
    gate = asyncio.Event()
    await asyncio.gather(pass_through(gate), open_for_good(gate))
