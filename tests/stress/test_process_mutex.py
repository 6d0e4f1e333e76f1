"""A ProcessMutex under a thousand kills at random moments: nobody hangs, nobody meets, nothing is lost."""

import random

import pytest

pytest.importorskip("fcntl")

from concur.process import ProcessMutex
from tests.process.survival import storm

from .storm import FUSE, SEED

KILLS = 1_000


def test_a_thousand_kills() -> None:
    """Each death inside is told to the next owner, who finds the record torn or not, and repairs it."""
    outcome = storm(ProcessMutex(), KILLS, random.Random(f"{SEED} kills"), fuse=FUSE)
    print(f" seed {SEED}: {outcome} ", end="")
    assert outcome.kills == KILLS
    assert not outcome.hung
    assert outcome.violations == 0
    assert outcome.lost == 0
    assert outcome.died_inside >= outcome.torn > 0
