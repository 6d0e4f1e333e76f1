"""A future that two tasks set: whoever comes second gets an error."""

import asyncio


async def answer(reply, text):
    reply.set_result(text)


async def answer_if_none_came(reply, text):
    if not reply.done():
        reply.set_result(text)


async def race(answer):
    reply = asyncio.get_running_loop().create_future()
    async with asyncio.TaskGroup() as group:
        group.create_task(answer(reply, "from the cache"))
        group.create_task(answer(reply, "from the disk"))
    assert reply.result().startswith("from")


async def scenario_wrong():
    await race(answer)


async def scenario_right():
    await race(answer_if_none_came)
