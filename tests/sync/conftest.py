"""Helpers to run real threads without luck: they end by joins, events and states, never by a delay."""

import signal
import threading
from collections.abc import Callable, Iterator
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


@pytest.fixture
def ctrl_c() -> Iterator[Callable[[], None]]:
    """Interrupt the main thread until it notices; it notices once."""
    noticed = threading.Event()

    def notice(number: int, frame: object) -> None:
        if not noticed.is_set():
            noticed.set()
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, notice)

    def insist() -> None:
        # Again and again: a signal just before the wait begins does not end the wait.
        while not noticed.is_set():
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
            noticed.wait(0.01)

    yield insist
    signal.signal(signal.SIGINT, before)
