"""A bank whose accounts are used by several threads.

You have: accounts, each with a balance and a mutex.
You must: fill in ``transfer``, so that no money is made or lost, and nobody waits for ever.
It is checked: under every interleaving.
"""

from concur import Mutex


class Account:
    """Money, and the mutex to hold while it is looked at or changed."""

    def __init__(self, balance: int) -> None:
        self.balance = balance
        self.mutex = Mutex()


def transfer(source: Account, target: Account, amount: int) -> bool:
    """Move *amount* from *source* to *target*; False, and nothing is moved, if *source* has less than that."""
    # TODO
