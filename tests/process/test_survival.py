"""What survives kills at random moments; the long storm is in tests/stress."""

import random
from typing import Any

import pytest

from concur import ProcessMutex
from tests.process.survival import Outcome, storm


def survived(outcome: Outcome, kills: int) -> None:
    assert outcome.kills == kills, str(outcome)
    assert not outcome.hung, str(outcome)
    assert outcome.violations == outcome.lost == 0, str(outcome)


@pytest.mark.parametrize(("way", "kills"), [("fork", 30), ("forkserver", 5)])
def test_a_mutex_survives_kills(way: str, kills: int) -> None:
    """Whoever is killed, the others go on, alone inside, and with a record that is whole."""
    survived(storm(ProcessMutex(), kills, random.Random(5), way=way), kills)


class Nothing:
    """No lock at all."""

    owner_died = False

    def acquire(self) -> None: ...

    def release(self) -> None: ...


class Deaf(ProcessMutex):
    """A mutex that does not tell."""

    owner_died: Any = False


@pytest.mark.parametrize("wrong", [Nothing, Deaf])
def test_the_storm_sees_what_is_wrong(wrong: Any) -> None:
    """Two inside, or a torn record that nobody was told of, do not go unseen."""
    assert storm(wrong(), 40, random.Random(5)).violations > 0
