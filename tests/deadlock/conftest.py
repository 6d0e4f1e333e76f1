"""Real threads without luck, and watches that are over when a test is."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from concur.deadlock import Report, live, watch

FUSE = 60.0  # seconds; reached only by a deadlock that was not found


class Elsewhere:
    """Calls functions in other threads, and keeps what they raise."""

    def __init__(self) -> None:
        self.threads: list[threading.Thread] = []
        self.errors: list[BaseException] = []

    def start(self, function: Callable[[], object], name: str | None = None) -> threading.Thread:
        def run() -> None:
            try:
                function()
            except BaseException as error:
                self.errors.append(error)

        thread = threading.Thread(target=run, name=name, daemon=True)
        self.threads.append(thread)
        thread.start()
        return thread

    def join(self) -> None:
        for thread in self.threads:
            thread.join(FUSE)
            assert not thread.is_alive(), f"{thread.name} hangs"


@pytest.fixture
def elsewhere():
    threads = Elsewhere()
    yield threads
    threads.join()


@pytest.fixture
def until():
    """Return once something is true that other threads bring about without telling."""

    def spin(true: Callable[[], Any]) -> None:
        pause = threading.Event()
        for _ in range(int(FUSE * 1000)):
            if true():
                return
            pause.wait(0.001)
        raise AssertionError("this state was never reached")

    return spin


@pytest.fixture
def potentials() -> list[Report]:
    """What the watch of the test has found to be possible."""
    return []


@pytest.fixture(params=[True, False], ids=["ordered", "plain"])
def watched(request: pytest.FixtureRequest, potentials: list[Report]):
    """A watch that raises, with and without lock orders."""
    with watch(order=request.param, on_potential=potentials.append) as watching:
        yield watching


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waiting threads look again at once, not once a second."""
    monkeypatch.setattr(live, "LOOK", 0.01)
