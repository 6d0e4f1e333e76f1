"""A task that is cancelled while it holds a lock, and has no `finally`, keeps it for ever."""

import asyncio


async def without_finally(lock):
    await lock.acquire()
    await asyncio.sleep(0)
    lock.release()


async def with_block(lock):
    async with lock:
        await asyncio.sleep(0)


async def cancel_one_of_two(worker):
    lock = asyncio.Lock()
    first = asyncio.create_task(worker(lock), name="first")
    second = asyncio.create_task(worker(lock), name="second")
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.wait([first, second])


async def scenario_wrong():
    await cancel_one_of_two(without_finally)


async def scenario_right():
    await cancel_one_of_two(with_block)
