"""A task that nobody keeps: when the main task is done, what is left is cancelled."""

import asyncio


class Log:
    def __init__(self):
        self.lines = []

    async def write(self, line):
        await asyncio.sleep(0)
        self.lines.append(line)


async def serve(log):
    asyncio.create_task(log.write("served"))  # noqa: RUF006  # that is the mistake


async def serve_and_wait(log):
    async with asyncio.TaskGroup() as group:
        group.create_task(log.write("served"))


def scenario_wrong():
    log = Log()
    asyncio.run(serve(log))
    assert log.lines == ["served"]


def scenario_right():
    log = Log()
    asyncio.run(serve_and_wait(log))
    assert log.lines == ["served"]
