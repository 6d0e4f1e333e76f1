"""`gather` returns the exceptions, and nobody looks at them: a letter is not sent, and all seems well."""

import asyncio


class Postman:
    def __init__(self):
        self.free = True
        self.sent = []

    async def send(self, letter):
        if not self.free:
            raise ConnectionError("the postman is busy")
        self.free = False
        await asyncio.sleep(0)
        self.sent.append(letter)
        self.free = True


async def scenario_wrong():
    postman = Postman()
    await asyncio.gather(postman.send("a"), postman.send("b"), return_exceptions=True)
    assert sorted(postman.sent) == ["a", "b"]


async def scenario_right():
    postman = Postman()
    letters = ["a", "b"]
    while letters:
        results = await asyncio.gather(*map(postman.send, letters), return_exceptions=True)
        letters = [letter for letter, result in zip(letters, results, strict=True) if result is not None]
    assert sorted(postman.sent) == ["a", "b"]
