"""Check, then act, with an await in between: what was checked may no longer be so."""

import asyncio


class Account:
    def __init__(self, balance):
        self.balance = balance
        self.turn = asyncio.Lock()

    async def withdraw(self, amount):
        if self.balance >= amount:
            await asyncio.sleep(0)  # asks the bank
            self.balance -= amount

    async def withdraw_in_turn(self, amount):
        async with self.turn:
            await self.withdraw(amount)


async def scenario_wrong():
    account = Account(100)
    await asyncio.gather(account.withdraw(80), account.withdraw(80))
    assert account.balance >= 0


async def scenario_right():
    account = Account(100)
    await asyncio.gather(account.withdraw_in_turn(80), account.withdraw_in_turn(80))
    assert account.balance >= 0
