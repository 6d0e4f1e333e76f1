"""What survives kills at random moments; the long storm is in tests/stress."""

import fcntl
import gc
import random
from typing import Any

import pytest

from concur import ProcessMutex
from concur.process import _file_locks
from tests.process.survival import Outcome, storm


def survived(outcome: Outcome, kills: int) -> None:
    assert outcome.kills == kills, str(outcome)
    assert not outcome.hung, str(outcome)
    assert outcome.violations == outcome.lost == 0, str(outcome)


@pytest.mark.parametrize(("way", "kills"), [("fork", 30), ("forkserver", 5)])
def test_a_mutex_survives_kills(way: str, kills: int) -> None:
    """Whoever is killed, the others go on, alone inside, and with a record that is whole."""
    survived(storm(ProcessMutex(), kills, random.Random(5), way=way), kills)


def test_a_mutex_elsewhere_survives_kills(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where files cannot be opened once more, `lockf` takes the place of `flock`, and promises the same."""
    monkeypatch.setattr(_file_locks, "CAN_OPEN_AGAIN", False)
    monkeypatch.setattr(_file_locks, "whole_file", fcntl.lockf)
    survived(storm(ProcessMutex(), 15, random.Random(5)), 15)
    gc.collect()


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
