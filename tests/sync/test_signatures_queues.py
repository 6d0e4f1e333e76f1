"""The queues and the pool can stand where the standard library's stood: the same parameters, in the same order."""

import concurrent.futures
import inspect
import queue
from collections.abc import Callable
from typing import Any

import pytest

from concur.sync import BoundedQueue, Future, MonitorQueue, ThreadPool

Parameters = list[tuple[str, object, object]]


def parameters(function: Callable[..., Any]) -> Parameters:
    return [
        (name, parameter.kind, parameter.default)
        for name, parameter in inspect.signature(function).parameters.items()
    ]


def public(thing: object) -> set[str]:
    return {name for name in dir(thing) if not name.startswith("_")}


MODELS: list[tuple[type, type]] = [
    (BoundedQueue, queue.Queue),
    (MonitorQueue, queue.Queue),
    (Future, concurrent.futures.Future),
    (ThreadPool, concurrent.futures.ThreadPoolExecutor),
]
LATER = {"buffersize", "ctxkwargs"}  # parameters that came after Python 3.13


@pytest.mark.parametrize(("ours", "theirs"), MODELS)
def test_methods(ours: type, theirs: type) -> None:
    """Every public method of the model is there, and takes what it takes."""
    for name in public(theirs):
        wanted = [each for each in parameters(getattr(theirs, name)) if each[0] not in LATER]
        assert parameters(getattr(ours, name)) == wanted, name


def test_shutdown_of_a_queue() -> None:
    """Where queue.Queue has no shutdown yet, ours has that of Python 3.13."""
    for ours in (BoundedQueue, MonitorQueue):
        assert str(inspect.signature(ours.shutdown)) == "(self, immediate: bool = False) -> None"


def test_constructors() -> None:
    """A constructor takes what its model takes, and more by keyword only; a bounded queue must be told its bound."""
    keyword = inspect.Parameter.KEYWORD_ONLY
    *same, own = parameters(ThreadPool)
    assert same == [
        each for each in parameters(concurrent.futures.ThreadPoolExecutor) if each[0] not in LATER
    ]
    assert own == ("max_waiting", keyword, None)
    assert parameters(Future) == parameters(concurrent.futures.Future)
    for ours in (BoundedQueue, MonitorQueue):
        (name, kind, default), own = parameters(ours)
        assert [(name, kind)] == [each[:2] for each in parameters(queue.Queue)]
        assert default is inspect.Parameter.empty
        assert own == ("name", keyword, None)


def test_fields() -> None:
    """Of what queue.Queue shows besides, the parts it is built of are left out."""
    internal = {"all_tasks_done", "mutex", "not_empty", "not_full", "queue", "is_shutdown"}
    queues: list[object] = [BoundedQueue(1), MonitorQueue(1)]
    for ours in queues:
        assert public(queue.Queue()) - public(ours) <= internal


def test_generic() -> None:
    """The classes take the type of what they hold, as the standard ones do."""
    for cls in (BoundedQueue, MonitorQueue, Future):
        assert cls[int] is not None
