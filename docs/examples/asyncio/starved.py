"""A lock held across a slow await: others wait for what they do not need. Run with `--timeouts idle`."""

import asyncio


class Cache:
    def __init__(self):
        self.lock = asyncio.Lock()
        self.values = {}

    async def load(self, key):
        async with self.lock:
            self.values[key] = await fetch(key)

    async def load_first(self, key):
        value = await fetch(key)
        async with self.lock:
            self.values[key] = value

    async def size(self):
        async with self.lock:
            return len(self.values)


async def fetch(key):
    await asyncio.sleep(10)
    return key.upper()


async def scenario_wrong():
    cache = Cache()
    loading = asyncio.create_task(cache.load("a"), name="load")
    await asyncio.sleep(0)
    async with asyncio.timeout(1):
        await cache.size()
    await loading


async def scenario_right():
    cache = Cache()
    loading = asyncio.create_task(cache.load_first("a"), name="load")
    await asyncio.sleep(0)
    async with asyncio.timeout(1):
        await cache.size()
    await loading
