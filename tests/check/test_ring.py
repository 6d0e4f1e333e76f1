"""A ring buffer between one producer and one consumer: verified, and its wrong variants refuted."""

import pytest

from concur.check import Status

from .conftest import Check

RING = """
import struct


class Ring:
    def __init__(self, buffer, slots, size):
        self.words = memoryview(buffer)[:16].cast("Q")  # how many were taken, how many were put
        self.data = memoryview(buffer)[16:]
        self.slots, self.size = slots, size

    def push(self, item):
        put = self.words[1]
        if put - self.words[0] == self.slots:
            return False
        at = put % self.slots * self.size
        self.data[at : at + self.size] = item
        self.words[1] = put + 1
        return True

    def pop(self):
        taken = self.words[0]
        if self.words[1] == taken:
            return None
        at = taken % self.slots * self.size
        item = bytes(self.data[at : at + self.size])
        self.words[0] = taken + 1
        return item


def scenario():
    ring = Ring(bytearray(16 + 16 * SLOTS), SLOTS, 16)
    put, got = [], []

    def producer():
        for n in range(COUNT):
            item = bytes([n + 1]) * 16
            if ring.push(item):
                put.append(item)

    def consumer():
        for _ in range(COUNT):
            got.append(ring.pop())

    for n in range(BEFORE):
        ring.push(bytes([n + 100]) * 16)
        ring.pop()
    together(producer, consumer)
    got += [ring.pop() for _ in range(SLOTS)]
    assert [item for item in got if item is not None] == put
"""
_STORE = "        self.data[at : at + self.size] = item\n"
_PUBLISH = "        self.words[1] = put + 1\n"
WRONG_RINGS = {
    "index published before the data": (_STORE + _PUBLISH, _PUBLISH + _STORE),
    "full taken for empty": ("if put - self.words[0] == self.slots:", "if False:"),
    "wrap-around off by one": ("at = taken % self.slots", "at = taken % (self.slots + 1)"),
    "the slot given back before it is read": (
        "        item = bytes(self.data[at : at + self.size])\n        self.words[0] = taken + 1\n",
        "        self.words[0] = taken + 1\n        item = bytes(self.data[at : at + self.size])\n",
    ),
}


@pytest.mark.parametrize(("slots", "count"), [(1, 2), (2, 2), (2, 3)])
def test_a_ring_between_two_is_verified(check: Check, slots: int, count: int) -> None:
    """The index is published after the record, and the slot is given back after it was read."""
    verdict = check(f"SLOTS, COUNT, BEFORE = {slots}, {count}, 1\n{RING}")
    assert verdict.status is Status.VERIFIED, str(verdict)


@pytest.mark.parametrize("name", WRONG_RINGS)
def test_a_wrong_ring_is_refuted(check: Check, name: str) -> None:
    """Each of these loses a record, repeats one, or shows one half written."""
    right, wrong = WRONG_RINGS[name]
    assert right in RING
    verdict = check(f"SLOTS, COUNT, BEFORE = 2, 3, 1\n{RING.replace(right, wrong)}", max_schedules=20_000)
    assert verdict.status is Status.REFUTED, str(verdict)
