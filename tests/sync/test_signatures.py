"""Ours can stand where the standard library's stood: the same parameters, in the same order."""

import inspect
import threading
from collections.abc import Callable
from typing import Any

import pytest

from concur.sync import (
    Barrier,
    BoundedSemaphore,
    Condition,
    Event,
    FairMutex,
    FairSemaphore,
    Mutex,
    PlainMutex,
    ReadWriteLock,
    ReentrantMutex,
    Semaphore,
)
from concur.sync.rwlock import ReadLock, WriteLock

PYTHON_RLOCK = threading._PyRLock  # type: ignore[attr-defined]  # the lock in C tells no signature on 3.11

MUTEXES = (Mutex, PlainMutex, ReentrantMutex, FairMutex)
SEMAPHORES = (
    (Semaphore, threading.Semaphore),
    (FairSemaphore, threading.Semaphore),
    (BoundedSemaphore, threading.BoundedSemaphore),
)


def parameters(function: Callable[..., Any]) -> list[tuple[str, object, object]]:
    return [
        (name, parameter.kind, parameter.default)
        for name, parameter in inspect.signature(function).parameters.items()
    ]


@pytest.mark.parametrize(
    ("ours", "theirs", "method"),
    [(ours, PYTHON_RLOCK, name) for ours in MUTEXES for name in ("acquire", "release")]
    + [(ours, theirs, name) for ours, theirs in SEMAPHORES for name in ("acquire", "release")]
    + [(Condition, threading.Condition, name) for name in ("wait", "wait_for", "notify", "notify_all")]
    + [(Event, threading.Event, name) for name in ("is_set", "set", "clear", "wait")]
    + [(Barrier, threading.Barrier, name) for name in ("wait", "reset", "abort")]
    + [(side, PYTHON_RLOCK, name) for side in (ReadLock, WriteLock) for name in ("acquire", "release")],
)
def test_methods(ours: type, theirs: type, method: str) -> None:
    """Each method takes what its model takes."""
    assert parameters(getattr(ours, method)) == parameters(getattr(theirs, method))


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        *SEMAPHORES,
        (Condition, threading.Condition),
        (Event, threading.Event),
        (Barrier, threading.Barrier),
    ],
)
def test_constructors(ours: type, theirs: type) -> None:
    """A constructor takes what its model takes, and a name, by keyword only."""
    *rest, name = parameters(ours)
    assert rest == parameters(theirs)
    assert name == ("name", inspect.Parameter.KEYWORD_ONLY, None)


@pytest.mark.parametrize("ours", [*MUTEXES, ReadWriteLock])
def test_constructors_of_locks(ours: type) -> None:
    """A lock takes nothing but a name, like threading.Lock."""
    assert parameters(ours) == [("name", inspect.Parameter.KEYWORD_ONLY, None)]


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [(ours, threading.Lock()) for ours in MUTEXES]
    + [(ReentrantMutex, threading.RLock())]
    + [(ours, theirs()) for ours, theirs in SEMAPHORES]
    + [(Condition, threading.Condition()), (Event, threading.Event()), (Barrier, threading.Barrier(1))],
)
def test_public_methods(ours: type, theirs: object) -> None:
    """Nothing is missing that a program for threading calls, the deprecated aliases excepted."""
    deprecated = {"acquire_lock", "release_lock", "locked_lock", "notifyAll", "isSet"}
    wanted = {name for name in dir(theirs) if not name.startswith("_")} - deprecated
    assert wanted <= set(dir(ours))
    entered = {"__enter__", "__exit__"} & set(dir(theirs))
    assert entered <= set(dir(ours))
