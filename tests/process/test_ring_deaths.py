"""The ring of ProcessQueue when its users die: before every store, in every state that a few calls lead to."""

import types
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from concur.process import _ring
from tests.process.dying import World, search

TEXT = Path(_ring.__file__).read_text(encoding="utf-8")

# Numbers and places begin anew in some of them, and records go round the end of the ring in all.
RINGS: dict[str, dict[str, int]] = {
    "room for four": {"maxsize": 4, "capacity": 80},
    "room for three, begins anew": {"maxsize": 3, "capacity": 48, "number": -2, "lap": 16},
    "room for one record": {"maxsize": 2, "capacity": 24, "number": -1},
    "more items than bytes": {"maxsize": 9, "capacity": 56, "lap": 8},
    "one claim at a time": {"maxsize": 3, "capacity": 64, "slots": 1},
}


@pytest.mark.parametrize("ring", RINGS)
def test_nothing_is_lost_or_doubled(ring: str) -> None:
    """In all states of four steps, each of them a call that is made, or one that dies somewhere."""
    assert search(World(_ring, **RINGS[ring]), 4) > 200


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("ring", RINGS)
def test_nothing_is_lost_or_doubled_later(ring: str) -> None:
    """In all states of six steps."""
    print(f"{search(World(_ring, **RINGS[ring]), 6):,} states", end=" ")


# The ring with one line changed, or two that have changed places.
MUTANTS: dict[str, tuple[str, str]] = {
    "the tail moves before the record is there": (
        "        at = place % self.capacity\n        self._headers",
        """        at = place % self.capacity
        words[TAIL] = (number + count) % COUNTS << BITS | (place + needed) % self._around
        self._headers""",
    ),
    "the head moves before there is a claim": (
        "                starts[slot] = head | TAKEN\n                words[HEAD] = past\n",
        "                words[HEAD] = past\n                starts[slot] = head | TAKEN\n",
    ),
    "a claim is made and nobody told": ("                words[MOVING] = slot + 1\n", ""),
    "nobody is told soon enough": (
        """                words[MOVING] = slot + 1
                self._owners[slot] = me
                self._ends[slot] = past
                starts[slot] = head | TAKEN
""",
        """                self._owners[slot] = me
                self._ends[slot] = past
                starts[slot] = head | TAKEN
                words[MOVING] = slot + 1
""",
    ),
    "every claim is undone": (
        "        if self.starts[slot] & ~(TAKEN | FREED) == words[HEAD]:\n            self",
        "        if True:\n            self",
    ),
    "what was undone is told first": (
        """        if self.starts[slot] & ~(TAKEN | FREED) == words[HEAD]:
            self.starts[slot] = 0
        words[MOVING] = 0
""",
        """        words[MOVING] = 0
        if self.starts[slot] & ~(TAKEN | FREED) == words[HEAD]:
            self.starts[slot] = 0
""",
    ),
    "a claim is there before its end is": (
        """                self._ends[slot] = past
                starts[slot] = head | TAKEN
                words[HEAD] = past
""",
        """                starts[slot] = head | TAKEN
                words[HEAD] = past
                self._ends[slot] = past
""",
    ),
    "a claim is there before its owner is": (
        """                self._owners[slot] = me
                self._ends[slot] = past
                starts[slot] = head | TAKEN
                words[HEAD] = past
""",
        """                self._ends[slot] = past
                starts[slot] = head | TAKEN
                words[HEAD] = past
                self._owners[slot] = me
""",
    ),
    "what a claim covers is overwritten": (
        "                used = max(used, (place - (start & PLACE)) % self._around)\n",
        "                pass\n",
    ),
    "the dead have no heirs": ("or (start and not self._lives(self._owners[slot]))", ""),
    "the living are robbed": ("not self._lives(self._owners[slot])", "self._owners[slot] != me"),
    "what was given up has no heirs": ("if start & FREED or (start", "if (start"),
    "a claim that was inherited looks given up": (
        "                self.starts[slot] = start | TAKEN\n                return 0\n",
        "                return 0\n",
    ),
    "the owner comes second": (
        "                self._owners[slot] = me\n                self.starts[slot] = start | TAKEN\n",
        "                self.starts[slot] = start | TAKEN\n                self._owners[slot] = me\n",
    ),
    "who takes a part loses the rest": (
        "        rest = hand.upto | TAKEN | FREED if hand.upto != hand.end else 0\n",
        "        rest = 0\n",
    ),
    "who takes a part keeps the rest": ("hand.upto | TAKEN | FREED if", "hand.upto | TAKEN if"),
    "a claim goes on behind its end": (
        "            limit = min(limit, ((end >> BITS) - (start >> BITS)) % COUNTS)\n",
        "            limit = min(limit, 3)\n",
    ),
    "one item too many": ("% COUNTS + count > self.maxsize", "% COUNTS + count > self.maxsize + 1"),
    "one word too many": (
        "        if used + needed > self.capacity and",
        "        if used + needed > self.capacity + WORD and",
    ),
    "a record has no word of its own": ("return (size + 2 * WORD - 1)", "return (size + WORD - 1)"),
    "a record does not go round": (
        "        at = 0 if first else at - self.capacity\n",
        "        at = 0\n        first = 0\n",
    ),
    "a new one is taken for the one before": (
        "                self.starts[slot] = start | FREED\n",
        "                pass\n",
    ),
    "the end is told too early": (
        "        if starts.tobytes() == self._no_claims:\n",
        "        if shut or starts.tobytes() == self._no_claims:\n",
    ),
}


def mutant(right: str, wrong: str) -> ModuleType:
    assert TEXT.count(right) == 1, "the mutant does not fit the file"
    module = types.ModuleType("mutant")
    exec(compile(TEXT.replace(right, wrong), "mutant.py", "exec"), vars(module))
    return module


@pytest.mark.parametrize("name", MUTANTS)
def test_mutant_refuted(name: str) -> None:
    """The search notices a wrong line."""
    module = mutant(*MUTANTS[name])
    with pytest.raises(AssertionError, match="after: "):
        for ring in RINGS.values():
            search(World(module, **ring), 4)


def test_the_unchanged_text_is_not_refuted() -> None:
    """What refutes a mutant is the change, not the way in which it is loaded."""
    ring: Any = RINGS["room for four"]
    search(World(mutant("FULL, SHUT", "FULL, SHUT"), **ring), 3)
