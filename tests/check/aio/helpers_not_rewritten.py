"""A coroutine of a module that the checker does not rewrite, since it lies in no folder of a scenario."""


async def add(box: list[int]) -> None:
    """Between its awaits it does what nobody sees."""
    box.append(len(box))
