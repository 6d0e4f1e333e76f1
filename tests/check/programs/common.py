"""What the programs of this folder share."""

from functools import partial
from threading import Thread


class Box:
    def __init__(self, value=0):
        self.value = value


def together(*functions):
    threads = [Thread(target=function, name=f"T{number}") for number, function in enumerate(functions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def exclude(lock, *rounds):
    """Thread number i passes through the lock rounds[i] times; a lost update tells that two were inside."""
    box = Box()

    def work(me, times):
        for _ in range(times):
            lock.lock(me)
            box.value += 1
            lock.unlock(me)

    together(*[partial(work, me, times) for me, times in enumerate(rounds)])
    assert box.value == sum(rounds)
