"""Helpers to run real threads without luck: they end by joins, events and states, never by a delay."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

FUSE = 60.0  # seconds; reached only by a primitive that hangs


class Elsewhere:
    """Calls functions in other threads."""

    def __init__(self) -> None:
        self._threads: list[threading.Thread] = []

    def start(self, function: Callable[[], object], name: str | None = None) -> threading.Thread:
        """Begin *function* in a new thread, which the fixture joins."""
        thread = threading.Thread(target=function, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()
        return thread

    def __call__(self, function: Callable[[], Any], name: str | None = None) -> Any:
        """What *function* returns, or raises, in another thread."""
        outcome: list[Any] = []

        def run() -> None:
            try:
                outcome.append(function())
            except BaseException as error:
                outcome.append(error)

        self.join(self.start(run, name))
        if isinstance(outcome[0], BaseException):
            raise outcome[0]
        return outcome[0]

    def join(self, *threads: threading.Thread) -> None:
        """Wait for *threads*, or for all that were started."""
        for thread in threads or self._threads:
            thread.join(FUSE)
            assert not thread.is_alive(), f"{thread.name} hangs"


@pytest.fixture
def elsewhere():
    threads = Elsewhere()
    yield threads
    threads.join()


def spin_until(true: Callable[[], bool]) -> None:
    """Return once *true()*; for states that other threads reach without telling."""
    yielding = threading.Event()
    for _ in range(int(FUSE * 1000)):
        if true():
            return
        yielding.wait(0.001)
    raise AssertionError("this state was never reached")


@pytest.fixture
def until():
    return spin_until
