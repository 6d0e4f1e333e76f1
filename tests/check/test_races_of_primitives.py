"""What a primitive of this package orders is no race, however it is built; what it does not order is one."""

import pytest

from concur.check import Status

from .conftest import Check

# How a number is guarded.
GUARDS = {
    "Mutex": "guard = concur.Mutex()",
    "PlainMutex": "guard = concur.PlainMutex()",
    "FairMutex": "guard = concur.FairMutex()",
    "ReentrantMutex": "guard = concur.ReentrantMutex()",
    "Semaphore": "guard = concur.Semaphore(1)",
    "BoundedSemaphore": "guard = concur.BoundedSemaphore(1)",
    "FairSemaphore": "guard = concur.FairSemaphore(1)",
    "Condition": "guard = concur.Condition()",
    "ReadWriteLock": "guard = concur.ReadWriteLock().write()",
}

COUNT = """
import concur
class Box:
    value = 0
def scenario():
    {guard}
    box = Box()
    def add():
        with guard:
            box.value = box.value + 1
    together(add, add)
    assert box.value == 2
"""

# One thread writes, tells the other, and the other reads.
SIGNALS = {
    "Semaphore": ("signal = concur.Semaphore(0)", "signal.release()", "signal.acquire()"),
    "Event": ("signal = concur.Event()", "signal.set()", "signal.wait()"),
    "CountDownLatch": ("signal = concur.CountDownLatch(1)", "signal.count_down()", "signal.wait()"),
    "Barrier": ("signal = concur.Barrier(2)", "signal.wait()", "signal.wait()"),
    "BoundedQueue": ("signal = concur.BoundedQueue(1)", "signal.put(1)", "signal.get()"),
    "MonitorQueue": ("signal = concur.MonitorQueue(1)", "signal.put(1)", "signal.get()"),
    "readers and writers": (
        "lock = concur.ReadWriteLock()\n    told = []",
        "with lock.write(): box.value = 2; told.append(1)",
        "\n        with lock.read(): seen = box.value if told else 2\n        assert seen == 2",
    ),
}

TOLD = """
import concur
class Box:
    value = 0
def scenario():
    {make}
    box = Box()
    def tell():
        {before}
        {tell}
    def hear():
        {hear}
        {after}
    together(tell, hear)
"""


@pytest.mark.parametrize("name", GUARDS)
def test_a_guard_orders(check: Check, name: str) -> None:
    """What is done under it is in no race."""
    verdict = check(COUNT.format(guard=GUARDS[name]), races="fail", max_schedules=3_000)
    assert verdict.status is Status.VERIFIED, str(verdict)
    assert not verdict.races


@pytest.mark.parametrize("name", SIGNALS)
def test_a_signal_orders(check: Check, name: str) -> None:
    """What was written before the signal is read after it without a race."""
    make, tell, hear = SIGNALS[name]
    plain = "box" in tell
    text = TOLD.format(
        make=make,
        before="pass" if plain else "box.value = 1",
        tell=tell,
        hear=hear,
        after="pass" if plain else "assert box.value == 1",
    )
    verdict = check(text, races="fail", max_schedules=3_000)
    assert verdict.status is Status.VERIFIED, str(verdict)


@pytest.mark.parametrize("permits", [1, 2])
def test_two_permits_order_nothing(check: Check, permits: int) -> None:
    """A semaphore that lets two in keeps nothing apart, and the race is found."""
    text = COUNT.format(guard=f"guard = concur.Semaphore({permits})").replace(
        "    assert box.value == 2\n", ""
    )
    verdict = check(text, races="fail", max_schedules=3_000)
    assert verdict.status is (Status.VERIFIED if permits == 1 else Status.REFUTED), str(verdict)
